"""Scores of predicted feature vectors: how well they single out their own stimulus.

Each score takes a similarity matrix (n, m), row = prediction, column = candidate, and returns a matrix of the same
shape whose entry (i, j) is the score of prediction i if candidate j were the true one. With the true pairs on the
diagonal, the score is the mean of the diagonal, and a permutation of the candidates only picks other entries.
"""

from __future__ import annotations

import numpy as np


def correlation_matrix(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Pearson r (n, m) between the rows of ``predicted`` (n, d) and of ``target`` (m, d); constant rows give 0."""
    return _unit_rows(predicted) @ _unit_rows(target).T


def cosine_matrix(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Cosine (n, m) between the rows of ``predicted`` (n, d) and of ``target`` (m, d); rows of zeros give 0."""
    return _scaled_rows(np.asarray(predicted, np.float64)) @ _scaled_rows(np.asarray(target, np.float64)).T


def candidates_ahead(similarity: np.ndarray) -> np.ndarray:
    """Number (n, m) of the other candidates of a row that are at least as similar."""
    return similarity.shape[1] - _ranks(similarity)[0]


def top_k(similarity: np.ndarray, k: int) -> np.ndarray:
    """1 where the candidate is among the ``k`` most similar ones, else 0; ties count against it. Chance is k / m."""
    return (candidates_ahead(similarity) < k).astype(np.float64)


def top_k_of_pool(ahead: np.ndarray, k: int, pool: int) -> np.ndarray:
    """Probability that a candidate is among the ``k`` most similar ones of ``pool`` drawn at random, itself among them.

    What a mean over draws of smaller pools (MindEye: 30 draws of 300) estimates, without the noise of the draws: the
    hypergeometric probability that fewer than ``k`` of those ahead are drawn. Chance is k / pool.

    Parameters
    ----------
    ahead : (n, m) float
        Of :func:`candidates_ahead`.
    k, pool : int

    Raises
    ------
    ValueError
        A pool larger than the m candidates.
    """
    from scipy.stats import hypergeom

    candidates = ahead.shape[1]
    if pool > candidates:
        raise ValueError(f"a pool of {pool} cannot be drawn from {candidates} candidates")
    by_rank = hypergeom.cdf(k - 1, candidates - 1, np.arange(candidates), pool - 1)
    return by_rank[ahead.astype(int)]


def two_way(similarity: np.ndarray) -> np.ndarray:
    """Share of the other candidates that are less similar, ties counting one half. Chance is 0.5.

    Raises
    ------
    ValueError
        Fewer than two candidates.
    """
    candidates = similarity.shape[1]
    if candidates < 2:
        raise ValueError("two-way identification needs at least two candidates")
    lowest, highest = _ranks(similarity)
    return ((lowest + highest) / 2 - 1.0) / (candidates - 1)


def _ranks(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest rank (n, m), from 1, that a value shares with its equals in its row; NaN in a row with NaN.

    As scipy.stats has them, the import of which takes longer than the work of most jobs that score.
    """
    values = np.asarray(values)
    order = np.argsort(values, axis=1, kind="stable")
    ordered, places = np.take_along_axis(values, order, axis=1), np.arange(values.shape[1])
    rises = ordered[:, 1:] != ordered[:, :-1]
    edge = np.ones((len(values), 1), dtype=bool)
    first = np.maximum.accumulate(np.where(np.hstack([edge, rises]), places, 0), axis=1)
    last = np.where(np.hstack([rises, edge]), places, values.shape[1])
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    found = np.empty((2, *values.shape))
    for ranks, ends in zip(found, (first, last), strict=True):
        np.put_along_axis(ranks, order, ends + 1.0, axis=1)
        ranks[np.isnan(values).any(axis=1)] = np.nan
    return found[0], found[1]


def _unit_rows(values: np.ndarray) -> np.ndarray:
    """Rows centred and scaled to length one; a constant row becomes zeros."""
    values = np.asarray(values, dtype=np.float64)
    centred = values - values.mean(axis=1, keepdims=True)
    floor = 1e-12 * np.sqrt(values.shape[1]) * np.abs(values).max(axis=1, keepdims=True)
    return _scaled_rows(centred, floor)


def _scaled_rows(values: np.ndarray, floor: np.ndarray | float = 0.0) -> np.ndarray:
    """Rows scaled to length one; those no longer than ``floor`` become zeros."""
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return np.divide(values, length, out=np.zeros_like(values), where=length > floor)
