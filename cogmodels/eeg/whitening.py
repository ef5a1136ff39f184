"""Multivariate noise normalisation: channels weighed by their noise, correlations between them taken out.

Guggenmos, Sterzer & Cichy (2018), NeuroImage 173, 434-447: the noise covariance of single trials, shrunk after Ledoit &
Wolf and averaged, whitens all trials by its inverse square root. It is fitted on training trials alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cogmodels.errors import DataError

ESTIMATORS = ("epoch", "time")
# Directions with less of the largest variance are no noise but a projection (average reference): they become 0.
RANK_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Whitener:
    """``matrix`` (channels, channels): inverse square root of ``covariance``, symmetric. ``shrinkage``: its mean.

    ``rank``: directions that are kept; below the number of channels after an average reference or an interpolation.
    """

    matrix: np.ndarray
    covariance: np.ndarray
    shrinkage: float
    rank: int

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Whitened trials (n_trials, n_channels, n_times), without unit."""
        return np.matmul(self.matrix, values)


def fit_whitener(
    values: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    estimator: str = "epoch",
    shrinkage: float | None = None,
) -> Whitener:
    """Noise covariance of trials and its inverse square root.

    Parameters
    ----------
    values : (n_trials, n_channels, n_times) float
        Training trials, any unit.
    labels : (n_trials,), optional
        Condition of each trial; needed by ``time``, not read by ``epoch``.
    estimator : {"epoch", "time"}
        ``epoch``: covariance over the time points of each trial, averaged over trials. ``time``: covariance over the
        trials of each condition about its mean at each time point, averaged over time points and conditions.
    shrinkage : float, optional
        Towards the mean variance times identity, 0 (none) to 1; without one, Ledoit & Wolf's (2004, J Multivar Anal 88,
        365-411) of each covariance.

    Returns
    -------
    Whitener

    Raises
    ------
    DataError
        Values that are not finite; no labels, or no condition with two trials, under ``time``; one time point under
        ``epoch``; a channel without any variance; an estimator or shrinkage that does not exist.
    """
    values = np.asarray(values, dtype=np.float64)
    _check(values, labels, estimator, shrinkage)
    if estimator == "epoch":
        covariance, shrunk = _mean_covariance(values, shrinkage)
    else:
        labels = np.asarray(labels)
        found = [
            _mean_covariance(values[labels == label].transpose(2, 1, 0), shrinkage)
            for label in np.unique(labels)
            if (labels == label).sum() > 1
        ]
        covariance = np.mean([part for part, _ in found], axis=0)
        shrunk = float(np.mean([part for _, part in found]))
    from scipy.linalg import eigh

    variances, vectors = eigh(covariance)
    kept = variances > RANK_TOLERANCE * variances[-1]
    matrix = (vectors[:, kept] / np.sqrt(variances[kept])) @ vectors[:, kept].T
    return Whitener(matrix, covariance, shrunk, int(kept.sum()))


def whiten(
    values: np.ndarray,
    train: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    estimator: str = "epoch",
    shrinkage: float | None = None,
) -> tuple[np.ndarray, Whitener]:
    """Whiten all trials by the noise of the training trials.

    Parameters
    ----------
    values : (n_trials, n_channels, n_times) float
    train : (n_trials,) bool
        Trials that the covariance may be fitted on.
    labels, estimator, shrinkage
        See :func:`fit_whitener`.

    Returns
    -------
    whitened : (n_trials, n_channels, n_times) float
    whitener : Whitener

    Raises
    ------
    DataError
        As :func:`fit_whitener`; flags of another length than trials, or no training trial.
    """
    train = np.asarray(train, dtype=bool)
    if train.shape != (len(values),) or not train.any():
        raise DataError(
            f"{int(train.sum())} training trials by flags of {train.shape} for {len(values)} trials",
            where="whitening",
            remedy="Flag each trial; at least one belongs to training",
        )
    chosen = None if labels is None else np.asarray(labels)[train]
    whitener = fit_whitener(np.asarray(values)[train], chosen, estimator=estimator, shrinkage=shrinkage)
    return whitener.apply(values), whitener


def _mean_covariance(samples: np.ndarray, shrinkage: float | None) -> tuple[np.ndarray, float]:
    """Mean over sets of the shrunk covariance (channels, channels) of ``samples`` (sets, channels, samples)."""
    n_sets, p, n = samples.shape
    total, identity, shrunk = np.zeros((p, p)), 0.0, 0.0
    # One set at a time, in the same places, stays in the cache.
    part, squares = np.empty((p, n)), np.empty((p, n))
    for values in samples:
        np.subtract(values, values.mean(axis=1, keepdims=True), out=part)
        covariance = part @ part.T
        covariance /= n
        mean = covariance.trace() / p
        amount = shrinkage
        if amount is None:
            # Sums over all pairs of channels: of squared products, by sample, and of squared covariances.
            power = np.multiply(part, part, out=squares).sum(axis=0)
            squared = np.vdot(covariance, covariance)
            distance = squared / p - mean**2
            error = (power @ power / n - squared) / (p * n)
            amount = min(error, distance) / distance if distance > 0 else 0.0
        covariance *= 1 - amount
        total += covariance
        identity += amount * mean
        shrunk += amount
    return (total + identity * np.eye(p)) / n_sets, float(shrunk / n_sets)


def _check(values: np.ndarray, labels: np.ndarray | None, estimator: str, shrinkage: float | None) -> None:
    where = "whitening"
    if estimator not in ESTIMATORS or (shrinkage is not None and not 0 <= shrinkage <= 1):
        raise DataError(
            f"estimator `{estimator}`, shrinkage {shrinkage}",
            where=where,
            remedy=f"Use {' or '.join(ESTIMATORS)}, and 0 to 1 or none",
        )
    # One value that is not finite makes the sum so, in a pass without a copy.
    if values.ndim != 3 or not len(values) or not np.isfinite(values.sum()):
        raise DataError(
            f"trials of shape {values.shape}, {int((~np.isfinite(values)).sum())} values that are not finite",
            where=where,
            remedy="Give (trials, channels, times) without gaps",
        )
    if estimator == "epoch" and values.shape[2] < 2:
        raise DataError("one time point has no covariance", where=where, remedy="Use the estimator `time`")
    if estimator == "time":
        counts = [] if labels is None else np.unique(np.asarray(labels), return_counts=True)[1]
        if labels is None or len(labels) != len(values) or max(counts) < 2:
            raise DataError(
                "no condition has two trials" if labels is not None and len(labels) == len(values)
                else f"{0 if labels is None else len(labels)} labels for {len(values)} trials",
                where=where,
                remedy="Give the condition of each trial, or use the estimator `epoch`",
            )  # fmt: skip
    flat = [k for k in np.flatnonzero(np.ptp(values[0], axis=1) == 0) if np.ptp(values[:, k]) == 0]
    if flat:
        raise DataError(
            f"channel {flat[0]} does not vary ({len(flat)} such channels)",
            where=where,
            remedy="Leave out or interpolate flat channels",
        )
