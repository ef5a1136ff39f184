"""Responses a trial of simulated subjects: smooth maps, a warped latent vector, voxels that are not linear, noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cogmodels.errors import DataError

#: Cosines that a smooth map is the sum of (random Fourier features; Rahimi & Recht 2007).
_WAVES = 100
#: What voxels make of their drive x (mean 0, variance 1): x, max(x, 0), tanh(2 x); a third of the voxels each.
CURVES = ("linear", "rectified", "saturating")
_CELLS = 2_000_000


@dataclass(frozen=True)
class Population:
    """Voxels of one subject, in the order of rows on a sheet.

    ``place`` (n_voxels, 2) on the sheet, 0 to 1; ``weights`` (n_voxels, d) on the subject's warped latent vector;
    ``curve`` (n_voxels,) index into ``CURVES``; ``ncsnr`` (n_voxels,) standard deviation of the signal over that of the
    noise, which is 1; ``responses`` (n_stimuli, n_voxels) float32, noise-free, mean 0 and standard deviation ``ncsnr``
    over all stimuli; ``loadings`` (n_voxels, factors) of the noise that voxels have in common.
    """

    place: np.ndarray
    weights: np.ndarray
    curve: np.ndarray
    ncsnr: np.ndarray
    responses: np.ndarray
    loadings: np.ndarray


def draw_population(
    latent: np.ndarray,
    *,
    common: np.random.Generator,
    rng: np.random.Generator,
    voxels: int,
    signal: float = 1.0,
    ncsnr_mean: float = 0.45,
    ncsnr_shape: float = 4.0,
    common_maps: float = 0.5,
    map_scale: float = 0.15,
    voxel_share: float = 0.3,
    warp: float = 0.5,
    noise_factors: int = 20,
    common_noise: float = 0.3,
) -> Population:
    """Draw one subject's voxels.

    With z the latent vector of a stimulus, the subject's is u = z + warp s tanh(z A) B, where A and B are random, and s
    brings each dimension to the spread that z has there. Voxel v is driven by x = w_v u, scaled to variance 1 over
    stimuli, and answers ncsnr_v g_v(x), g_v one of ``CURVES``, again scaled to mean 0 and variance 1. A voxel's weights
    are the values, at its place, of one smooth random map a dimension, partly the same in all subjects and partly the
    subject's, and a part of its own.

    Parameters
    ----------
    latent : (n_stimuli, d) float
    common, rng : numpy Generator
        Of the maps that subjects share (the same state for all of them), and of the subject.
    voxels : int
        At least 4.
    signal, ncsnr_mean, ncsnr_shape, common_maps, map_scale, voxel_share, warp, noise_factors, common_noise
        See :class:`cogmodels.config.betas.BetasSimulation`.

    Raises
    ------
    DataError
        A latent dimension that does not vary.
    """
    latent = np.asarray(latent, dtype=np.float64)
    dimensions, spread = latent.shape[1], latent.std(axis=0)
    if not (spread > 0).all():
        raise DataError(
            f"latent dimension {int(np.argmin(spread))} does not vary over {len(latent)} stimuli",
            where="simulation of betas",
            remedy="Lower `latent_dimensions`, or show more images",
        )
    place = _sheet(voxels, rng)
    shared = _smooth_maps(place, dimensions, map_scale, common)
    mixed = np.sqrt(common_maps) * shared + np.sqrt(1 - common_maps) * _smooth_maps(place, dimensions, map_scale, rng)
    own = rng.standard_normal((voxels, dimensions))
    weights = np.sqrt(1 - voxel_share) * mixed + np.sqrt(voxel_share) * own
    bent = np.tanh(latent / spread @ rng.standard_normal((dimensions, dimensions)) / np.sqrt(dimensions))
    bent = _standard(bent @ rng.standard_normal((dimensions, dimensions)))
    drive = _standard((latent + warp * spread * bent) @ weights.T)
    curve = rng.integers(0, len(CURVES), voxels)
    bends = (lambda x: x, lambda x: np.maximum(x, 0), lambda x: np.tanh(2 * x))
    for k, bend in enumerate(bends):
        drive[:, curve == k] = bend(drive[:, curve == k])
    ncsnr = signal * rng.gamma(ncsnr_shape, ncsnr_mean / ncsnr_shape, voxels)
    loadings = _smooth_maps(place, noise_factors, map_scale, rng)
    norm = np.sqrt((loadings**2).sum(axis=1, keepdims=True)) if noise_factors else 1.0
    loadings = np.sqrt(common_noise) * loadings / norm
    return Population(place, weights, curve, ncsnr, (_standard(drive) * ncsnr).astype(np.float32), loadings)


def simulate_session(
    population: Population, order: np.ndarray, *, rng: np.random.Generator, session_shift: float = 0.3
) -> Iterator[np.ndarray]:
    """Responses of a session in pieces (n, n_voxels) float32, one row a trial, in the order of the trials.

    Parameters
    ----------
    population : Population
    order : (n_trials,) int
        Stimulus of each trial.
    rng : numpy Generator
        Of the session.
    session_shift : float
        Standard deviation of voxels' means over sessions, in standard deviations of their noise.
    """
    voxels, factors = population.loadings.shape
    shift = session_shift * rng.standard_normal(voxels)
    own = np.sqrt(1 - (population.loadings**2).sum(axis=1))
    step = max(1, _CELLS // voxels)
    for first in range(0, len(order), step):
        mine = order[first : first + step]
        noise = own * rng.standard_normal((len(mine), voxels))
        noise += rng.standard_normal((len(mine), factors)) @ population.loadings.T
        yield (population.responses[mine] + noise + shift).astype(np.float32)


def stimuli_seen(split: np.ndarray, *, subjects: int, shared: int, own: int, rng: np.random.Generator) -> np.ndarray:
    """Which stimuli each subject sees (subjects, n_stimuli), bool: all test stimuli, ``shared`` of training, ``own``
    training stimuli that nobody else sees.

    Raises
    ------
    DataError
        Too few training stimuli.
    """
    train = rng.permutation(np.flatnonzero(split == "train"))
    if shared + subjects * own > len(train):
        raise DataError(
            f"{shared} shared and {subjects} x {own} own training stimuli, there are {len(train)}",
            where="simulation of betas",
            remedy="Lower `shared` or `own`, or show more images",
        )
    seen = np.tile(split == "test", (subjects, 1))
    for subject in range(subjects):
        first = shared + subject * own
        seen[subject, np.concatenate([train[:shared], train[first : first + own]])] = True
    return seen


def _sheet(voxels: int, rng: np.random.Generator) -> np.ndarray:
    """Places on a square grid, row by row, each moved at random within its cell."""
    side = int(np.ceil(np.sqrt(voxels)))
    row, column = np.divmod(np.arange(voxels), side)
    rows = int(np.ceil(voxels / side))
    return (np.stack([row, column], axis=1) + rng.uniform(0, 1, (voxels, 2))) / [rows, side]


def _smooth_maps(place: np.ndarray, count: int, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Values (n_places, count) of Gaussian maps of mean 0, variance 1 and correlation exp(-distance^2 / 2 scale^2)."""
    wave, phase = rng.standard_normal((2, _WAVES)) / scale, rng.uniform(0, 2 * np.pi, _WAVES)
    amplitudes = rng.standard_normal((_WAVES, count)) * np.sqrt(2 / _WAVES)
    return np.cos(place @ wave + phase) @ amplitudes


def _standard(values: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and variance 1; one that does not vary becomes 0."""
    values = values - values.mean(axis=0)
    spread = values.std(axis=0)
    return values / np.where(spread > 0, spread, 1.0)
