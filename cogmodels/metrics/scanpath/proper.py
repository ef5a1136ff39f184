"""A proper score of predicted distributions of scanpaths."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cogmodels.errors import DataError
from cogmodels.metrics.scanpath.paths import Scanpaths


def energy_score(to_truth: np.ndarray, among: np.ndarray, *, fair: bool = True) -> float:
    """Continuous ranked probability score over any distance: ``E d(X, y) - E d(X, X') / 2``.

    It rewards a prediction for coming near the truth and for being as varied as the truth is; the true distribution
    has the least expected score wherever the distance is of negative type (Gneiting and Raftery 2007, Journal of the
    American Statistical Association 102, 359-378, equation 20), and one tenth of a distance is one tenth of a score.

    Parameters
    ----------
    to_truth : (n_samples, n_truths) float
        Distance of each predicted scanpath to each true one.
    among : (n_samples, n_samples) float
        Distances among the predicted ones; the diagonal is not read.
    fair : bool
        Divide by the pairs of different samples, so that the score does not depend on their number (Ferro 2014,
        Quarterly Journal of the Royal Meteorological Society 140, 1917-1923); needs two samples.

    Returns
    -------
    float: the lower the better; for one sample and ``fair=False`` the mean distance.
    """
    to_truth, among = np.atleast_2d(np.asarray(to_truth, dtype=float)), np.asarray(among, dtype=float)
    n = len(to_truth)
    if among.shape != (n, n) or to_truth.size == 0 or (fair and n < 2):
        raise DataError(
            f"{n} samples, {to_truth.shape[1]} truths, distances among samples {among.shape}",
            where="energy score",
            remedy="Give (n, n_truths) and (n, n) distances, of two samples or more",
        )
    apart = among[~np.eye(n, dtype=bool)]
    if not (np.isfinite(to_truth).all() and np.isfinite(apart).all()):
        raise DataError("a distance is not finite", where="energy score", remedy="Leave undefined pairs out")
    spread = apart.sum() / (n * (n - 1) if fair else n * n)
    return float(to_truth.mean() - spread / 2)


def crps(
    metric: Callable[..., np.ndarray],
    predicted: Scanpaths,
    true: Scanpaths,
    *,
    similarity: bool,
    fair: bool = True,
) -> float:
    """:func:`energy_score` of predicted scanpaths of one stimulus against the true ones under a scanpath metric.

    Parameters
    ----------
    metric : callable
        Takes two Scanpaths and ``pairs``, returns (n_pairs,).
    predicted, true : Scanpaths
    similarity : bool
        The metric is one where more is more alike, up to 1: the distance is 1 minus it.
    """
    samples, truths = len(predicted), len(true)
    across = np.stack(np.meshgrid(np.arange(samples), np.arange(truths), indexing="ij"), -1).reshape(-1, 2)
    within = np.stack(np.meshgrid(np.arange(samples), np.arange(samples), indexing="ij"), -1).reshape(-1, 2)
    to_truth = np.asarray(metric(predicted, true, pairs=across)).reshape(samples, truths)
    among = np.asarray(metric(predicted, predicted, pairs=within)).reshape(samples, samples)
    if similarity:
        to_truth, among = 1 - to_truth, 1 - among
    return energy_score(to_truth, among, fair=fair)
