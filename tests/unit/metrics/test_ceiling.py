"""Noise ceilings where signal and noise are known."""

import numpy as np
import pytest

from cogmodels.metrics.ceiling import signal_and_noise, simulate_measurement

SIGNAL = np.diag([4.0, 1.0, 0.0])
NOISE = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 2.0]])


def trials(signal, repeats=3, stimuli=4000, seed=0):
    rng = np.random.default_rng(seed)
    true = rng.multivariate_normal(np.zeros(3), signal, stimuli)
    values = np.repeat(true, repeats, axis=0) + rng.multivariate_normal(np.zeros(3), NOISE, stimuli * repeats)
    return values, np.repeat([f"s{index}" for index in range(stimuli)], repeats)


def test_known_covariances_are_recovered():
    signal, noise, repeats = signal_and_noise(*trials(SIGNAL))
    np.testing.assert_allclose(signal, SIGNAL, atol=0.35)
    np.testing.assert_allclose(noise, NOISE, atol=0.1)
    assert repeats == pytest.approx(3.0)


def test_noise_alone_leaves_almost_no_signal():
    signal, _, _ = signal_and_noise(*trials(np.zeros((3, 3)), stimuli=500))
    assert np.trace(signal) < 0.1
    assert np.linalg.eigvalsh(signal).min() > -1e-12


def test_stimuli_shown_once_are_left_out():
    values, names = trials(SIGNAL, stimuli=50)
    more = np.vstack([values, np.full((1, 3), 1e6)])
    first, second = signal_and_noise(values, names), signal_and_noise(more, np.append(names, "once"))
    np.testing.assert_allclose(first[0], second[0])
    with pytest.raises(ValueError, match="two stimuli"):
        signal_and_noise(values[:2], np.array(["a", "b"]))


def test_measurements_have_the_noise_of_averaged_repeats():
    true, measured = simulate_measurement(SIGNAL, NOISE, 4.0, 20000, np.random.default_rng(0))
    np.testing.assert_allclose(np.cov(true, rowvar=False), SIGNAL, atol=0.1)
    np.testing.assert_allclose(np.cov(measured - true, rowvar=False), NOISE / 4, atol=0.03)
