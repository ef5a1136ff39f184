"""Responses, designs, GLM and single trials, with known answers."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.linalg import toeplitz

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import filter_basis
from cogmodels.fmri.design import condition_design, dependent_columns, trial_design
from cogmodels.fmri.glm import contrast, fit_glm
from cogmodels.fmri.hrf import Hrf, hrf_library
from cogmodels.fmri.single_trials import FRACTIONS, fractional_ridge, lsa_betas, lss_betas
from cogmodels.simulate.bold import ar1_noise, canonical_hrf, trial_response

TR, VOLUMES = 2.0, 160


def events(n=24, seed=0, spacing=12.0, types=3):
    rng = np.random.default_rng(seed)
    onsets = 4 + spacing * np.arange(n) + rng.uniform(0, 3, n)
    return pd.DataFrame({"onset": onsets, "duration": 2.0, "trial_type": np.array(list("abc"))[np.arange(n) % types]})


def nuisance(seed=1, confounds=6):
    rng = np.random.default_rng(seed)
    return np.column_stack([filter_basis(VOLUMES, TR), rng.standard_normal((VOLUMES, confounds)).cumsum(axis=0)])


# -- haemodynamic responses --------------------------------------------------------------------------------------------


def test_the_canonical_response_is_that_of_spm():
    times = np.linspace(0, 40, 401)
    # The simulation's own code of the same formula.
    np.testing.assert_allclose(Hrf().impulse(times) / Hrf().peak(0), canonical_hrf(times), atol=1e-6)
    np.testing.assert_allclose(Hrf().boxcar(times, 3.0) / Hrf().peak(3.0), trial_response(times, 3.0), atol=1e-5)


@pytest.mark.parametrize("hrf", [Hrf(), Hrf(4.0, 0.7), Hrf(8.0, 1.6)])
def test_a_boxcar_is_the_integral_of_impulses(hrf):
    for time in (0.5, 4.0, 11.0, 25.0):
        expected = quad(lambda s, t=time: float(hrf.impulse(t - s)), 0, min(3.0, time), epsabs=1e-12)[0]
        assert float(hrf.boxcar(time, 3.0)) == pytest.approx(expected, abs=1e-9)


def test_derivatives_are_those_of_finite_differences():
    times = np.linspace(0.05, 30, 200)
    for duration in (0.0, 2.5):
        expected = (Hrf().respond(times + 1e-5, duration) - Hrf().respond(times - 1e-5, duration)) / 2e-5
        np.testing.assert_allclose(Hrf().onset_derivative(times, duration), expected, atol=1e-6)
    # A response with a wider first density minus the canonical one, by quadrature of the definition.
    found = Hrf().dispersion_derivative(times, 0.0)
    assert np.trapezoid(found, times) == pytest.approx(0, abs=1e-3)
    assert np.argmin(found) < np.argmin(np.abs(times - 6)) < np.argmax(found[times > 6]) + np.sum(times <= 6)


def test_the_library_holds_20_different_responses_and_the_canonical_one():
    library = hrf_library()
    assert len(library) == len(set(library)) == 20
    assert library[5] == Hrf()
    times = np.arange(0, 40, 0.1)
    curves = np.array([hrf.respond(times, 2.0) / hrf.peak(2.0) for hrf in library])
    np.testing.assert_allclose(curves.max(axis=1), 1, atol=1e-3)
    peaks = times[curves.argmax(axis=1)]
    assert peaks.min() < 5.5
    assert peaks.max() > 8.5
    correlation = np.corrcoef(curves) - np.eye(20)
    assert correlation.max() < 0.9999
    with pytest.raises(DataError, match="above 0"):
        Hrf(-1.0)


# -- designs -----------------------------------------------------------------------------------------------------------


def test_a_trial_has_its_peak_at_1():
    design = trial_design([0.0, 10.0], [2.0, 0.0], 400, 0.1)
    np.testing.assert_allclose(design.max(axis=0), 1, atol=1e-3)
    np.testing.assert_allclose(design[:, 0], trial_response(np.arange(400) * 0.1, 2.0), atol=1e-4)
    later = trial_design([0.0, 10.0], [2.0, 0.0], 400, 0.1, reference_s=0.5)
    np.testing.assert_allclose(later[:-5], design[5:], atol=1e-12)


def test_conditions_are_sums_of_their_trials():
    table = events()
    design = condition_design(table, VOLUMES, TR)
    assert list(design) == ["a", "b", "c"]
    trials = trial_design(table["onset"], table["duration"], VOLUMES, TR)
    for name in "abc":
        np.testing.assert_allclose(design[name], trials[:, table["trial_type"] == name].sum(axis=1), atol=1e-12)


def test_overlapping_events_add_up_and_longer_ones_evoke_more():
    table = pd.DataFrame({"onset": [4.0, 4.0], "duration": [2.0, 2.0], "trial_type": "a"})
    twice = condition_design(table, 40, TR)["a"]
    np.testing.assert_allclose(twice, 2 * condition_design(table[:1], 40, TR)["a"], atol=1e-12)
    table["duration"] = [1.0, 3.0]
    table["onset"] = [4.0, 40.0]
    heights = condition_design(table, 160, 0.5)["a"].to_numpy()
    assert 2 < heights[80:].max() / heights[:80].max() < 3


def test_a_modulated_regressor_and_a_finite_impulse_response():
    table = events().assign(contrast=np.arange(24.0))
    design = condition_design(table, VOLUMES, TR, modulation="contrast")
    trials = trial_design(table["onset"], table["duration"], VOLUMES, TR)
    chosen = np.flatnonzero(table["trial_type"] == "b")
    expected = trials[:, chosen] @ (chosen - chosen.mean())
    np.testing.assert_allclose(design["b_x_contrast"], expected, atol=1e-10)
    # FIR betas of a noise-free response are the response.
    table["onset"] = np.rint(table["onset"] / TR) * TR
    fir = condition_design(table, VOLUMES, TR, basis="fir", fir_lags=12)
    series = condition_design(table, VOLUMES, TR).sum(axis=1).to_numpy()[:, None]
    betas = fit_glm(series, fir.to_numpy(), dtype=np.float64).betas
    shape = Hrf().respond(np.arange(12) * TR, 2.0) / Hrf().peak(2.0)
    np.testing.assert_allclose(betas[:12, 0], shape, atol=0.05)


def test_derivatives_shift_the_response():
    table = events()
    design = condition_design(table, VOLUMES, TR, basis="derivatives").to_numpy()
    late = condition_design(table.assign(onset=table["onset"] + 0.3), VOLUMES, TR).sum(axis=1).to_numpy()[:, None]
    plain = fit_glm(late, design[:, [0, 3, 6]], dtype=np.float64)
    better = fit_glm(late, design, dtype=np.float64)
    assert better.variance[0] < 0.05 * plain.variance[0]
    # A response that comes 0.3 s later is the canonical one less 0.3 of its derivative, but for the second order.
    np.testing.assert_allclose(better.betas[1::3, 0], -0.3, atol=0.03)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"onset": [4.0, 400.0]}, "event 2 begins at 400 s, after the run"),
        ({"onset": [4.0, np.nan]}, "event 2 has onset nan"),
        ({"duration": [2.0, -1.0]}, "event 2 has onset 20.0 s and duration -1.0 s"),
        ({"duration": [2.0, 0.0]}, "last 0 s and 2 s"),
        ({"onset": [319.5, 319.9], "duration": 0.1}, "evokes no response"),
    ],
)
def test_events_that_cannot_be_are_refused(change, message):
    table = pd.DataFrame({"onset": [4.0, 20.0], "duration": [2.0, 2.0], "trial_type": "a"}).assign(**change)
    with pytest.raises(DataError, match=message):
        condition_design(table, VOLUMES, TR)
    with pytest.raises(DataError, match="without the columns trial_type"):
        condition_design(table[["onset", "duration"]], VOLUMES, TR)


def test_dependent_columns_are_named():
    rng = np.random.default_rng(2)
    design = rng.standard_normal((30, 4)) * [1, 1e6, 1e-6, 1]
    design = np.column_stack([design, design[:, 0] - design[:, 3], np.zeros(30)])
    assert dependent_columns(design) == [4, 5]
    with pytest.raises(DataError, match="columns 4, 5 of the design"):
        fit_glm(rng.standard_normal((30, 2)), design)


# -- least squares -----------------------------------------------------------------------------------------------------


def ar1_run(n_voxels=300, rho=0.4, seed=3):
    rng = np.random.default_rng(seed)
    design = np.column_stack([condition_design(events(), VOLUMES, TR).to_numpy(), nuisance()])
    betas = rng.standard_normal((design.shape[1], n_voxels))
    noise = ar1_noise(rng.standard_normal((VOLUMES, n_voxels)), np.full(n_voxels, rho))
    return design @ betas + noise, design, betas


def test_ordinary_least_squares():
    data, design, _ = ar1_run()
    fit = fit_glm(data, design, dtype=np.float64)
    expected, rss, *_ = np.linalg.lstsq(design, data, rcond=None)
    np.testing.assert_allclose(fit.betas, expected, atol=1e-10)
    np.testing.assert_allclose(fit.variance, rss / (VOLUMES - design.shape[1]), atol=1e-10)
    np.testing.assert_allclose(fit.r2, 1 - rss / ((data - data.mean(axis=0)) ** 2).sum(axis=0), atol=1e-10)


def test_ar1_betas_are_those_of_explicit_generalised_least_squares():
    data, design, _ = ar1_run(n_voxels=20)
    fit = fit_glm(data, design, noise="ar1", dtype=np.float64)
    weights = np.zeros(design.shape[1])
    weights[:2] = [1, -1]
    effect, t, _ = contrast(fit, weights)
    for voxel in range(20):
        rho = fit.rho[voxel]
        whiten = np.linalg.inv(np.linalg.cholesky(toeplitz(rho ** np.arange(VOLUMES)) / (1 - rho**2)))
        x, y = whiten @ design, whiten @ data[:, voxel]
        expected = np.linalg.lstsq(x, y, rcond=None)[0]
        np.testing.assert_allclose(fit.betas[:, voxel], expected, atol=1e-8)
        variance = ((y - x @ expected) ** 2).sum() / fit.freedom
        assert fit.variance[voxel] == pytest.approx(variance, abs=1e-8)
        error = np.sqrt(variance * weights @ np.linalg.solve(x.T @ x, weights))
        assert t[voxel] == pytest.approx(effect[voxel] / error, rel=1e-4)


@pytest.mark.parametrize("rho", [-0.3, 0.0, 0.3, 0.6])
def test_the_coefficient_of_the_noise_is_unbiased(rho):
    data, design, _ = ar1_run(rho=rho)
    fit = fit_glm(data, design, noise="ar1")
    assert fit.rho.mean() == pytest.approx(rho, abs=0.02)
    assert fit.variance.mean() == pytest.approx(1 - rho**2, rel=0.03)


def test_prewhitening_keeps_the_false_positives_at_their_rate():
    rng = np.random.default_rng(4)
    blocks = pd.DataFrame({"onset": 10 + 40.0 * np.arange(8), "duration": 20.0, "trial_type": "a"})
    design = np.column_stack([condition_design(blocks, VOLUMES, TR).to_numpy(), filter_basis(VOLUMES, TR)])
    noise = ar1_noise(rng.standard_normal((VOLUMES, 4000)), np.full(4000, 0.6))
    weights = np.eye(design.shape[1])[0]
    rates = {}
    for kind in ("ols", "ar1"):
        _, t, z = contrast(fit_glm(noise, design, noise=kind, dtype=np.float64), weights)
        rates[kind] = np.mean(np.abs(z) > 1.96)
        assert np.sign(t[0]) == np.sign(z[0])
    assert rates["ols"] > 0.1
    assert 0.04 < rates["ar1"] < 0.065


def test_voxels_without_variance_have_no_effect():
    data, design, _ = ar1_run(n_voxels=4)
    data[:, 1], data[:, 2] = 0.0, 700.0
    for noise in ("ols", "ar1"):
        fit = fit_glm(data, design, noise=noise)
        effect, t, z = contrast(fit, np.eye(design.shape[1])[0])
        assert all(np.isfinite(values).all() for values in (fit.betas, fit.variance, fit.r2, fit.rho, effect, t, z))
        assert (t[[1, 2]] == 0).all()
        np.testing.assert_allclose(effect[[1, 2]], 0, atol=1e-4)


def test_the_glm_refuses_what_it_cannot_fit():
    data, design, _ = ar1_run(n_voxels=3)
    with pytest.raises(DataError, match="no degrees of freedom"):
        fit_glm(data[:10], design[:10])
    with pytest.raises(DataError, match="as many rows"):
        fit_glm(data, design[:-1])
    data[5, 1] = np.nan
    with pytest.raises(DataError, match="not finite"):
        fit_glm(data, design)


# -- single trials -----------------------------------------------------------------------------------------------------


def trial_run(n_voxels=7, seed=5, spacing=5.0, n=50):
    rng = np.random.default_rng(seed)
    table = events(n=n, spacing=spacing, seed=seed)
    trials = trial_design(table["onset"], table["duration"], VOLUMES, TR)
    confounds = nuisance()
    truth = rng.standard_normal((n, n_voxels))
    data = 1000 + trials @ truth + confounds @ rng.standard_normal((confounds.shape[1], n_voxels))
    return data, trials, confounds, truth, table["trial_type"].to_numpy()


def test_without_noise_all_at_once_is_exact():
    data, trials, confounds, truth, _ = trial_run()
    np.testing.assert_allclose(lsa_betas(data, trials, confounds, dtype=np.float64), truth, atol=1e-8)


@pytest.mark.parametrize("by_type", [False, True])
def test_separate_betas_are_those_of_explicit_fits(by_type):
    data, trials, confounds, _, types = trial_run()
    data = data + np.random.default_rng(6).standard_normal(data.shape)
    found = lss_betas(data, trials, confounds, groups=types if by_type else None, dtype=np.float64)
    labels = types if by_type else np.zeros(len(types))
    for trial in range(trials.shape[1]):
        others = np.arange(trials.shape[1]) != trial
        sums = [trials[:, others & (labels == label)].sum(axis=1) for label in np.unique(labels)]
        design = np.column_stack([trials[:, trial], *sums, confounds])
        expected = np.linalg.lstsq(design, data, rcond=None)[0][0]
        np.testing.assert_allclose(found[trial], expected, rtol=0, atol=1e-8)


def test_a_trial_type_of_one_trial_has_no_others():
    data, trials, confounds, _, types = trial_run()
    types = types.copy()
    types[7] = "alone"
    found = lss_betas(data, trials, confounds, groups=types, dtype=np.float64)
    others = [trials[:, types == name].sum(axis=1) for name in "abc"]
    design = np.column_stack([trials[:, 7], *others, confounds])
    np.testing.assert_allclose(found[7], np.linalg.lstsq(design, data, rcond=None)[0][0], atol=1e-8)


def test_betas_in_chunks_and_in_single_precision(monkeypatch):
    data, trials, confounds, *_ = trial_run()
    for function in (lsa_betas, lss_betas):
        whole = function(data, trials, confounds)
        assert whole.dtype == np.float32
        monkeypatch.setattr("cogmodels.fmri.single_trials.CHUNK", 3)
        np.testing.assert_allclose(function(data, trials, confounds), whole, atol=1e-5)
        monkeypatch.undo()
        half = function(data, trials, confounds, dtype=np.float16)
        np.testing.assert_allclose(half, whole, rtol=1e-3, atol=1e-3)


def test_trials_that_cannot_be_told_apart_are_named():
    data, trials, confounds, *_ = trial_run()
    twice = trials.copy()
    twice[:, 9] = twice[:, 4]
    with pytest.raises(DataError, match="trial 10 cannot be told apart"):
        lsa_betas(data, twice, confounds)
    assert np.isfinite(lss_betas(data, twice, confounds)).all()
    with pytest.raises(DataError, match="nuisance holds all of the regressor of trial 3"):
        lsa_betas(data, trials, np.column_stack([confounds, trials[:, 2]]))


# -- fractional ridge --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", [1.0, 1e3])
def test_the_norm_is_the_fraction_that_was_asked_for(condition):
    rng = np.random.default_rng(7)
    left, _ = np.linalg.qr(rng.standard_normal((120, 30)))
    right, _ = np.linalg.qr(rng.standard_normal((30, 30)))
    design = left @ np.diag(np.geomspace(1, condition, 30)) @ right
    data = rng.standard_normal((120, 40))
    betas, alphas = fractional_ridge(data, design, dtype=np.float64)
    whole = np.linalg.lstsq(design, data, rcond=None)[0]
    np.testing.assert_allclose(betas[0], whole, atol=1e-10 * condition)
    ratios = np.linalg.norm(betas, axis=1) / np.linalg.norm(whole, axis=0)
    np.testing.assert_allclose(ratios, np.broadcast_to(np.array(FRACTIONS)[:, None], ratios.shape), rtol=1e-10)
    # Each is the ridge solution of its penalty.
    for f, voxel in ((3, 0), (10, 5), (19, 39)):
        expected = np.linalg.solve(design.T @ design + alphas[f, voxel] * np.eye(30), design.T @ data[:, voxel])
        np.testing.assert_allclose(betas[f, :, voxel], expected, rtol=1e-6, atol=1e-9)


def test_a_nuisance_is_not_shrunk():
    data, trials, confounds, truth, _ = trial_run()
    betas, _ = fractional_ridge(data, trials, [1.0, 0.5], nuisance=confounds, dtype=np.float64)
    np.testing.assert_allclose(betas[0], truth, atol=1e-7)
    np.testing.assert_allclose(np.linalg.norm(betas[1], axis=0), 0.5 * np.linalg.norm(truth, axis=0), rtol=1e-8)


def test_fractions_outside_of_their_range_are_refused():
    data, trials, confounds, *_ = trial_run()
    for wrong in ([0.0], [1.2], []):
        with pytest.raises(DataError, match="above 0, up to 1"):
            fractional_ridge(data, trials, wrong, nuisance=confounds)
