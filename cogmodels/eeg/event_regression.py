"""Least squares for responses that overlap: normal equations from pairs of events, or iterations on the design."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_solve, cholesky, eigh, lapack
from scipy.sparse.linalg import lsmr

from cogmodels.eeg._deconvolution_kernels import add_gram, add_moments, add_power
from cogmodels.eeg.event_design import Layout, expanded_design, stretches
from cogmodels.errors import DataError

# A coefficient whose variance the other columns inflate more than tenfold is hardly told apart from them (Marquardt
# 1970, Technometrics 12, 591-612).
INFLATION_LIMIT = 10.0
# Eigenvalues of the scaled normal matrix below this share of the largest are zero: the solution has none of them.
RANK_TOLERANCE = 1e-10


class CollinearityWarning(UserWarning):
    """Responses that the events' timing does not separate."""


class Inflation(NamedTuple):
    """Variance inflation (columns,) of the design, to be worked out, and what it does not exceed."""

    of: Callable[[], np.ndarray]
    bound: float


Solution = tuple[np.ndarray, np.ndarray, float, Inflation, np.ndarray]


def by_iterations(
    layout: Layout, data: np.ndarray, good: np.ndarray, covered: np.ndarray, ridge: float, where: object
) -> Solution:
    """Coefficients (channels, columns), power in windows that they leave (channels,), condition, inflation (columns,:
    NaN), power (channels, 2) outside of all windows and inside.
    """
    power = np.zeros((len(data), 2))
    add_power(data, *stretches(good, covered), power)
    _check_finite(data, good, power, where)
    design = expanded_design(layout, data.shape[1])[covered]
    scale = np.asarray(design.multiply(design).sum(axis=0)).ravel()
    _check_covered(layout, scale, where)
    damp, most = np.sqrt(ridge * scale.mean()), 20 * layout.size
    solved = [lsmr(design, y, damp=damp, atol=1e-12, btol=1e-12, conlim=0, maxiter=most) for y in data[:, covered]]
    betas = np.array([solution[0] for solution in solved])
    residual = data[:, covered] - (design @ betas.T).T
    condition = float(max(solution[6] for solution in solved))
    return betas, (residual**2).sum(axis=1), condition, Inflation(partial(np.full, layout.size, np.nan), np.inf), power


def by_normal_equations(
    layout: Layout, data: np.ndarray, good: np.ndarray, covered: np.ndarray, ridge: float, where: object
) -> Solution:
    """What `by_iterations` gives, with the inflation; the design is never built."""
    gram, moments = np.zeros((layout.size, layout.size)), np.zeros((len(data), layout.size))
    power = np.zeros((len(data), 2))
    add_moments(*layout.arrays, good, data, *stretches(good, covered), moments, power)
    _check_finite(data, good, power, where)
    add_gram(*layout.arrays, good, layout.reach, gram)
    _check_covered(layout, np.diag(gram), where)
    betas, condition, inflation, penalty = _solve(gram, moments, ridge)
    # (X'X + penalty) b = X'y: what b explains follows without X'X.
    explained = (betas * moments).sum(axis=1) + penalty * (betas**2).sum(axis=1)
    _warn(layout, inflation)
    return betas, power[:, 1] - explained, condition, inflation, power


def _check_finite(data: np.ndarray, good: np.ndarray, power: np.ndarray, where: object) -> None:
    if not np.isfinite(power).all():
        raise DataError(
            f"{int((~np.isfinite(data[:, good])).sum())} values of good samples are not finite",
            where=where,
            remedy="Mark stretches without values BAD, and bad channels bad",
        )


def _check_covered(layout: Layout, diagonal: np.ndarray, where: object) -> None:
    for title, values in layout.split(diagonal[None]).items():
        empty = values[0] <= 0
        if empty.any():
            kind = layout.titles.index(title)
            column = layout.names[kind][int(np.flatnonzero(empty.any(axis=1))[0])]
            raise DataError(
                f"no good sample at {int(empty.any(axis=0).sum())} lags of events `{title}` ({column})",
                where=where,
                remedy="Leave the covariate out if it is 0 throughout, mark less as BAD, or shorten the window",
            )


