"""Order and timing of trials."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogmodels.errors import DataError
from cogmodels.simulate.design import events_table, jittered_onsets, presentation_order


@given(n=st.integers(2, 40), repeats=st.integers(1, 5), seed=st.integers(0, 999))
def test_every_stimulus_once_per_pass_and_never_twice_in_a_row(n, repeats, seed):
    order = presentation_order(n, repeats, np.random.default_rng(seed))
    assert (np.sort(order.reshape(repeats, n), axis=1) == np.arange(n)).all()
    assert (np.diff(order) != 0).all()


@given(
    n=st.integers(2, 60),
    jitter=st.floats(0, 1.5),
    step=st.sampled_from([0.001, 0.004, 1 / 512]),
    seed=st.integers(0, 999),
)
def test_onsets_keep_their_distance_and_the_clock(n, jitter, step, seed):
    onsets = jittered_onsets(
        n, soa=3.5, jitter=jitter, duration=2.0, lead_in=5.0, rng=np.random.default_rng(seed), step=step
    )
    assert np.abs(np.diff(onsets) - 3.5).max() <= jitter + 2 * step
    assert np.abs(onsets - (5.0 + 3.5 * np.arange(n))).max() <= jitter / 2 + step
    assert np.abs(onsets / step - np.rint(onsets / step)).max() < 1e-3


def test_jitter_moves_onsets():
    onsets = jittered_onsets(50, soa=4, jitter=1, duration=2, lead_in=0, rng=np.random.default_rng(0))
    assert 0.2 < (onsets - 4 * np.arange(50)).std() < 0.4  # uniform over 1 s: 0.29


def test_trials_that_overlap_are_refused():
    with pytest.raises(DataError, match="soa_jitter"):
        jittered_onsets(5, soa=2.5, jitter=1.0, duration=2.0, lead_in=0, rng=np.random.default_rng(0))


def test_nothing_to_show_is_refused():
    with pytest.raises(DataError, match="at least one"):
        presentation_order(0, 2, np.random.default_rng(0))


def test_events_hold_what_was_shown():
    stimuli = pd.DataFrame({"stimulus": ["a", "b"], "category": ["x", "y"], "split": ["train", "test"]})
    events = events_table(stimuli, np.array([1, 0]), np.array([0.5, 4.5]), 2.0)
    assert list(events) == ["onset", "duration", "trial_type", "stimulus_id", "trial", "split"]
    assert events.to_numpy().tolist() == [[0.5, 2.0, "y", "b", 1, "test"], [4.5, 2.0, "x", "a", 2, "train"]]
