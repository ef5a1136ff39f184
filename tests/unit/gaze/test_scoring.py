"""Scores of detected events: known answers, what chance is, what a perfect detector gets."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.gaze.scoring import KINDS, Coding, event_codes, known_codes, name_codes, score_events


def coding(seed=0, n=3000):
    """Fixations of 100 to 300 samples, saccades of 20 between them."""
    generator = np.random.default_rng(seed)
    labels = []
    while len(labels) < n:
        labels += [1] * int(generator.integers(100, 300)) + [2] * 20
    return np.array(labels[:n], np.int8)


def by_metric(codings, **options):
    return score_events(codings, **options).set_index("metric")


def test_events_become_codes():
    events = pd.DataFrame({"event": ["saccade", "lost", "pso"], "start_sample": [0, 2, 4], "stop_sample": [2, 4, 5]})
    assert event_codes(events, 6).tolist() == [2, 2, 0, 0, 3, 0]
    assert name_codes(["blink", "undefined", "fixation"]).tolist() == [5, 0, 1]
    assert len(KINDS) == 5


def test_a_perfect_detector():
    codings = [Coding(coding(seed), coding(seed), 500.0, coding(seed)) for seed in range(4)]
    found = by_metric(codings, permutations=50, bootstrap=100)
    assert set(found.index) == {
        "kappa_fixation", "kappa_saccade", "event_f1_fixation", "event_f1_saccade", "onset_error_ms",
        "fixation_onset_error_ms",
    }  # fmt: skip
    ones = found.drop(index=["onset_error_ms", "fixation_onset_error_ms"])
    np.testing.assert_allclose(ones[["value", "ci_low", "ci_high", "ceiling"]], 1)
    assert found.loc["onset_error_ms", "value"] == 0
    np.testing.assert_allclose(ones["p"], 1 / 51)
    assert (found["n"] == 4).all()


def test_known_answers():
    coded = np.repeat([1, 2, 1, 2, 1], [10, 4, 10, 4, 10]).astype(np.int8)
    found = np.repeat([1, 2, 1], [11, 4, 23]).astype(np.int8)
    table = by_metric([Coding(found, coded, 100.0)], permutations=20, bootstrap=20)
    # Saccades: 3 of 38 samples in both, 8 coded, 4 found; one of two matched, 1 sample late.
    agreement, chance = (38 - 8 - 4 + 6) / 38, (8 * 4 + 30 * 34) / 38**2
    assert table.loc["kappa_saccade", "value"] == pytest.approx((agreement - chance) / (1 - chance))
    assert table.loc["event_f1_saccade", "value"] == pytest.approx(2 * 1 / (2 + 1))
    assert table.loc["onset_error_ms", "value"] == pytest.approx(10)
    assert table["ceiling"].isna().all()


def test_a_detector_that_knows_nothing_is_at_chance():
    codings = [Coding(coding(seed), coding(seed + 100), 500.0) for seed in range(8)]
    found = by_metric(codings, permutations=200, bootstrap=100)
    assert found.loc["kappa_saccade", "value"] == pytest.approx(found.loc["kappa_saccade", "chance"], abs=0.1)
    assert found.loc["kappa_saccade", "p"] > 0.01
    assert abs(found.loc["kappa_saccade", "chance"]) < 0.02


def test_events_that_barely_overlap_are_not_the_same():
    coded = np.repeat([1, 2, 1], [10, 4, 10]).astype(np.int8)
    found = np.repeat([1, 2, 1], [12, 4, 8]).astype(np.int8)
    table = by_metric([Coding(found, coded, 100.0)], permutations=5, bootstrap=5)
    assert table.loc["event_f1_saccade", "value"] == 0
    assert "onset_error_ms" not in table.index


def test_hidden_events_are_not_asked_for():
    codes = np.repeat([1, 2, 1, 5], [10, 4, 10, 4]).astype(np.int8)
    lost = np.zeros(28, bool)
    lost[[10, 11, 12, 14, 15, 24, 25, 26, 27]] = True
    assert known_codes(codes, lost).tolist() == np.repeat([1, 0, 1, 5], [10, 4, 10, 4]).tolist()


def test_what_cannot_be_scored_is_refused_or_left_out():
    with pytest.raises(DataError, match="no recordings"):
        score_events([])
    with pytest.raises(DataError, match="codings of"):
        Coding(np.zeros(3), np.zeros(4), 500.0)
    found = by_metric([Coding(np.ones(50, np.int8), np.full(50, 2, np.int8), 500.0)], permutations=5, bootstrap=5)
    assert found.empty