def by_type(layout: Layout, inflation: Inflation) -> dict[str, np.ndarray]:
    """Inflation (columns, lags) of each event type, by its name."""
    return {name: values[0] for name, values in layout.split(inflation.of()[None]).items()}


def _inflation_of(factor: np.ndarray) -> np.ndarray:
    """Diagonal of the inverse from that of the Cholesky factor: half the work of the whole inverse."""
    inverse = np.tril(lapack.dtrtri(factor, lower=1)[0])
    return np.einsum("ij,ij->j", inverse, inverse)


def _solve(gram: np.ndarray, moments: np.ndarray, ridge: float) -> tuple[np.ndarray, float, Inflation, float]:
    """Coefficients (channels, columns), condition of the design, its inflation, and the penalty.

    ``gram`` is overwritten: fresh memory for matrices of its size would take longer than its factor.
    """
    scale = np.sqrt(np.diag(gram))
    penalty = ridge * float((scale**2).mean())
    shrink = 1 / scale
    gram *= shrink
    gram *= shrink[:, None]
    norm = np.linalg.norm(gram, 1)
    # Of a symmetric matrix, whose transpose BLAS takes as it is; what lies below the diagonal stays.
    factor, failed = lapack.dpotrf(gram.T, lower=1, clean=0, overwrite_a=1)
    reciprocal = 0.0 if failed else float(lapack.dpocon(factor, norm, uplo="L")[0])
    if reciprocal > RANK_TOLERANCE:
        # The diagonal of the inverse is below its norm, which LAPACK estimates within a factor of 3 (Higham 2002,
        # Accuracy and Stability of Numerical Algorithms, 15.3).
        inflation = Inflation(partial(_inflation_of, factor), 3 / (reciprocal * norm))
        condition = 1 / np.sqrt(reciprocal)
        if not penalty:
            betas, _ = lapack.dpotrs(factor, (moments * shrink).T, lower=1)
            return betas.T * shrink, float(condition), inflation, 0.0
        whole = _unscaled(gram, scale)
    else:
        whole = _unscaled(gram, scale)
        values, vectors = eigh(whole * shrink * shrink[:, None])
        kept = values > RANK_TOLERANCE * values[-1]
        condition = np.inf
        null = (vectors[:, ~kept] ** 2).sum(axis=1)
        inflated = np.where(null > 1e-8, np.inf, (vectors[:, kept] ** 2 / values[kept]).sum(axis=1))
        inflation = Inflation(partial(np.asarray, inflated), np.inf)
        if not penalty:
            values, vectors = eigh(whole)
            kept = values > RANK_TOLERANCE * values[-1]
            betas = (moments @ vectors[:, kept] / values[kept]) @ vectors[:, kept].T
            return betas, condition, inflation, 0.0
    factor = cholesky(whole + penalty * np.eye(len(whole)), lower=True)
    return cho_solve((factor, True), moments.T).T, float(condition), inflation, penalty


def _unscaled(factored: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The normal matrix, from what its scaled Cholesky factor has left below the diagonal."""
    lower = np.tril(factored, -1)
    return (lower + lower.T + np.eye(len(scale))) * scale * scale[:, None]


def _warn(layout: Layout, inflation: Inflation) -> None:
    if inflation.bound < INFLATION_LIMIT:
        return
    wrong = []
    for title, values in layout.split(inflation.of()[None]).items():
        for column, factors in zip(layout.names[layout.titles.index(title)], values[0], strict=True):
            if factors.max() > INFLATION_LIMIT:
                wrong.append(f"`{title}` ({column}): {factors.max():.3g}")
    if wrong:
        warnings.warn(
            "the events' timing or covariates hardly separate responses; variance is inflated up to "
            + ", ".join(wrong)
            + ". Jitter the events, drop a covariate or a type, shorten the windows, or use ridge",
            CollinearityWarning,
            stacklevel=4,
        )
