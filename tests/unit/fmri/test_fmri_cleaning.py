"""Masks, cleaning, responses and quality of BOLD runs, with known answers."""

import io
import tarfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import detrend_standardize, trend_basis
from cogmodels.fmri.masks import mean_intensity_mask
from cogmodels.fmri.quality import framewise_displacement, temporal_snr
from cogmodels.fmri.responses import window_mean_responses


def noise(n_volumes: int = 100, n_voxels: int = 30, seed: int = 0) -> np.ndarray:
    return 1000 + 10 * np.random.default_rng(seed).standard_normal((n_volumes, n_voxels))


# -- mask --------------------------------------------------------------------------------------------------------------


def test_the_mask_holds_voxels_above_the_mean_of_the_image():
    volume = np.array([1.0, 2.0, 3.0, 10.0]).reshape(2, 2, 1)
    np.testing.assert_array_equal(mean_intensity_mask(volume).ravel(), [False, False, False, True])


def test_masks_of_nothing_are_refused():
    with pytest.raises(DataError, match="same everywhere"):
        mean_intensity_mask(np.ones((3, 3, 3)))
    with pytest.raises(DataError, match="1 values that are not finite"):
        mean_intensity_mask(np.array([[[np.nan, 1.0]]]))


# -- cleaning ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_cleaned_voxels_are_orthogonal_to_the_trend(order):
    cleaned = detrend_standardize(noise(), order=order, standardize=False).astype(float)
    polynomials = np.vander(np.linspace(-1, 1, 100), order + 1)
    assert np.abs(polynomials.T @ cleaned).max() < 1e-3
    exact = noise() - polynomials @ np.linalg.lstsq(polynomials, noise(), rcond=None)[0]
    np.testing.assert_allclose(cleaned, exact, atol=1e-5)


def test_standardized_voxels_have_mean_0_and_sd_1():
    cleaned = detrend_standardize(noise()).astype(float)
    np.testing.assert_allclose(cleaned.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(cleaned.std(axis=0), 1, atol=1e-6)


@given(st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3), st.floats(0.1, 1e3))
def test_a_quadratic_drift_and_a_scale_change_nothing(coefficients, scale):
    time = np.linspace(-1, 1, 100)[:, None]
    drift = sum(c * time**power for power, c in enumerate(coefficients))
    data = noise(n_voxels=3) - 1000
    np.testing.assert_allclose(detrend_standardize(scale * data + drift), detrend_standardize(data), atol=1e-3)


def test_voxels_that_do_not_vary_become_zero_and_are_counted():
    data = noise().astype(np.float32)
    data[:, 4] = 812.3
    data[:, 7] = 0.0
    with pytest.warns(UserWarning, match="2 of 30 voxels do not vary"):
        cleaned = detrend_standardize(data)
    assert (cleaned[:, [4, 7]] == 0).all()
    assert np.isfinite(cleaned).all()
    assert (np.delete(cleaned, [4, 7], axis=1).std(axis=0) > 0.99).all()


def test_cleaning_in_chunks_is_cleaning_at_once(monkeypatch):
    whole = detrend_standardize(noise())
    monkeypatch.setattr("cogmodels.fmri.cleaning.BLOCK", 7)
    np.testing.assert_allclose(detrend_standardize(noise()), whole, atol=1e-6)


def test_cleaning_refuses_what_it_cannot_clean():
    data = noise()
    data[3, 5] = np.nan
    with pytest.raises(DataError, match=r"1 voxels hold values that are not finite \(first: 5\)"):
        detrend_standardize(data)
    with pytest.raises(DataError, match="3 volumes are too few for a trend of order 2"):
        detrend_standardize(noise(3))
    with pytest.raises(DataError, match="none of the 30 voxels varies"):
        detrend_standardize(np.ones((50, 30)))
    with pytest.raises(DataError, match="shape"):
        detrend_standardize(np.ones(50))


