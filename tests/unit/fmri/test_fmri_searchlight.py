"""Searchlights: spheres by their definition, informative voxels found, noise at chance."""

import numpy as np
import pytest

from cogmodels.errors import DataError
from cogmodels.fmri.searchlight import decode_spheres, find_spheres, map_spheres, predict_spheres, score_spheres

# Sheared, and not the same in all directions.
AFFINE = np.array([[-3.0, 0.4, 0, 20], [0, 2.5, 0.3, -10], [0, -0.3, 4.0, 5], [0, 0, 0, 1]])


@pytest.mark.parametrize("radius", [1.0, 4.0, 9.0])
def test_spheres_by_distance(radius):
    mask = np.random.default_rng(0).random((6, 7, 5)) > 0.4
    spheres = find_spheres(mask, AFFINE, radius)
    places = np.argwhere(mask) @ AFFINE[:3, :3].T
    assert len(spheres) == len(places)
    for k, place in enumerate(places):
        near = np.flatnonzero(np.linalg.norm(places - place, axis=1) <= radius)
        np.testing.assert_array_equal(np.sort(spheres[k]), near)


def test_the_edge_belongs_to_the_sphere():
    spheres = find_spheres(np.ones((5, 5, 5), bool), np.diag([3.0, 3, 3, 1]), 3.0)
    assert len(spheres[62]) == 7
    assert len(spheres[0]) == 4


def simulated(signal, seed=0):
    """Eight runs of 2 x 4 trials; voxels within 4.5 mm of the middle carry the label (SIMULATED)."""
    rng = np.random.default_rng(seed)
    mask = np.ones((9, 9, 7), bool)
    labels, runs = np.tile(np.repeat([0, 1, 2, 3], 2), 8), np.repeat(np.arange(8), 8)
    centre = np.linalg.norm((np.argwhere(mask) - [4, 4, 3]) * 3.0, axis=1) <= 4.5
    patterns = np.where(centre, rng.normal(size=(4, mask.sum())), 0)
    return signal * patterns[labels] + rng.normal(size=(64, mask.sum())), labels, runs, mask, centre


def test_informative_voxels_are_found_and_no_others():
    data, labels, runs, mask, centre = simulated(1.0)
    spheres = find_spheres(mask, np.diag([3.0, 3, 3, 1]), 4.5)
    accuracy = decode_spheres(data, labels, runs, spheres)
    informed = np.array([centre[spheres[k]].sum() for k in range(len(spheres))])
    assert accuracy.argmax() in np.flatnonzero(informed >= 8)
    assert accuracy[centre].mean() > 0.6
    # Spheres without an informative voxel: chance is .25.
    assert accuracy[informed == 0].mean() == pytest.approx(0.25, abs=0.02)


def test_a_single_sphere_by_definition():
    data, labels, runs, mask, _ = simulated(0.6, seed=1)
    spheres = find_spheres(mask, np.diag([3.0, 3, 3, 1]), 4.5)
    accuracy = decode_spheres(data, labels, runs, spheres, shrinkage=0.3)
    for k in (0, 283, 300):
        hits = 0
        for run in range(8):
            train, part = runs != run, data[:, spheres[k]]
            means = np.stack([part[train & (labels == c)].mean(axis=0) for c in range(4)])
            covariance = sum(np.cov(part[train & (labels == c)], rowvar=False, ddof=0) for c in range(4)) / 4
            covariance = 0.7 * covariance + 0.3 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
            apart = part[~train][:, None] - means
            distance = np.einsum("tci,ij,tcj->tc", apart, np.linalg.inv(covariance), apart)
            hits += (distance.argmin(axis=1) == labels[~train]).sum()
        assert accuracy[k] == hits / 64


def test_any_function_and_too_small_spheres():
    mask = np.zeros((4, 4, 1), bool)
    mask[0, 0] = mask[0, 1] = mask[3, 3] = True
    spheres = find_spheres(mask, np.eye(4), 1.0)
    data = np.array([[1.0, 2, 4], [3, 4, 8]])
    np.testing.assert_allclose(map_spheres(np.mean, data, spheres), [2.5, 2.5, 6])
    found = map_spheres(np.mean, data, spheres, fewest_voxels=2)
    np.testing.assert_array_equal(np.isnan(found), [False, False, True])


def test_wrong_input_is_named():
    data, labels, runs, mask, _ = simulated(0.0)
    spheres = find_spheres(mask, np.eye(4), 1.0)
    for call, message in (
        (lambda: find_spheres(np.zeros((3, 3, 3)), np.eye(4), 1.0), "0 voxels"),
        (lambda: find_spheres(mask, np.eye(4), 0.0), "radius of 0.0"),
        (lambda: decode_spheres(data[:, 1:], labels, runs, spheres), "spheres"),
        (lambda: decode_spheres(data, labels[1:], runs, spheres), "63 labels"),
        (lambda: decode_spheres(data, labels, np.zeros(64), spheres), "in 1 runs"),
        (lambda: decode_spheres(data, np.where(runs == 2, 9, labels), runs, spheres), "label `9` is in run `2` only"),
        (lambda: decode_spheres(np.where(data > 2, np.nan, data), labels, runs, spheres), "not finite"),
        (lambda: decode_spheres(data, labels, runs, spheres, shrinkage=0.0), "shrinkage of 0"),
    ):
        with pytest.raises(DataError, match=message):
            call()


def test_spheres_with_signal_beat_permuted_labels_and_the_others_do_not():
    data, labels, runs, mask, centre = simulated(1.5)
    spheres = find_spheres(mask, np.diag([3.0, 3, 3, 1]), 4.5)
    predicted = predict_spheres(data, labels, runs, spheres)
    table, summary = score_spheres(predicted, labels, runs, permutations=200, bootstrap=200)
    np.testing.assert_array_equal(table["accuracy"], decode_spheres(data, labels, runs, spheres))
    np.testing.assert_allclose(table["chance"], 0.25, atol=0.02)
    empty = np.array([not centre[spheres[k]].any() for k in range(len(spheres))])
    assert (table["q"][centre] < 0.05).all()
    assert (table["q"][empty] < 0.05).mean() < 0.05
    assert (table["p_family"][empty] < 0.05).mean() < 0.01
    mean, peak = summary
    assert peak["value"] == table["accuracy"].max()
    assert np.mean(peak["null"]) > 0.3, "the largest of many has a higher chance"
    assert mean["value"] == pytest.approx(table["accuracy"].mean())


def test_noise_has_no_sphere_beyond_chance():
    data, labels, runs, mask, _ = simulated(0.0, seed=2)
    spheres = find_spheres(mask, np.diag([3.0, 3, 3, 1]), 4.5)
    table, (mean, peak) = score_spheres(
        predict_spheres(data, labels, runs, spheres), labels, runs, permutations=200, bootstrap=200
    )
    assert (table["q"] < 0.05).sum() == 0
    assert np.mean(np.array(peak["null"]) >= peak["value"]) > 0.05
    assert np.mean(np.array(mean["null"]) >= mean["value"]) > 0.05
