"""Agreement of codings: answers by hand, properties, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from cogmodels.errors import DataError
from cogmodels.metrics.agreement import (
    event_agreement,
    label_runs,
    match_events,
    normalised_levenshtein,
    pool_events,
    sample_kappa,
)


def test_kappa_by_hand():
    coded, found = np.array([1, 1, 2, 2, 3]), np.array([1, 2, 2, 2, 3])
    # Agreement 4/5; by chance 2/5 1/5 + 2/5 3/5 + 1/5 1/5 = 9/25.
    assert sample_kappa(coded, found) == pytest.approx((0.8 - 0.36) / (1 - 0.36))
    # Label 2 against the rest: agreement 4/5; chance 2/5 3/5 + 3/5 2/5 = 12/25.
    assert sample_kappa(coded, found, 2) == pytest.approx((0.8 - 0.48) / (1 - 0.48))
    assert np.isnan(sample_kappa(coded, found, 9))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=60))
def test_kappa_is_that_of_scikit_learn(pairs):
    coded, found = np.array(pairs).T
    ours = sample_kappa(coded, found)
    assert sample_kappa(found, coded) == pytest.approx(ours, nan_ok=True)
    if len(np.unique(np.r_[coded, found])) > 1:
        assert ours == pytest.approx(cohen_kappa_score(coded, found))
        assert -1 <= ours <= 1


def test_events_are_matched_by_greatest_overlap():
    coded = [[0, 10], [20, 30], [40, 50]]
    found = [[1, 9], [8, 21], [22, 29], [60, 70]]
    # 20-30 overlaps 8-21 too, but 22-29 more.
    np.testing.assert_array_equal(match_events(coded, found), [[0, 0], [1, 2]])
    np.testing.assert_array_equal(match_events(coded, found, minimum_iou=0.75), [[0, 0]])
    assert match_events([], found).shape == (0, 2)
    # Events that only touch do not overlap.
    assert match_events([[0, 1]], [[1, 2]]).shape == (0, 2)


def test_agreement_of_events_by_hand():
    found = event_agreement([[0, 10], [20, 30], [40, 50]], [[1, 9], [8, 21], [22, 29], [60, 70]])
    assert (found.n_coded, found.n_found, found.n_matched) == (3, 4, 2)
    assert found.f1 == pytest.approx(4 / 7)
    assert found.onset_offset == 1.5
    assert found.onset_deviation == pytest.approx(np.sqrt(0.5))
    assert found.offset_offset == -1
    assert found.offset_deviation == 0
    assert found.onset_error == 1.5
    both = pool_events([([[0, 10]], [[2, 10]]), ([[0, 10]], [])])
    assert both.f1 == pytest.approx(2 / 3)
    assert both.onset_error == 2
    assert np.isnan(both.onset_deviation)
    nothing = event_agreement([], [])
    assert np.isnan(nothing.f1)
    assert np.isnan(nothing.onset_error)


def test_order_of_events():
    assert normalised_levenshtein(["fix", "sac", "fix"], ["fix", "pso", "fix", "sac"]) == pytest.approx(2 / 3)
    assert normalised_levenshtein([1, 2], [1, 2]) == 0
    assert normalised_levenshtein([1], []) == 1
    with pytest.raises(DataError, match="empty"):
        normalised_levenshtein([], [1])


def test_runs_of_labels():
    labels, starts, stops = label_runs(np.array([3, 3, 1, 3]))
    assert [*zip(labels, starts, stops, strict=True)] == [(3, 0, 2), (1, 2, 3), (3, 3, 4)]
    assert len(label_runs(np.array([]))[1]) == 0


def test_what_is_refused():
    with pytest.raises(DataError, match="crop"):
        sample_kappa([1, 2], [1])
    with pytest.raises(DataError, match="one label a sample"):
        sample_kappa([], [])
    with pytest.raises(DataError, match="does not end after"):
        match_events([[1, 1]], [[0, 1]])
