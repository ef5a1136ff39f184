"""The page of a BOLD run."""

import numpy as np
import pytest

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import detrend_standardize
from cogmodels.report.fmri import mosaic, plot_cleaning
from cogmodels.report.style import save_figure


def run() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    raw = np.random.default_rng(0).normal(1000, 10, (6, 5, 3, 40)).astype(np.float32)
    mask = np.zeros((6, 5, 3), bool)
    mask[1:5, 1:4] = True
    clean = np.zeros_like(raw)
    clean[mask] = detrend_standardize(raw[mask].T).T
    return raw, clean, mask


def test_the_mosaic_lays_slices_side_by_side():
    volume = np.arange(6, dtype=float).reshape(2, 3, 1)
    # x runs to the right, y upwards.
    np.testing.assert_array_equal(mosaic(volume), [[2, 5], [1, 4], [0, 3]])
    picture = mosaic(np.ones((4, 4, 5)))
    assert np.nansum(picture) == 80
    crop = np.zeros((4, 4, 5), bool)
    crop[:, :, 2] = True
    assert mosaic(np.ones((4, 4, 5)), crop=crop).shape == (4, 4)
    assert np.nansum(mosaic(np.ones((2, 2, 100)), slices=20)) == 80


def test_the_page_says_what_the_mask_holds(tmp_path):
    raw, clean, mask = run()
    figure = plot_cleaning(raw, clean, mask, 2.0, title="sub-01")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert "Mean image, mask of 36 of 90 voxels" in titles
    assert figure.get_suptitle() == "sub-01"
    save_figure(figure, tmp_path / "a.png")
    save_figure(plot_cleaning(raw, clean, mask, 2.0, title="sub-01"), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_images_that_do_not_fit_are_refused():
    raw, clean, mask = run()
    with pytest.raises(DataError, match="0 voxels"):
        plot_cleaning(raw, clean, np.zeros_like(mask), 2.0)
    with pytest.raises(DataError, match="shape"):
        plot_cleaning(raw, clean[..., :20], mask, 2.0)
