"""Decoding over time of transients whose time is known."""

import numpy as np
import pytest

from cogmodels.eeg.time_decoding import cluster_test, decode_over_time
from cogmodels.errors import DataError

N_TIMES = 12


def trials(seed: int = 0, *, moving: bool, gain: float = 2.0, n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Noise, and from time 3 to 8 a difference whose pattern stays or changes from time to time."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    values = rng.normal(0, 1, (n, 10, N_TIMES))
    patterns = np.linalg.qr(rng.normal(0, 1, (10, 10)))[0]
    for step, time in enumerate(range(3, 9)):
        values[:, :, time] += gain * np.outer(labels - 0.5, patterns[step if moving else 0])
    return values, labels


def test_decoding_is_above_chance_where_the_difference_is_and_nowhere_else():
    scores = np.mean([decode_over_time(*trials(seed, moving=False)) for seed in range(3)], axis=0)
    assert (scores[3:9] > 0.8).all()
    assert (np.abs(scores[[0, 1, 2, 9, 10, 11]] - 0.5) < 0.12).all()


def test_generalisation_of_a_moving_transient_is_diagonal_and_of_a_lasting_one_square():
    moving, lasting = (
        np.mean([decode_over_time(*trials(seed, moving=kind), generalise=True) for seed in range(2)], axis=0)
        for kind in (True, False)
    )
    inside = slice(3, 9)
    off = ~np.eye(6, dtype=bool)
    assert (np.diag(moving)[inside] > 0.8).all()
    assert (np.abs(moving[inside, inside][off] - 0.5) < 0.15).all()
    assert abs(moving[inside, inside][off].mean() - 0.5) < 0.04
    assert (lasting[inside, inside] > 0.75).all()
    outside = np.ones((N_TIMES, N_TIMES), bool)
    outside[inside, inside] = False
    assert abs(lasting[outside].mean() - 0.5) < 0.03


def test_trials_of_a_group_stay_together():
    # A trial's twin in the other fold would be known by heart: labels are noise, twins are alike.
    rng = np.random.default_rng(0)
    pairs = rng.normal(0, 1, (30, 40, 3)).repeat(2, axis=0)
    labels, groups = (np.arange(30) % 2).repeat(2), np.arange(30).repeat(2)
    leaking = decode_over_time(pairs, labels)
    fenced = decode_over_time(pairs, labels, groups)
    assert leaking.mean() > 0.8
    assert fenced.mean() < 0.65


def test_clusters_are_where_subjects_agree():
    rng = np.random.default_rng(0)
    scores = 0.5 + rng.normal(0, 0.03, (12, 40))
    scores[:, 15:25] += 0.06
    found = cluster_test(scores, permutations=500)
    assert found.significant[16:24].all()
    assert found.significant.sum() <= 14
    assert found.table["p"].min() < 0.01
    square = cluster_test(np.repeat(scores[:, :, None], 3, axis=2), permutations=200)
    assert square.significant.shape == (40, 3)


def test_clusters_of_noise_are_rare():
    rng = np.random.default_rng(1)
    hits = [cluster_test(0.5 + rng.normal(0, 0.03, (8, 20)), permutations=100).significant.any() for _ in range(40)]
    assert np.mean(hits) < 0.2


def test_impossible_designs_are_refused():
    values, labels = trials(moving=False)
    with pytest.raises(DataError, match="120 labels of 3 conditions"):
        decode_over_time(values, np.arange(120) % 3)
    with pytest.raises(DataError, match="a condition has 4 groups for 5 folds"):
        decode_over_time(values, labels, np.arange(120) // 30)
    with pytest.raises(DataError, match="4 subjects"):
        cluster_test(np.full((4, 10), 0.6))
