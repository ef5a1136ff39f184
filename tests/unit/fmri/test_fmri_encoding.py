"""Encoding models of SIMULATED voxels: what is linear reaches the ceiling, noise stays at chance, bands add up."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.fmri.encoding import fit_encoding
from cogmodels.metrics.map_scores import score_summaries

FAST = {"permutations": 199, "bootstrap": 200}
NAMES = [f"s{k:03d}" for k in range(160)]


def simulated(signal=1.0, noise=1.0, weights=None, repeats=3, voxels=80, dimensions=6, seed=0):
    """Trials, responses, features: every other stimulus is held out."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(len(NAMES), dimensions))
    weights = rng.normal(size=(dimensions, voxels)) / np.sqrt(dimensions) if weights is None else weights
    shown = np.tile(np.arange(len(NAMES)), repeats)
    trials = pd.DataFrame({"stimulus": [NAMES[k] for k in shown], "run": np.repeat(range(repeats), len(NAMES))})
    trials["split"] = np.where(shown % 2, "test", "train")
    values = signal * features[shown] @ weights + noise * rng.normal(size=(len(shown), weights.shape[1]))
    return trials, values + 3, features


def scores(fit):
    return score_summaries([fit.summary], "model", unit="stimulus", bootstrap=200).set_index("metric")


def test_linear_responses_are_predicted_up_to_the_noise_ceiling():
    trials, values, features = simulated()
    fit = fit_encoding(trials, values, {"all": (NAMES, features)}, **FAST)
    found = scores(fit)
    assert found.loc["encoding_r_normalised", "value"] == pytest.approx(1, abs=0.05)
    assert found.loc["encoding_r2_normalised", "value"] == pytest.approx(1, abs=0.1)
    # Three repeats with as much signal as noise: sqrt(3 / 4), less what voxels with less signal pull it down.
    assert 0.75 < found.loc["encoding_r", "ceiling"] < 0.87
    row = found.loc["encoding_r"]
    assert row["ci_low"] < row["value"] < row["ci_high"]
    assert row["p"] == 1 / 200
    assert abs(row["chance"]) < 0.02
    assert (fit.voxels["q"] < 0.05).mean() > 0.95


def test_without_noise_the_weights_are_those_of_the_truth():
    weights = np.random.default_rng(5).normal(size=(6, 40))
    trials, values, features = simulated(noise=0, weights=weights)
    fit = fit_encoding(trials, values, {"all": (NAMES, features)}, alphas=[1e-8], **FAST)
    np.testing.assert_allclose(fit.voxels["r"], 1, atol=1e-9)
    deviation = features[::2].std(axis=0)
    np.testing.assert_allclose(fit.weights["all"], weights * deviation[:, None], rtol=1e-6)


def test_noise_is_at_chance():
    trials, values, features = simulated(signal=0, seed=3)
    fit = fit_encoding(trials, values, {"all": (NAMES, features)}, **FAST)
    row = scores(fit).loc["encoding_r"]
    assert abs(row["value"]) < 0.04
    assert row["p"] > 0.05
    assert (fit.voxels["q"] < 0.05).sum() == 0


def test_features_that_do_not_belong_to_the_stimuli_predict_nothing():
    trials, values, features = simulated(seed=4)
    other = np.random.default_rng(9).normal(size=features.shape)
    fit = fit_encoding(trials, values, {"all": (NAMES, other)}, **FAST)
    assert abs(scores(fit).loc["encoding_r", "value"]) < 0.1


def test_bands_sum_to_the_whole_and_the_empty_one_adds_nothing():
    weights = np.random.default_rng(6).normal(size=(4, 60))
    trials, values, features = simulated(weights=weights, dimensions=4, noise=0.5)
    empty = np.random.default_rng(7).normal(size=(len(NAMES), 30))
    bands = {"first": (NAMES, features[:, :2]), "second": (NAMES, features[:, 2:]), "empty": (NAMES, empty)}
    fit = fit_encoding(trials, values, bands, mixtures=30, **FAST)
    parts = fit.voxels[["r2_first", "r2_second", "r2_empty"]]
    np.testing.assert_allclose(parts.sum(axis=1), fit.voxels["r2"], atol=1e-12)
    assert abs(parts["r2_empty"].mean()) < 0.02
    # Of each voxel the share of the first two dimensions, as the weights have it.
    share = (weights[:2] ** 2).sum(axis=0) / (weights**2).sum(axis=0)
    np.testing.assert_allclose(parts["r2_first"] / fit.voxels["r2"], share, atol=0.35)
    assert np.corrcoef(parts["r2_first"] / fit.voxels["r2"], share)[0, 1] > 0.9
    names = {row["part"] for row in fit.summary}
    assert names == {"", "first", "second", "empty"}


def test_more_features_than_trials_go_by_kernels_to_the_same_weights():
    trials, values, features = simulated(voxels=12)
    wide = np.hstack([features, 1e-3 * np.random.default_rng(8).normal(size=(len(NAMES), 300))])
    by_kernel = fit_encoding(trials, values, {"all": (NAMES, wide)}, alphas=[10.0], **FAST)
    few = fit_encoding(trials, values, {"all": (NAMES, wide[:, :200])}, alphas=[10.0], **FAST)
    rows = wide[[NAMES.index(name) for name in trials["stimulus"]]]
    train = (trials["split"] == "train").to_numpy()
    for fit, width in ((by_kernel, 306), (few, 200)):
        x = rows[:, :width]
        x = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
        y = values[train] - values[train].mean(axis=0)
        expected = np.linalg.solve(x[train].T @ x[train] + 10 * np.eye(width), x[train].T @ y)
        np.testing.assert_allclose(fit.weights["all"], expected, atol=1e-5)


def test_test_trials_do_not_change_the_weights():
    trials, values, features = simulated()
    before = fit_encoding(trials, values, {"all": (NAMES, features)}, inner="run", **FAST)
    values[trials["split"] == "test"] *= -50
    after = fit_encoding(trials, values, {"all": (NAMES, features)}, inner="run", **FAST)
    np.testing.assert_array_equal(before.weights["all"], after.weights["all"])


def test_without_repeats_there_is_no_ceiling_and_no_normalised_score():
    trials, values, features = simulated(repeats=1)
    fit = fit_encoding(trials, values, {"all": (NAMES, features)}, **FAST)
    assert fit.voxels[["ceiling", "r_normalised"]].isna().all(axis=None)
    assert np.isnan(scores(fit).loc["encoding_r", "ceiling"])
    assert "encoding_r_normalised" not in scores(fit).index


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t, v, n: (t.assign(split="none"), v, n), "splits train and test"),
        (lambda t, v, n: (t.assign(split=np.where(t["run"] == 0, "train", "test")), v, n), "both train and test"),
        (lambda t, v, n: (t, v, n[:-1] + ["other"]), "no features in band"),
        (lambda t, v, n: (t, np.full_like(v, np.nan), n), "not finite"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, match):
    trials, values, features = simulated(voxels=3)
    trials, values, names = change(trials, values, list(NAMES))
    with pytest.raises(DataError, match=match):
        fit_encoding(trials, values, {"all": (names, features)}, **FAST)