def test_the_trend_basis_is_orthonormal():
    basis = trend_basis(121, 6)
    np.testing.assert_allclose(basis.T @ basis, np.eye(7), atol=1e-12)


# -- responses ---------------------------------------------------------------------------------------------------------

RAMP = np.arange(20, dtype=float)[:, None] * [1.0, -1.0]


def test_the_window_is_closed_at_its_start_and_open_at_its_end():
    # TR 2.5 s, onset 10 s, delay 5 s, 7.5 s long: volumes at 15, 17.5 and 20 s.
    found = window_mean_responses(RAMP, 2.5, [10.0], [7.5])
    np.testing.assert_allclose(found, [[7.0, -7.0]])
    assert found.dtype == np.float32


def test_windows_survive_rounding():
    # 0.1 + 0.2 > 0.3 in floating point: the volume at 0.3 s must still count.
    found = window_mean_responses(RAMP, 0.1, [0.1], [0.1], delay_s=0.2)
    np.testing.assert_allclose(found[:, 0], 3.0)


def test_window_length_may_be_given():
    found = window_mean_responses(RAMP, 1.0, [0.0, 4.0], [0.0, 0.0], delay_s=2.0, window_s=3.0)
    np.testing.assert_allclose(found[:, 0], [3.0, 7.0])


def test_the_volumes_that_exist_count_at_the_ends_of_the_run():
    found = window_mean_responses(RAMP, 1.0, [15.0, -7.0], [10.0, 5.0], delay_s=3.0)
    np.testing.assert_allclose(found[:, 0], [18.5, 0.0])


def test_events_without_a_volume_are_named():
    with pytest.raises(DataError, match="event 2 .onset 16 s, duration 3 s.; the run has 20 volumes of 1 s"):
        window_mean_responses(RAMP, 1.0, [0.0, 16.0], [3.0, 3.0])
    with pytest.raises(DataError, match="event 1"):
        window_mean_responses(RAMP, 1.0, [0.0], [0.0])
    with pytest.raises(DataError, match="event 1 has onset nan"):
        window_mean_responses(RAMP, 1.0, [np.nan], [1.0])


# -- quality -----------------------------------------------------------------------------------------------------------


def test_temporal_snr_of_known_noise():
    data = noise(4000)
    data[:, 3] = 500.0
    drift = np.linspace(-50, 50, 4000)[:, None]
    tsnr = temporal_snr(data + drift)
    # Nothing but a trend.
    assert tsnr[3] == 0.0
    np.testing.assert_allclose(np.delete(tsnr, 3), 100, rtol=0.05)
    assert temporal_snr(data)[3] == 0.0
    assert np.delete(temporal_snr(data + drift, order=0), 3).max() < 40


def test_framewise_displacement_by_hand():
    motion = np.zeros((4, 6))
    motion[1] = [0.1, -0.2, 0.3, 0.01, 0, 0]
    motion[2] = motion[1]
    np.testing.assert_allclose(framewise_displacement(motion), [0, 0.6 + 0.5, 0, 0.6 + 0.5])
    np.testing.assert_array_equal(framewise_displacement(np.zeros((5, 6))), np.zeros(5))


def test_framewise_displacement_refuses_degrees():
    motion = np.zeros((4, 6))
    motion[1, 4] = 3.0
    with pytest.raises(DataError, match="not in radians"):
        framewise_displacement(motion)


def test_framewise_displacement_of_645_people(mirror):
    means = []
    with tarfile.open(mirror / "camcan-motion/Confounds/confounds.tar.gz") as archive:
        for member in archive:
            if member.name.endswith("_confounds.csv"):
                table = pd.read_csv(io.BytesIO(archive.extractfile(member).read()), skipinitialspace=True)
                means.append(framewise_displacement(table[["x", "y", "z", "r", "p", "j"]].to_numpy())[1:].mean())
    assert len(means) == 645
    assert np.median(means) == pytest.approx(0.249, abs=5e-4)
    assert np.max(means) == pytest.approx(1.284, abs=5e-4)
