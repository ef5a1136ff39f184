"""Intervals and p-values against theory."""

import numpy as np
import pytest

from cogmodels.metrics.classification import accuracy, balanced_accuracy, confusion_matrix
from cogmodels.metrics.uncertainty import bootstrap_interval, permutation_null, permutation_p


def test_bootstrap_interval_of_single_scores_matches_the_normal_interval():
    scores = np.random.default_rng(1).normal(0.6, 0.1, 200)
    low, high = bootstrap_interval([np.array([value]) for value in scores], samples=4000)
    half = 1.96 * scores.std() / np.sqrt(200)
    assert low == pytest.approx(scores.mean() - half, abs=0.003)
    assert high == pytest.approx(scores.mean() + half, abs=0.003)


def test_two_stages_are_wider_than_subjects_alone():
    rng = np.random.default_rng(2)
    units = [rng.normal(0.5, 1.0, 20) for _ in range(4)]
    inner = np.subtract(*bootstrap_interval(units)[::-1])
    outer = np.subtract(*bootstrap_interval([np.array([unit.mean()]) for unit in units])[::-1])
    assert inner > outer


def test_bootstrap_is_seeded_and_refuses_empty_units():
    units = [np.arange(5.0), np.arange(3.0)]
    assert bootstrap_interval(units, seed=4) == bootstrap_interval(units, seed=4)
    with pytest.raises(ValueError, match="at least one score"):
        bootstrap_interval([np.array([])])


def test_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(3)
    covered = 0
    for index in range(200):
        low, high = bootstrap_interval([rng.normal(0, 1, 1) for _ in range(40)], samples=400, seed=index)
        covered += low <= 0 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_permutation_p_is_never_zero_and_counts_ties():
    null = np.array([0.1, 0.2, 0.3, 0.4])
    assert permutation_p(0.5, null) == pytest.approx(1 / 5)
    assert permutation_p(0.4, null) == pytest.approx(2 / 5)
    assert permutation_p(0.0, null) == 1.0


def test_permutation_null_permutes_within_groups():
    seen = []
    permutation_null(lambda orders: seen.append([len(order) for order in orders]) or 0.0, [3, 5], permutations=7)
    assert seen == [[3, 5]] * 7


def test_classification_scores_by_hand():
    true, predicted = np.array(list("aaab")), np.array(list("aabb"))
    assert accuracy(true, predicted) == 0.75
    assert balanced_accuracy(true, predicted) == pytest.approx((2 / 3 + 1) / 2)
    np.testing.assert_array_equal(confusion_matrix(true, predicted, ["a", "b"]), [[2, 1], [0, 1]])
