"""Whitening against its definition and scikit-learn."""

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from cogmodels.eeg.whitening import fit_whitener, whiten
from cogmodels.errors import DataError

N_CHANNELS = 12


def trials(seed: int = 0, *, n: int = 60, n_times: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two conditions in correlated noise; test trials have a noise of their own."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    train = np.arange(n) < n // 2
    mixing = rng.normal(0, 1, (2, N_CHANNELS, N_CHANNELS))
    noise = np.einsum("nij,njt->nit", mixing[train.astype(int)], rng.normal(0, 3, (n, N_CHANNELS, n_times)))
    signal = rng.normal(0, 2, (2, N_CHANNELS, 1)) * np.sin(np.linspace(0, 3, n_times))
    return noise + signal[labels], labels, train


def averaged_covariance(values: np.ndarray, labels: np.ndarray, estimator: str) -> np.ndarray:
    """Mean covariance by plain loops."""
    if estimator == "epoch":
        return np.mean([np.cov(trial, bias=True) for trial in values], axis=0)
    parts = [np.cov(values[labels == label][:, :, t].T, bias=True) for label in (0, 1) for t in range(values.shape[2])]
    return np.mean(parts, axis=0)


@pytest.mark.parametrize("estimator", ["epoch", "time"])
def test_whitened_training_covariance_is_identity_and_that_of_test_trials_is_not(estimator):
    values, labels, train = trials()
    whitened, _ = whiten(values, train, labels, estimator=estimator, shrinkage=0.0)
    identity = np.eye(N_CHANNELS)
    after = averaged_covariance(whitened[train], labels[train], estimator)
    np.testing.assert_allclose(after, identity, atol=1e-6)
    assert np.abs(averaged_covariance(whitened[~train], labels[~train], estimator) - identity).max() > 0.5


@pytest.mark.parametrize("estimator", ["epoch", "time"])
def test_shrinkage_is_that_of_ledoit_and_wolf(estimator):
    values, labels, _ = trials(n=16, n_times=25)
    found = fit_whitener(values, labels, estimator=estimator)
    if estimator == "epoch":
        sets = [trial.T for trial in values]
    else:
        sets = [values[labels == label][:, :, t] for label in (0, 1) for t in range(25)]
    peers = [LedoitWolf().fit(samples) for samples in sets]
    np.testing.assert_allclose(found.covariance, np.mean([peer.covariance_ for peer in peers], axis=0), rtol=1e-9)
    assert found.shrinkage == pytest.approx(np.mean([peer.shrinkage_ for peer in peers]))
    product = found.matrix @ found.covariance @ found.matrix
    np.testing.assert_allclose(product, np.eye(N_CHANNELS), atol=1e-6)
    np.testing.assert_allclose(found.matrix, found.matrix.T, atol=1e-12)


def test_test_trials_do_not_enter():
    values, labels, train = trials()
    _, before = whiten(values, train, labels)
    values[~train] *= 100
    _, after = whiten(values, train, labels)
    np.testing.assert_array_equal(before.matrix, after.matrix)


def test_the_mean_response_is_no_noise_under_time():
    values, labels, _ = trials()
    shifted = values + 50 * np.sin(np.arange(80))[None, None] * labels[:, None, None]
    plain, moved = (fit_whitener(v, labels, estimator="time", shrinkage=0.0) for v in (values, shifted))
    np.testing.assert_allclose(plain.covariance, moved.covariance, atol=1e-9)
    by_epoch = fit_whitener(shifted, labels, estimator="epoch", shrinkage=0.0).covariance
    assert np.trace(by_epoch) > 2 * np.trace(plain.covariance)


def test_an_average_reference_loses_a_direction_and_gains_no_noise():
    values, labels, _ = trials()
    values = values - values.mean(axis=1, keepdims=True)
    found = fit_whitener(values, labels, shrinkage=0.0)
    assert found.rank == N_CHANNELS - 1
    np.testing.assert_allclose(found.matrix @ np.ones(N_CHANNELS), 0, atol=1e-9)
    product = found.matrix @ found.covariance @ found.matrix
    np.testing.assert_allclose(product, np.eye(N_CHANNELS) - 1 / N_CHANNELS, atol=1e-6)


def test_a_channel_that_is_flat_in_one_trial_is_no_flat_channel():
    values, labels, train = trials()
    values[0, 3] = 1.0
    assert np.isfinite(whiten(values, train, labels)[0]).all()
    values[:, 3] = 1.0
    with pytest.raises(DataError, match="channel 3 does not vary"):
        whiten(values, train, labels)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"estimator": "trial"}, "estimator `trial`"),
        ({}, {"shrinkage": 1.5}, "shrinkage 1.5"),
        ({"labels": None}, {"estimator": "time"}, "0 labels for 60 trials"),
        ({"labels": np.arange(60)}, {"estimator": "time"}, "no condition has two trials"),
    ],
)
def test_impossible_settings_are_refused(change, options, message):
    values, labels, _ = trials()
    with pytest.raises(DataError, match=message):
        fit_whitener(values, change.get("labels", labels), **options)


def test_damaged_trials_are_refused():
    values, labels, train = trials()
    flat = values.copy()
    flat[:, 3] = 1.0
    with pytest.raises(DataError, match="channel 3 does not vary"):
        fit_whitener(flat, labels)
    with pytest.raises(DataError, match="0 training trials"):
        whiten(values, np.zeros(60, bool), labels)
    values[0, 0, 0] = np.nan
    with pytest.raises(DataError, match="1 values that are not finite"):
        whiten(values, train, labels)
