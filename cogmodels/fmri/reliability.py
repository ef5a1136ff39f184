"""How much of a voxel's response is signal: noise ceiling, agreement of halves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cogmodels.errors import DataError


@dataclass(frozen=True)
class NoiseCeiling:
    """Per voxel (n_voxels,): ``ncsnr``, standard deviation of the signal over that of the noise; ``ceiling``, percent
    of the variance of a mean of ``n_averaged`` trials that a model can explain."""

    ncsnr: np.ndarray
    ceiling: np.ndarray
    n_averaged: float


def noise_ceiling(betas: np.ndarray, stimuli: np.ndarray, *, n_averaged: float = 1.0) -> NoiseCeiling:
    """Noise ceiling of the Natural Scenes Dataset (Allen et al. 2022, Nature Neuroscience 25, 116-126).

    The noise variance is that of repeats about their stimulus' mean, averaged over stimuli; the signal variance is what
    stimuli vary beyond it: ``ceiling = 100 ncsnr^2 / (ncsnr^2 + 1 / n_averaged)``. Signal variance is estimated without
    bias also from few stimuli and unequal numbers of repeats (one-way analysis of variance); with many stimuli it is
    NSD's "total less noise".

    Parameters
    ----------
    betas : (n_trials, n_voxels) float
        Bring sessions to one scale first (z-score within a session), or their differences count as signal or noise.
    stimuli : (n_trials,)
        Which stimulus each trial showed. Stimuli shown once tell nothing of the noise; they are left out.
    n_averaged : float
        Trials averaged where the ceiling is to be used.

    Returns
    -------
    NoiseCeiling
        0 where the signal variance comes out below 0, or a voxel does not vary.

    Raises
    ------
    DataError
        Shapes that do not fit, values that are not finite, or fewer than two stimuli with repeats.
    """
    betas, groups = _check(betas, stimuli)
    if not n_averaged > 0:
        raise DataError(f"a mean of {n_averaged} trials", where="noise ceiling", remedy="Give a number above 0")
    counts = np.bincount(groups)
    kept = counts[groups] > 1
    betas, groups = betas[kept], np.unique(groups[kept], return_inverse=True)[1]
    counts = np.bincount(groups)
    if len(counts) < 2:
        raise DataError(
            f"{len(counts)} stimuli were shown more than once",
            where="noise ceiling",
            remedy="Repeat two stimuli or more; without repeats there is no noise ceiling",
        )
    means = _means(betas, groups, counts)
    n, k = len(betas), len(counts)
    within = ((betas - means[groups]) ** 2).sum(axis=0) / (n - k)
    between = (counts[:, None] * (means - betas.mean(axis=0)) ** 2).sum(axis=0) / (k - 1)
    repeats = (n - (counts**2).sum() / n) / (k - 1)
    signal = np.maximum((between - within) / repeats, 0)
    size = np.abs(betas).max(axis=0) ** 2
    varies = within > 1e-12 * size
    # Signal without any noise has no finite ratio: it is cut off where float32 would be.
    ncsnr = np.where(varies, np.sqrt(signal / np.where(varies, within, 1)), np.where(signal > 1e-12 * size, 1e6, 0))
    return NoiseCeiling(ncsnr, 100 * ncsnr**2 / (ncsnr**2 + 1 / n_averaged), n_averaged)


def split_half_reliability(
    betas: np.ndarray,
    stimuli: np.ndarray,
    *,
    runs: np.ndarray | None = None,
    n_splits: int = 20,
    seed: int = 0,
    corrected: bool = True,
) -> np.ndarray:
    """Correlation over stimuli of mean responses in one half of the repeats with those in the other.

    Parameters
    ----------
    betas : (n_trials, n_voxels) float
    stimuli : (n_trials,)
    runs : (n_trials,), optional
        With it there is one split, of odd from even runs: noise that trials of a run share is then in one half only.
        Otherwise each stimulus' repeats are split at random.
    n_splits, seed : int
        Random splits, and their seed; coefficients are averaged over splits.
    corrected : bool
        Bring the mean coefficient to the reliability of the mean of all repeats, 2 r / (1 + r) (Spearman 1910; Brown
        1910).

    Returns
    -------
    reliability : (n_voxels,) float
        0 where a half does not vary.

    Raises
    ------
    DataError
        Shapes that do not fit, values that are not finite, or fewer than three stimuli in both halves.
    """
    betas, groups = _check(betas, stimuli)
    halves = []
    if runs is not None:
        runs = np.asarray(runs)
        if runs.shape != groups.shape:
            raise DataError(
                f"{runs.size} runs for {groups.size} trials", where="split-half reliability", remedy="Give one a trial"
            )
        halves.append(np.unique(runs, return_inverse=True)[1] % 2)
    else:
        rng = np.random.default_rng(seed)
        for _ in range(n_splits):
            order = rng.permutation(len(groups))
            place = np.empty(len(groups), dtype=int)
            # The rank of a trial among the shuffled repeats of its stimulus: even ranks are one half.
            shuffled = order[np.argsort(groups[order], kind="stable")]
            starts = np.searchsorted(groups[shuffled], np.arange(groups.max() + 1))
            place[shuffled] = np.arange(len(groups)) - starts[groups[shuffled]]
            halves.append(place % 2)
    total = np.zeros(betas.shape[1])
    for half in halves:
        counts = np.stack([np.bincount(groups[half == side], minlength=groups.max() + 1) for side in (0, 1)])
        both = (counts > 0).all(axis=0)
        if both.sum() < 3:
            raise DataError(
                f"{int(both.sum())} stimuli are in both halves",
                where="split-half reliability",
                remedy="Repeat three stimuli or more; by runs, show them in odd and even ones",
            )
        sides = [_means(betas[half == side], groups[half == side], counts[side])[both] for side in (0, 1)]
        total += correlate_columns(*sides)
    mean = total / len(halves)
    return 2 * mean / (1 + np.maximum(mean, -0.999)) if corrected else mean


def correlate_columns(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson correlation (k,) of each column of (n, k) with its fellow; 0 where one does not vary."""
    first, second = (np.asarray(values, dtype=float) for values in (first, second))
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    size = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    return np.where(size > 0, (first * second).sum(axis=0) / np.where(size > 0, size, 1), 0)


def _means(betas, groups, counts):
    """Mean (n_stimuli, n_voxels) of each stimulus' trials; 0 for those without."""
    sums = np.zeros((len(counts), betas.shape[1]))
    np.add.at(sums, groups, betas)
    return sums / np.maximum(counts, 1)[:, None]


def _check(betas, stimuli):
    betas, stimuli = np.asarray(betas, dtype=float), np.asarray(stimuli)
    if betas.ndim != 2 or not betas.size or stimuli.shape != (len(betas),) or not np.isfinite(betas).all():
        raise DataError(
            f"betas of shape {betas.shape} with {stimuli.size} stimuli, {int((~np.isfinite(betas)).sum())} values not "
            "finite",
            where="reliability",
            remedy="Give finite trials x voxels and one stimulus for each trial",
        )
    return betas, np.unique(stimuli, return_inverse=True)[1]
