"""Simulated BOLD against known answers."""

import numpy as np
import pytest
from scipy.ndimage import label

from cogmodels.errors import DataError
from cogmodels.simulate.bold import (
    ar1_noise,
    brain_mask,
    canonical_hrf,
    draw_voxels,
    motion_trace,
    simulate_run,
    smooth_maps,
    trial_response,
)

TIMES = np.arange(0, 32, 0.01)
ONSETS = 8.0 + 4.0 * np.arange(40)
ORDER = np.random.default_rng(3).permutation(40)


@pytest.fixture(scope="module")
def latent() -> np.ndarray:
    values = np.random.default_rng(1).standard_normal((40, 6))
    return (values - values.mean(axis=0)) / values.std(axis=0)


def brain_of(latent, **options):
    return draw_voxels(latent, rng=np.random.default_rng(7), **{"voxels": 200, **options})


def run_of(brain, order=ORDER, **options):
    return simulate_run(brain, order, ONSETS, rng=np.random.default_rng(8), n_volumes=96, **options)


def test_hrf_peaks_at_5_s_and_undershoots_near_16_s():
    hrf = canonical_hrf(TIMES)
    assert TIMES[hrf.argmax()] == pytest.approx(5.0, abs=0.05)
    assert hrf.max() == pytest.approx(1.0, abs=1e-6)
    assert TIMES[hrf.argmin()] == pytest.approx(15.7, abs=0.3)
    # SPM's canonical response dips to 9 % of its peak.
    assert hrf.min() == pytest.approx(-0.09, abs=0.005)


@pytest.mark.parametrize("duration", [0.5, 2.0, 10.0])
def test_trial_response_equals_the_numerical_convolution(duration):
    boxcar = np.ones(round(duration / 0.01))
    expected = np.convolve(canonical_hrf(TIMES), boxcar)[: len(TIMES)]
    assert np.abs(trial_response(TIMES, duration) - expected / expected.max()).max() < 5e-3
    assert trial_response(np.array([-3.0, 0.0]), duration).tolist() == [0.0, 0.0]


def test_a_trial_without_duration_is_refused():
    with pytest.raises(DataError, match="evokes nothing"):
        trial_response(TIMES, 0.0)


@pytest.mark.parametrize("rho", [-0.3, 0.0, 0.4, 0.8])
def test_ar1_coefficient_and_variance_are_recovered(rho):
    noise = ar1_noise(np.random.default_rng(0).standard_normal((3000, 60)), np.full(60, rho))
    assert (noise[1:] * noise[:-1]).mean() / (noise**2).mean() == pytest.approx(rho, abs=0.02)
    assert noise.std() == pytest.approx(1.0, abs=0.02)
    # Stationary from the first sample on.
    start = ar1_noise(np.random.default_rng(0).standard_normal((2, 20000)), np.full(20000, rho))
    assert start[0].std() == pytest.approx(start[1].std(), abs=0.03)


def test_noise_that_explodes_is_refused():
    with pytest.raises(DataError, match="noise_rho"):
        ar1_noise(np.zeros((3, 1)), np.array([1.0]))


def test_maps_have_unit_variance_and_the_wanted_smoothness():
    maps = smooth_maps((20, 20, 20), 40, 3.0, np.random.default_rng(0))
    assert maps.std() == pytest.approx(1.0, abs=0.02)
    # A Gaussian kernel of width s correlates neighbours at distance 1 by exp(-1 / (4 s^2)).
    sigma = 3.0 / 2.3548
    assert (maps[:, 1:] * maps[:, :-1]).mean() == pytest.approx(np.exp(-1 / (4 * sigma**2)), abs=0.03)


@pytest.mark.parametrize("voxels", [20, 280, 460])
def test_mask_is_one_piece_of_the_wanted_size(voxels):
    mask = brain_mask((12, 14, 10), voxels, np.random.default_rng(voxels))
    assert mask.sum() == voxels
    assert label(mask)[1] == 1
    assert mask[1:-1, 1:-1, 1:-1].sum() == voxels


def test_a_brain_larger_than_its_grid_is_refused():
    with pytest.raises(DataError, match="grid"):
        brain_mask((6, 6, 6), 60, np.random.default_rng(0))


