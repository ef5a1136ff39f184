"""Covariances of epochs on the manifold of positive definite matrices: means, tangent vectors, alignment of people.

Definitions after Barachant et al. (2013, Neurocomputing 112, 172-178), He & Wu (2020, IEEE TBME 67, 399-410) and Zanini
et al. (2018, IEEE TBME 65, 1107-1116).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cogmodels.decoding.models.lda import ledoit_wolf
from cogmodels.errors import DataError

#: Directions with less of the largest variance are no signal but a projection (average reference): they become 0.
RANK_TOLERANCE = 1e-9


def covariances(values: np.ndarray, *, shrink: bool = True) -> np.ndarray:
    """Covariance (n, channels, channels) over the times of each trial (n, channels, times), float64.

    ``shrink``: towards the mean variance times identity, by Ledoit & Wolf (2004), which makes each one invertible.
    """
    centred = values.astype(np.float64)
    centred = centred - centred.mean(axis=-1, keepdims=True)
    found = centred @ centred.transpose(0, 2, 1) / values.shape[-1]
    if shrink:
        eye = np.eye(values.shape[1])
        for index, one in enumerate(centred):
            amount, level = ledoit_wolf(one.T)
            found[index] = (1 - amount) * found[index] + amount * level * eye
    return found


def matrix_function(matrices: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """A function of symmetric matrices (..., c, c), by their eigenvalues."""
    values, vectors = np.linalg.eigh(matrices)
    return (vectors * function(values)[..., None, :]) @ np.swapaxes(vectors, -1, -2)


def inverse_root(matrix: np.ndarray) -> np.ndarray:
    """Symmetric inverse square root of a positive matrix (c, c); directions without variance stay 0.

    Raises
    ------
    DataError
        No variance at all.
    """
    top = float(np.linalg.eigvalsh(matrix)[-1])
    if not top > 0:
        raise DataError("the signals have no variance", where="covariance of epochs", remedy="Check the recording")
    floor = RANK_TOLERANCE * top
    return matrix_function(matrix, lambda v: np.where(v > floor, 1 / np.sqrt(np.maximum(v, floor)), 0.0))


def geometric_mean(matrices: np.ndarray, *, tolerance: float = 1e-8, iterations: int = 50) -> np.ndarray:
    """Affine-invariant mean (c, c) of positive definite matrices (n, c, c): the least squared distances to all.

    Fixed-point iteration (Moakher 2005, SIAM J Matrix Anal 26, 735-747) from the arithmetic mean, until the norm of the
    mean tangent vector falls below ``tolerance``.
    """
    mean = matrices.mean(axis=0)
    for _ in range(iterations):
        root, inverse = matrix_function(mean, np.sqrt), matrix_function(mean, lambda v: 1 / np.sqrt(v))
        step = matrix_function(inverse @ matrices @ inverse, np.log).mean(axis=0)
        mean = root @ matrix_function(step, np.exp) @ root
        mean = (mean + mean.T) / 2
        if np.linalg.norm(step) < tolerance:
            break
    return mean


def tangent_vectors(matrices: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Upper triangles (n, c (c + 1) / 2) of log(R^-1/2 C R^-1/2) of matrices C (n, c, c) at the reference R (c, c).

    Off-diagonal entries are multiplied by sqrt(2), so that a vector's length is the affine-invariant distance of its
    matrix from the reference.
    """
    inverse = matrix_function(reference, lambda v: 1 / np.sqrt(v))
    logs = matrix_function(inverse @ matrices @ inverse, np.log)
    rows, columns = np.triu_indices(reference.shape[0])
    return logs[:, rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2))


def align(values: np.ndarray, method: str) -> np.ndarray:
    """Trials (n, channels, times) of one person, recentred by their mean covariance, in its units; no labels are used.

    ``euclidean``: the arithmetic mean of X X' / times (He & Wu), whose mean becomes the identity; ``riemannian``: the
    geometric mean of the shrunk covariances (Zanini et al.).

    Raises
    ------
    DataError
        Signals without variance.
    """
    signals = values.astype(np.float64)
    if method == "euclidean":
        mean = (signals @ signals.transpose(0, 2, 1)).mean(axis=0) / values.shape[-1]
    elif method == "riemannian":
        mean = geometric_mean(covariances(signals), tolerance=1e-6)
    else:
        raise ValueError(f"unknown alignment {method!r}")
    return (inverse_root(mean) @ signals).astype(values.dtype)
