"""Pieces of the top-down map, by hand and by plain loops."""

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d

from cogmodels.search import attention


def test_taps_are_those_of_the_reference():
    expected = {
        (3, 1.0): [0.274069, 0.451863], (5, 1.0): [0.054489, 0.244201, 0.402620],
        (5, 3.0): [0.178203, 0.210522, 0.222549], (7, 5.0): [0.128956, 0.142518, 0.151331, 0.154388],
        (3, 0.0): [0.25, 0.5],
    }  # fmt: skip
    for (size, sigma), half in expected.items():
        taps = attention.gaussian_taps(size, sigma)
        np.testing.assert_allclose(taps, [*half, *half[-2::-1]], atol=5e-7)
        assert taps.sum() == pytest.approx(1)


def test_modulate_is_a_same_correlation():
    rng = np.random.default_rng(0)
    for rows, columns in ((1, 1), (2, 2), (3, 3), (6, 5)):
        maps, kernels = rng.normal(size=(3, 4, 12, 9)), rng.normal(size=(2, 4, rows, columns))
        which = np.array([1, 0, 1])
        found = attention.modulate(*map(torch.from_numpy, (maps, kernels, which))).numpy()
        for k in range(3):
            padded = np.pad(maps[k], ((0, 0), ((rows - 1) // 2, rows // 2), ((columns - 1) // 2, columns // 2)))
            slow = sum(correlate2d(padded[c], kernels[which[k], c], "valid") for c in range(4))
            np.testing.assert_allclose(found[k], slow, atol=1e-12)


def test_combine_weighs_by_maxima():
    low = torch.tensor([[[0.0, 1.0], [0.0, 0.0]]])
    high = torch.tensor([[[3.0, 0.0], [0.0, 0.0]]])
    found = attention.combine([low, high], [1, 1])
    torch.testing.assert_close(found, torch.tensor([[[0.75, 0.25], [0.0, 0.0]]]))
    equal = attention.combine([low, high], [1, 1], weighted=False)
    torch.testing.assert_close(equal, torch.tensor([[[0.5, 0.5], [0.0, 0.0]]]))
    torch.testing.assert_close(attention.combine([low, high], [1, 0]), low)
    # A map without contrast adds nothing; without any there is no priority, and no NaN.
    flat = torch.full((1, 2, 2), 7.0)
    torch.testing.assert_close(attention.combine([low, flat], [1, 1]), low)
    assert attention.combine([flat, flat * 0], [1, 1]).abs().sum() == 0


def test_area_matrix_repeats_pixels():
    np.testing.assert_array_equal(attention.area_matrix(2, 4), [[1, 0], [1, 0], [0, 1], [0, 1]])
    weights = attention.area_matrix(26, 806)
    np.testing.assert_allclose(weights.sum(1), 1)
    assert ((weights > 0).sum(1) <= 2).all()


def test_sharpen_adds_a_difference_of_gaussians():
    spot = torch.zeros(1, 9, 9, dtype=torch.float64)
    spot[0, 4, 4] = 1
    once = attention.sharpen(spot, (3, 1.0), (5, 3.0), passes=1)
    g1, g2 = attention.gaussian_taps(3, 1.0), attention.gaussian_taps(5, 3.0)
    assert once[0, 4, 4] == pytest.approx(1 + g1[1] ** 2 - g2[2] ** 2)
    assert attention.sharpen(spot * 0 + 5, (3, 1.0), (5, 3.0)).numpy() == pytest.approx(5)
    assert torch.isfinite(attention.sharpen(spot[:, :2, :2], (5, 3.0), (7, 5.0))).all()