@pytest.mark.parametrize("wanted", [0.1, 0.25])
def test_motion_has_the_wanted_framewise_displacement(wanted):
    traces = [motion_trace(200, wanted, np.random.default_rng([5, i])) for i in range(40)]
    steps = np.abs(np.diff(np.array(traces) * [1, 1, 1, 50, 50, 50], axis=1)).sum(axis=2)
    assert steps.mean() == pytest.approx(wanted, rel=0.05)
    # As in real traces: steps alternate, a few are several times larger, and the head drifts away.
    assert 2.5 < np.median(steps.max(axis=1) / np.median(steps, axis=1)) < 6
    assert (np.array(traces)[:, 0] == 0).all()


def test_voxels_mix_the_latent_vectors_linearly(latent):
    brain = brain_of(latent, signal=0.8)
    assert brain.responses == pytest.approx(latent @ brain.mixing + brain.intercept)
    spread = brain.responses.std(axis=0)
    assert spread == pytest.approx(brain.responses.mean(axis=0))
    assert spread.max() == pytest.approx(0.8, rel=0.01)
    assert spread.mean() == pytest.approx(0.4, rel=0.01)


def test_the_evoked_part_is_the_convolved_design_and_nothing_else(latent):
    with_signal, _ = run_of(brain_of(latent, signal=2.0))
    without, _ = run_of(brain_of(latent, signal=0.0))
    brain = brain_of(latent, signal=2.0)
    stick = np.zeros((9600 * 2, 40))
    for trial, onset in enumerate(ONSETS):
        stick[round(onset * 100) : round((onset + 2) * 100), trial] = 1
    peak = np.convolve(canonical_hrf(TIMES), np.ones(200)).max()
    bold = np.array([np.convolve(canonical_hrf(TIMES), stick[:, k])[: 96 * 200 : 200] for k in range(40)]).T / peak
    expected = bold @ brain.responses[ORDER] / 100 * brain.baseline
    difference = with_signal[brain.mask].T.astype(float) - without[brain.mask].T
    assert np.abs(difference - expected).max() < 1.5  # both are rounded to whole units


def test_least_squares_recovers_the_responses(latent):
    quiet = {"tsnr": 1e5, "drift_percent": 0.0, "motion_percent_per_mm": 0.0, "signal": 3.0}
    brain = brain_of(latent, **quiet)
    data, _ = run_of(brain)
    design = np.c_[trial_response(np.arange(96)[:, None] * 2.0 - ONSETS, 2.0), np.ones(96)]
    weights = np.linalg.lstsq(design, data[brain.mask].T.astype(float), rcond=None)[0]
    percent = 100 * weights[:-1] / weights[-1]
    assert np.corrcoef(percent.ravel(), brain.responses[ORDER].ravel())[0, 1] > 0.99


def test_without_signal_the_order_of_the_stimuli_leaves_no_trace(latent):
    brain = brain_of(latent, signal=0.0)
    assert (brain.responses == 0).all()
    assert (run_of(brain)[0] == run_of(brain, order=ORDER[::-1])[0]).all()
    moved = run_of(brain_of(latent, signal=0.6), order=ORDER[::-1])[0]
    assert (moved != run_of(brain_of(latent, signal=0.6))[0]).any()


def test_intensities_look_like_a_scanner(latent):
    brain = brain_of(latent)
    data, motion = run_of(brain, motion_fd_mm=0.2)
    inside = data[brain.mask].astype(float)
    assert data.dtype == np.int16
    assert motion.shape == (96, 6)
    assert inside.mean() == pytest.approx(1000, rel=0.05)
    assert 50 < np.median(inside.mean(axis=1) / inside.std(axis=1)) < 80
    air = data[~brain.mask]
    assert 10 < air.mean() < 30
    assert air.min() >= 0
    # The mask is what is brighter than the mean of the image.
    volume = data.mean(axis=3)
    assert ((volume > volume.mean()) == brain.mask).all()


def test_motion_explains_what_it_was_put_into(latent):
    brain = brain_of(latent, signal=0.0, drift_percent=0.0, motion_percent_per_mm=20.0)
    data, motion = run_of(brain, motion_fd_mm=0.5)
    series = data[brain.mask].T.astype(float)
    design = np.c_[np.ones(96), motion]
    residual = series - design @ np.linalg.lstsq(design, series, rcond=None)[0]
    assert np.median(residual.var(axis=0) / series.var(axis=0)) < 0.2
