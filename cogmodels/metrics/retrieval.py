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


def top_k(similarity: np.ndarray, k: int) -> np.ndarray:
    """1 where the candidate is among the ``k`` most similar ones, else 0; ties count against it. Chance is k / m."""
    from scipy.stats import rankdata

    ahead = similarity.shape[1] - rankdata(similarity, method="min", axis=1)
    return (ahead < k).astype(np.float64)


def two_way(similarity: np.ndarray) -> np.ndarray:
    """Share of the other candidates that are less similar, ties counting one half. Chance is 0.5.

    Raises
    ------
    ValueError
        Fewer than two candidates.
    """
    from scipy.stats import rankdata

    candidates = similarity.shape[1]
    if candidates < 2:
        raise ValueError("two-way identification needs at least two candidates")
    return (rankdata(similarity, method="average", axis=1) - 1.0) / (candidates - 1)


def _unit_rows(values: np.ndarray) -> np.ndarray:
    """Rows centred and scaled to length one; a constant row becomes zeros."""
    values = np.asarray(values, dtype=np.float64)
    centred = values - values.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    floor = 1e-12 * np.sqrt(values.shape[1]) * np.abs(values).max(axis=1, keepdims=True)
    return np.divide(centred, length, out=np.zeros_like(centred), where=length > floor)
