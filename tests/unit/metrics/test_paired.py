"""Tests of several models on the same units, against published tables, hand calculation and every flip of signs."""

import itertools

import numpy as np
import pytest

from cogmodels.metrics.paired import (
    alike_groups,
    bootstrap_means,
    critical_difference,
    friedman_p,
    holm,
    less_is_better,
    paired_p,
    smallest_p,
    unit_ranks,
)
from cogmodels.metrics.uncertainty import sign_flip_p

#: Demsar (2006), table 5(a): two-tailed Nemenyi test, alpha = .05, 2 to 10 classifiers.
NEMENYI = (1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164)


@pytest.mark.parametrize(("k", "q"), list(enumerate(NEMENYI, 2)))
def test_critical_differences_are_the_published_ones(k, q):
    units = 14
    # The table is cut at three digits, not rounded.
    assert critical_difference(k, units) / np.sqrt(k * (k + 1) / (6 * units)) == pytest.approx(q, abs=1e-3)


def test_demsar_example():
    """Four classifiers on fourteen data sets: critical difference 1.25 at .05 (section 3.2.4)."""
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)


def test_every_flip_of_signs():
    generator = np.random.default_rng(3)
    differences = generator.normal(0.4, 1, size=(7, 3))
    flips = np.array(list(itertools.product((1, -1), repeat=7)))
    for column, p in zip(differences.T, paired_p(differences), strict=True):
        means = np.abs(flips @ column)
        assert p == pytest.approx(np.mean(means >= abs(column.sum()) - 1e-12))
        one_sided = sign_flip_p(column * np.sign(column.mean()))
        assert p == pytest.approx(2 * one_sided)
    assert paired_p(np.ones((5, 1)))[0] == smallest_p(5) == 0.0625


def test_a_missing_unit_has_no_say():
    full = np.array([0.3, -0.1, 0.7, 0.2, 0.5, 0.4])
    table = np.column_stack([np.r_[full, np.nan], np.r_[np.nan, full]])
    np.testing.assert_allclose(paired_p(table), paired_p(full[:, None])[0])
    assert np.isnan(paired_p(np.full((3, 1), np.nan))).all()


def test_drawn_flips_agree_with_all_and_never_are_0():
    generator = np.random.default_rng(5)
    differences = generator.normal(0.5, 1, size=(16, 1))
    flips = 1 - 2 * ((np.arange(2**16)[:, None] >> np.arange(16)) & 1)
    exact = np.mean(np.abs(flips @ differences[:, 0]) >= abs(differences.sum()) - 1e-12)
    assert paired_p(differences)[0] == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 10_000))
    assert paired_p(np.ones((40, 1)))[0] == smallest_p(40)


def test_p_of_nothing_is_uniform():
    generator = np.random.default_rng(7)
    p = paired_p(generator.normal(size=(10, 2000)))
    # 3 standard errors of a share of .05 in 2000.
    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.015)
    assert paired_p(np.zeros((6, 1)))[0] == 1


def test_holm_by_hand():
    # Sorted .01, .02, .03, .04: x 4, 3, 2, 1 = .04, .06, .06, .04 -> none below one before it.
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, np.nan, 0.03, 0.02])), [0.06, 0.04, np.nan, 0.06, 0.06])
    np.testing.assert_allclose(holm(np.array([0.6, 0.7])), [1, 1])
    assert holm(np.array([])).size == 0


def test_ties_share_their_ranks():
    values = np.array([[0.5, 0.9, 0.5, 0.1]])
    assert unit_ranks(values).tolist() == [[2.5, 1, 2.5, 4]]
    assert unit_ranks(values, less_better=True).tolist() == [[2.5, 4, 2.5, 1]]


def test_friedman_of_a_known_table():
    """Three models that rank alike on each of six units: chi-squared = n (k - 1) = 12, two degrees of freedom."""
    values = np.tile([0.1, 0.2, 0.3], (6, 1)) + np.arange(6)[:, None]
    assert friedman_p(values) == pytest.approx(np.exp(-6))
    assert friedman_p(np.ones((6, 3))) == 1
    assert np.isnan(friedman_p(values[:, :2]))


def test_intervals_cover_the_mean_and_need_two_units():
    generator = np.random.default_rng(11)
    values = generator.normal(size=(30, 400))
    low, high = bootstrap_means(values, samples=500)
    assert np.mean((low <= 0) & (high >= 0)) == pytest.approx(0.94, abs=0.04)
    assert np.isnan(bootstrap_means(np.array([[1.0, np.nan], [2.0, 3.0]]))[:, 1]).all()


def test_groups_that_do_not_differ():
    assert alike_groups(np.array([4.0, 1.0, 1.8, 2.5]), 1.0) == [(0, 1), (1, 2)]
    assert alike_groups(np.array([1.0, 1.5, 2.0]), 5) == [(0, 2)]
    assert alike_groups(np.array([1.0, 3.0]), 1) == []


def test_direction_is_that_of_the_metrics_of_scanpaths():
    from cogmodels.metrics.scanpath.consistency import SCANPATH_METRICS
    from cogmodels.scanpath.score import PROPER, TYPICAL

    # Of two people, more recurrence is more alike.
    names = [name for metric in SCANPATH_METRICS for name in metric.names]
    for metric in SCANPATH_METRICS:
        assert all(less_is_better(name) != metric.similarity for name in metric.names), metric.names
    for metric in TYPICAL:
        assert all(less_is_better(f"{name}_typical") != metric.similarity for name in metric.names)
    assert all(less_is_better(f"crps_{one}") for one in PROPER)
    assert not less_is_better("cnss")
    assert "string_edit" in names
