"""Noise ceilings from repeated measurements."""

from __future__ import annotations

import numpy as np


def signal_and_noise(values: np.ndarray, stimuli: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Covariance of what repeats of a stimulus share, and of what they do not (Kay et al. 2024, GSN, moment estimate).

    Parameters
    ----------
    values : array (n_trials, d)
    stimuli : array (n_trials,)
        Stimulus of each trial; those shown once are left out.

    Returns
    -------
    signal, noise : array (d, d)
        Positive semidefinite; the trace of ``signal`` is unbiased, or 0 where repeats share nothing.
    repeats : float
        Harmonic mean of the number of repeats.

    Raises
    ------
    ValueError
        Fewer than two stimuli with repeats.
    """
    values = np.asarray(values, dtype=np.float64)
    names, index, counts = np.unique(np.asarray(stimuli), return_inverse=True, return_counts=True)
    kept = counts[index] >= 2
    if np.count_nonzero(counts >= 2) < 2:
        raise ValueError("a noise ceiling needs at least two stimuli that were repeated")
    means = np.zeros((len(names), values.shape[1]))
    np.add.at(means, index, values)
    means /= counts[:, None]
    residual = (values - means[index])[kept]
    noise = residual.T @ residual / (kept.sum() - np.count_nonzero(counts >= 2))
    repeats = float(1.0 / np.mean(1.0 / counts[counts >= 2]))
    raw = np.atleast_2d(np.cov(means[counts >= 2], rowvar=False)) - noise / repeats
    wanted = max(0.0, float(np.trace(raw)))
    eigenvalues, vectors = np.linalg.eigh(raw)
    eigenvalues = np.maximum(eigenvalues, 0.0)
    # Clipping alone would call some noise signal: the trace is brought back to its unbiased estimate.
    eigenvalues *= wanted / eigenvalues.sum() if eigenvalues.sum() > 0 else 0.0
    return (vectors * eigenvalues) @ vectors.T, noise, repeats


def simulate_measurement(
    signal: np.ndarray, noise: np.ndarray, repeats: float, stimuli: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw true and measured vectors: two arrays (stimuli, d), the second with the noise of averaged repeats."""
    true = _draw(signal, stimuli, generator)
    return true, true + _draw(noise, stimuli, generator) / np.sqrt(repeats)


def _draw(covariance: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Gaussian vectors (count, d) of mean 0."""
    eigenvalues, vectors = np.linalg.eigh(covariance)
    scaled = vectors * np.sqrt(np.maximum(eigenvalues, 0.0))
    return generator.standard_normal((count, len(covariance))) @ scaled.T
