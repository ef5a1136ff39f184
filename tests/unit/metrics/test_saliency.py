"""Saliency metrics: answers by hand, properties, bad input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogmodels.errors import DataError
from cogmodels.metrics.saliency import densities, fixated, maps, next_fixation
from cogmodels.metrics.saliency.consistency import SALIENCY_METRICS, saliency_consistency

RAMP = np.arange(12.0).reshape(3, 4)
AREAS = {
    "auc": lambda s, x, y: fixated.auc(s, x, y),
    "auc_unfixated": lambda s, x, y: fixated.auc(s, x, y, negatives="unfixated"),
    "auc_judd": lambda s, x, y: fixated.auc_judd(s, x, y),
    "auc_judd_pysaliency": lambda s, x, y: fixated.auc_judd(s, x, y, convention="pysaliency"),
    "shuffled_auc": lambda s, x, y: fixated.shuffled_auc(s, x, y, [0, 1, 2], [1, 1, 0]),
    "shuffled_auc_mit": lambda s, x, y: fixated.shuffled_auc(s, x, y, [0, 1, 2], [1, 1, 0], convention="mit"),
    "auc_borji": lambda s, x, y: fixated.auc_borji(s, x, y),
}


def random_map(seed, shape=(13, 17)):
    return np.random.default_rng(seed).random(shape) + 0.01


def test_nss_by_hand():
    # Map 0 ... 11: mean 5.5, variance 143/12.
    assert fixated.nss(RAMP, [3], [2]) == pytest.approx(5.5 / np.sqrt(143 / 12))
    assert fixated.nss(RAMP, [3.9, 3.1], [2.9, 2.0]) == pytest.approx(5.5 / np.sqrt(143 / 12))
    # Two fixations in pixel 11, one in pixel 0: MIT counts each pixel once.
    assert fixated.nss(RAMP, [3, 3, 0], [2, 2, 0]) == pytest.approx(5.5 / 3 / np.sqrt(143 / 12))
    assert fixated.nss(RAMP, [3, 3, 0], [2, 2, 0], convention="mit") == pytest.approx(0, abs=1e-12)
    assert fixated.nss(RAMP, [3], [2], convention="mit") == pytest.approx(5.5 / np.sqrt(143 / 11))


def test_areas_by_hand():
    # The greatest pixel: 11 of 12 lie below, one equals it.
    assert fixated.auc(RAMP, [3], [2]) == pytest.approx(11.5 / 12)
    assert fixated.auc(RAMP, [3], [2], negatives="unfixated") == 1
    assert fixated.auc_judd(RAMP, [3], [2]) == 1
    assert fixated.auc(RAMP, [0], [0]) == pytest.approx(0.5 / 12)
    # Pixels 11 and 5, one fixation each: of the ten others five lie above pixel 5.
    assert fixated.auc(RAMP, [3, 1], [2, 1], negatives="unfixated") == pytest.approx((10 + 5) / 20)
    # With the fixated values as thresholds the curve is (0, 0), (0, 1/2), (1/2, 1), (1, 1).
    assert fixated.auc_judd(RAMP, [3, 1], [2, 1]) == pytest.approx((0.5 + 1) / 2 * 0.5 + 0.5)
    # Others at 4, 5 and 2; the fixation at 5 beats two and ties with one.
    assert fixated.shuffled_auc(RAMP, [1], [1], [0, 1, 2], [1, 1, 0]) == pytest.approx(2.5 / 3)


@pytest.mark.parametrize("name", AREAS)
def test_a_constant_map_is_at_chance(name):
    assert AREAS[name](np.full((3, 4), 0.3), [3], [2]) == pytest.approx(0.5)


def test_constant_maps_have_defined_values():
    flat = np.full((3, 4), 0.1)
    assert fixated.nss(flat, [1], [1]) == 0
    assert densities.cc(flat, RAMP) == densities.cc(RAMP, flat) == densities.cc(flat, flat) == 0
    assert densities.sim(flat, flat) == pytest.approx(1)
    assert densities.sim(flat, np.zeros((3, 4))) == pytest.approx(1)
    assert densities.kld(flat, flat) == pytest.approx(0, abs=1e-12)
    assert densities.emd(flat, flat) == 0


def test_information_gain_by_hand():
    density = np.array([[0.5, 0.25], [0.125, 0.125]])
    uniform = np.full((2, 2), 0.25)
    assert fixated.information_gain(density, uniform, [0, 1], [0, 0]) == pytest.approx(0.5)
    assert fixated.information_gain(7 * density, uniform, [0], [1]) == pytest.approx(-1)
    with pytest.raises(DataError, match="density is 0"):
        fixated.information_gain(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]]), [0], [0])
    # MIT: to 0 ... 1 and then to sum 1: (1, 1/3, 0, 0) / (4/3).
    assert fixated.information_gain(density, RAMP[:2, :2], [0], [0], convention="mit") > 10


def test_divergence_and_similarity_by_hand():
    p, q = np.array([[0.5, 0.5, 0.0]]), np.array([[0.25, 0.25, 0.5]])
    assert densities.sim(p, q) == pytest.approx(0.5)
    assert densities.kld(q, p) == pytest.approx(np.log(2))
    assert densities.kld_of_logs(np.log(q), np.log([[0.5, 0.5, 1e-300]])) == pytest.approx(np.log(2))
    with np.errstate(divide="ignore"):
        assert densities.kld_of_logs(np.log(q), np.log(p)) == pytest.approx(np.log(2))
        assert densities.kld_of_logs(np.log(p), np.log(q)) == np.inf


def test_earth_movers_distance_by_hand():
    first, second = np.zeros((3, 5)), np.zeros((3, 5))
    first[0, 0], second[2, 4] = 2.0, 5.0
    assert densities.emd(first, second, shrink=1) == pytest.approx(np.hypot(2, 4))
    # Half of the mass stays where it is.
    second[0, 0] = 5.0
    assert densities.emd(first, second, shrink=1) == pytest.approx(np.hypot(2, 4) / 2)
    # 64 x 64 px in cells of 32: the corner cells are one cell apart.
    coarse = np.zeros((64, 64)), np.zeros((64, 64))
    coarse[0][:32, :32], coarse[1][:32, 32:] = 1, 1
    assert densities.emd(*coarse) == pytest.approx(1)
    with pytest.raises(DataError, match="emd"):
        densities.emd(first, second, convention="pysaliency")


@pytest.mark.parametrize("shape", [(60, 81), (33, 64), (31, 7)])
def test_earth_movers_distance_without_what_both_have(shape):
    """Cancelling the common mass leaves the distance as it is: the whole problem, solved as it stands."""
    import ot

    first, second = random_map(1, shape), random_map(2, shape)
    cells = [int(np.ceil(side / 8)) for side in shape]
    # Area means, by way of a common multiple of the grids.
    small = []
    for values in (first, second):
        fine = np.repeat(np.repeat(values, cells[0], axis=0), cells[1], axis=1)
        small.append(fine.reshape(cells[0], shape[0], cells[1], shape[1]).mean(axis=(1, 3)))
    a, b = (values.ravel() / values.sum() for values in small)
    at = np.stack(np.unravel_index(np.arange(a.size), cells), axis=1).astype(float)
    expected = ot.emd2(a, b, np.linalg.norm(at[:, None] - at, axis=2), numItermax=1_000_000)
    assert densities.emd(first, second, shrink=8) == pytest.approx(expected, rel=1e-9)


def test_density_is_the_sum_of_gaussians():
    x, y, weights = np.array([3.2, 10.0]), np.array([5.0, 1.5]), np.array([1.0, 3.0])
    rows, columns = np.mgrid[:12, :15]
    slow = sum(
        w * np.exp(-((columns - u) ** 2 + (rows - v) ** 2) / (2 * 2.0**2)) / (2 * np.pi * 2.0**2)
        for u, v, w in zip(x, y, weights, strict=True)
    )
    np.testing.assert_allclose(maps.density(x, y, (12, 15), 2.0, weights=weights, normalise=False), slow, rtol=1e-12)
    assert maps.density(x, y, (12, 15), 2.0).sum() == pytest.approx(1)
    counts = maps.fixation_map([3.9, 3.0, 0], [1, 1.99, 0], (3, 4))
    assert counts[1, 3] == 2
    assert counts[0, 0] == 1
    assert counts.sum() == 3


def test_conditional_metrics_by_hand():
    steps = [RAMP, RAMP[::-1], np.ones((3, 4))]
    x, y = [3, 3, 0], [2, 2, 0]
    # Pixel (3, 2) is the greatest of the first map, and 3 of the second: 8 of the 11 others lie above it.
    np.testing.assert_allclose(next_fixation.cauc(steps, x, y), [1, 1 - 8 / 11 / 2, 0.5])
    np.testing.assert_allclose(
        next_fixation.cnss(iter(steps), x, y), np.array([5.5, 3 - 5.5, 0]) / np.sqrt(143 / 12), atol=1e-12
    )
    uniform = np.ones((3, 4))
    gain = next_fixation.cig(steps, uniform, x, y)
    np.testing.assert_allclose(gain, [np.log2(11 / 66 * 12), np.log2(3 / 66 * 12), 0], atol=1e-12)
    np.testing.assert_allclose(next_fixation.cig(steps, [uniform] * 3, x, y), gain)
    with pytest.raises(DataError, match="one map for each fixation"):
        next_fixation.cauc(steps[:2], x, y)
    with pytest.raises(DataError, match="baselines"):
        next_fixation.cig(steps, [uniform], x, y)


@given(st.integers(0, 10_000), st.integers(1, 30), st.floats(0.1, 50), st.floats(-20, 20))
def test_invariances(seed, n, scale, shift):
    generator = np.random.default_rng(seed)
    values = generator.random((13, 17)).round(1)
    x, y = generator.random(n) * 17, generator.random(n) * 13
    moved = values * scale + shift
    assert fixated.nss(moved, x, y) == pytest.approx(fixated.nss(values, x, y), abs=1e-8)
    for name in ("auc", "auc_unfixated", "auc_judd_pysaliency", "shuffled_auc"):
        area = AREAS[name](values, x, y)
        assert 0 <= area <= 1
        assert AREAS[name](np.exp(values), x, y) == pytest.approx(area, abs=1e-12), name
        assert AREAS[name](-values, x, y) == pytest.approx(1 - area, abs=1e-12) or name == "auc_judd_pysaliency"
    other = generator.random((13, 17))
    assert densities.cc(moved, other) == pytest.approx(densities.cc(values, other), abs=1e-8)
    assert densities.cc(other, values) == pytest.approx(densities.cc(values, other), abs=1e-12)


@given(st.integers(0, 10_000))
def test_divergences(seed):
    first, second = random_map(seed), random_map(seed + 1)
    assert densities.sim(first, first) == pytest.approx(1)
    assert 0 <= densities.sim(first, second) == pytest.approx(densities.sim(second, 3 * first))
    assert densities.sim(first, second) <= 1
    assert densities.kld(first, first) == pytest.approx(0, abs=1e-12)
    assert densities.kld(first, second) > 0
    assert densities.kld(first, second, convention="mit") == pytest.approx(densities.kld(first, second), abs=1e-9)
    assert densities.cc(first, first) == pytest.approx(1)
    assert densities.emd(first, first, shrink=4) == 0
    distance = densities.emd(first, second, shrink=4)
    assert distance > 0
    assert densities.emd(second, first, shrink=4) == pytest.approx(distance)


def test_a_far_pixel_does_not_spoil_the_variance():
    values = random_map(5, (40, 50))
    values[20, 25] = 1e9
    assert fixated.nss(values, [3], [4]) == pytest.approx((values[4, 3] - values.mean()) / values.std(), rel=1e-9)


METRICS = {
    "nss": lambda s: fixated.nss(s, [1], [1]),
    "auc": lambda s: fixated.auc(s, [1], [1]),
    "auc_judd": lambda s: fixated.auc_judd(s, [1], [1]),
    "auc_borji": lambda s: fixated.auc_borji(s, [1], [1]),
    "shuffled_auc": lambda s: fixated.shuffled_auc(s, [1], [1], [0], [0]),
    "information_gain": lambda s: fixated.information_gain(s, np.ones((3, 4)), [1], [1]),
    "cc": lambda s: densities.cc(s, RAMP),
    "sim": lambda s: densities.sim(RAMP, s),
    "kld": lambda s: densities.kld(s, RAMP),
    "emd": lambda s: densities.emd(RAMP, s),
}


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_not_finite_are_refused(name, value):
    broken = RAMP.copy()
    broken[2, 1] = value
    with pytest.raises(DataError, match="not finite"):
        METRICS[name](broken)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("shape", [(0, 0), (12,), (0, 4)])
def test_maps_without_pixels_are_refused(name, shape):
    with pytest.raises(DataError, match="shape"):
        METRICS[name](np.ones(shape))


def test_fixations_beside_the_map():
    for x, y in (([-0.1], [1]), ([4.0], [1]), ([1], [3.0])):
        with pytest.raises(DataError, match="beside the map"):
            fixated.nss(RAMP, x, y)
        with pytest.raises(DataError, match="no fixations"):
            fixated.nss(RAMP, x, y, off_map="drop")
    assert fixated.nss(RAMP, [3, 99], [2, 0], off_map="drop") == fixated.nss(RAMP, [3], [2])
    with pytest.raises(DataError, match="finite"):
        fixated.auc(RAMP, [np.nan], [1])
    with pytest.raises(DataError, match="no fixations"):
        fixated.auc(RAMP, [], [])
    with pytest.raises(DataError, match="every pixel"):
        fixated.auc(np.ones((1, 1)), [0], [0], negatives="unfixated")
    with pytest.raises(DataError, match="convention"):
        fixated.nss(RAMP, [1], [1], convention="matlab")
    with pytest.raises(DataError, match="reaches into the map"):
        maps.density([1e6], [0], (3, 4), 1.0)


def people_looking(seed=0, images=4, people=4):
    """Fixations of people who look at the same place of each image."""
    generator = np.random.default_rng(seed)
    rows = []
    for image in range(images):
        centre = generator.random(2) * (60, 40) + (10, 10)
        for person in range(people):
            for x, y in centre + generator.normal(0, 3, (6, 2)):
                rows.append((f"p{person}", f"i{image}", x, y))
    return pd.DataFrame(rows, columns=["subject", "stimulus", "x", "y"])


def test_consistency_of_people_who_agree():
    found = saliency_consistency(people_looking(), (60, 80), 4.0).groupby("metric").mean(numeric_only=True)
    assert list(saliency_consistency(people_looking(), (60, 80), 4.0)["metric"].unique()) == list(SALIENCY_METRICS)
    for metric, better_above in SALIENCY_METRICS.items():
        value, chance = found.loc[metric, ["value", "chance"]]
        assert (value > chance) == better_above, metric
    assert found.loc["auc", "value"] > 0.9


def test_consistency_is_that_of_the_others_density():
    table = people_looking(1, images=3, people=3)
    found = saliency_consistency(table, (60, 80), 4.0).set_index(["metric", "person"])
    values = []
    for image in ("i0", "i1", "i2"):
        seen = table[table["stimulus"] == image]
        mine, others = seen[seen["subject"] == "p1"], seen[seen["subject"] != "p1"]
        density = maps.density(others["x"], others["y"], (60, 80), 4.0)
        values.append(fixated.nss(density, mine["x"], mine["y"]))
    assert found.loc[("nss", "p1"), "value"] == pytest.approx(np.mean(values), rel=1e-6)
    assert found.loc[("nss", "p1"), "n_images"] == 3
    again = saliency_consistency(table, (60, 80), 4.0, jobs=2).set_index(["metric", "person"])
    pd.testing.assert_frame_equal(found, again)
    with pytest.raises(DataError, match="two or more"):
        saliency_consistency(table[table["stimulus"] == "i0"], (60, 80), 4.0)
