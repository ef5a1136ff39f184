"""General linear model of a run: ordinary and generalised least squares, contrasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.linalg import solve_triangular

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import CHUNK
from cogmodels.fmri.design import dependent_columns

# Beyond this, what looks like AR(1) noise is drift that the design does not hold.
LARGEST_RHO = 0.95


@dataclass(frozen=True)
class Glm:
    """``betas`` (n_regressors, n_voxels); per voxel ``variance`` of the noise, ``r2`` about the mean, ``rho`` (0
    without prewhitening); ``freedom`` of the residuals; ``design`` (n_volumes, n_regressors)."""

    betas: np.ndarray
    variance: np.ndarray
    r2: np.ndarray
    rho: np.ndarray
    freedom: int
    design: np.ndarray


def fit_glm(data: np.ndarray, design: np.ndarray, *, noise: str = "ols", dtype: type = np.float32) -> Glm:
    """Fit a design to each voxel of one run.

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
    design : (n_volumes, n_regressors) float
        All of it: conditions, confounds, drift and mean.
    noise : str
        ``ols``: independent; ``ar1``: each voxel has a first-order autoregressive coefficient of its own, estimated
        from the residuals with the expected of Worsley et al. (2002, NeuroImage 15, 1-15) for what the design takes
        from them, and the exact likelihood's whitening.
    dtype : type
        Of betas and maps.

    Returns
    -------
    Glm
        Betas of a voxel that does not vary are 0 but for what models its mean.

    Raises
    ------
    DataError
        Shapes that do not fit, values that are not finite, a design without full rank, or no degrees of freedom left.

    Notes
    -----
    With AR(1) noise the normal equations of a voxel are a polynomial of degree 2 in its coefficient, diagonal for all
    voxels in one basis but for two terms: nothing is whitened or factorised voxel by voxel.
    """
    design = check_design(data, design)
    n, p = design.shape
    if noise not in ("ols", "ar1"):
        raise DataError(f"`{noise}` is no model of noise", where="GLM", remedy="Give ols or ar1")
    inverse = np.linalg.pinv(design) if noise == "ols" else None
    equations = _Equations(design) if noise == "ar1" else None
    expected = _expected_ratios(equations.basis) if noise == "ar1" else None
    v = data.shape[1]
    betas = np.empty((p, v), dtype=dtype)
    variance, r2, rho = (np.zeros(v, dtype=dtype) for _ in range(3))
    for first in range(0, v, CHUNK):
        part = np.asarray(data[:, first : first + CHUNK], dtype=np.float64)
        here = slice(first, first + part.shape[1])
        if equations is None:
            found = inverse @ part
            residual = part - design @ found
        else:
            weights, residual = equations.fit(part)
        rss = (residual**2).sum(axis=0)
        centred = ((part - part.mean(axis=0)) ** 2).sum(axis=0)
        # Rounding apart: a voxel without variance has none to explain.
        varies = centred > 1e-12 * (part**2).sum(axis=0)
        r2[here] = np.where(varies, 1 - rss / np.where(varies, centred, 1), 0)
        if noise == "ar1":
            rho[here] = coefficient = _lag_one(residual, rss, varies, expected)
            found, rss = equations.solve(weights, residual, coefficient)
        betas[:, here] = found
        variance[here] = np.where(varies, rss, 0) / (n - p)
    return Glm(betas, variance, r2, rho, n - p, design)


def contrast(fit: Glm, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Effect of a weighted sum of regressors, its t and its z value.

    Parameters
    ----------
    fit : Glm
    weights : (n_regressors,) float

    Returns
    -------
    effect, t, z : (n_voxels,) float
        t has ``fit.freedom`` degrees of freedom; 0 where the voxel has no variance.

    Raises
    ------
    DataError
        As `contrast_variance`.
    """
    effect, variance = contrast_variance(fit, weights)
    return effect, *t_and_z(effect, variance, fit.freedom)


def contrast_variance(fit: Glm, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Effect (n_voxels,) of a weighted sum of regressors and its variance (n_voxels,).

    Raises
    ------
    DataError
        Another number of weights than regressors, or weights that are all 0.
    """
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (fit.design.shape[1],) or not weights.any() or not np.isfinite(weights).all():
        raise DataError(
            f"{weights.size} weights, {int((weights != 0).sum())} of them not 0, for {fit.design.shape[1]} regressors",
            where="contrast",
            remedy="Give one finite weight for each regressor",
        )
    x = fit.design
    # The Gram matrix of whitened designs, as in `fit_glm`; few coefficients differ enough to matter beyond 1e-4.
    values, place = np.unique(np.round(fit.rho.astype(float), 4), return_inverse=True)
    spread = np.empty(len(values))
    for i, value in enumerate(values):
        spread[i] = weights @ np.linalg.solve(_gram(x, value), weights)
    return weights @ fit.betas, fit.variance * spread[place]


def t_and_z(effect: np.ndarray, variance: np.ndarray, freedom: float) -> tuple[np.ndarray, np.ndarray]:
    """t and z values (n_voxels,) of effects with variances; 0 where the variance is."""
    error = np.sqrt(variance)
    seen = error > 0
    t = np.where(seen, effect / np.where(seen, error, 1), 0)
    return t, np.sign(t) * stats.norm.isf(np.maximum(stats.t.sf(np.abs(t), freedom), 1e-300))


def check_design(data: np.ndarray, design: np.ndarray, *, dependent: bool = False) -> np.ndarray:
    """The design as floats.

    Raises
    ------
    DataError
        Shapes that do not fit, values that are not finite, no degrees of freedom, or, unless they are allowed, columns
        that depend on others.
    """
    design = np.asarray(design, dtype=float)
    if np.ndim(data) != 2 or design.ndim != 2 or len(design) != len(data) or not design.shape[1]:
        raise DataError(
            f"data of shape {np.shape(data)} with a design of shape {design.shape}",
            where="GLM",
            remedy="Give volumes x voxels and a design with as many rows",
        )
    if not np.isfinite(design).all() or not all(
        np.isfinite(data[:, i : i + CHUNK]).all() for i in range(0, data.shape[1], CHUNK)
    ):
        raise DataError(
            "data or design hold values that are not finite",
            where="GLM",
            remedy="Leave the voxels out of the mask; fill the first row of derivatives with 0",
        )
    if design.shape[1] >= len(design):
        raise DataError(
            f"{design.shape[1]} regressors for {len(design)} volumes leave no degrees of freedom",
            where="GLM",
            remedy="Use fewer regressors",
        )
    wrong = [] if dependent else dependent_columns(design)
    if wrong:
        raise DataError(
            f"columns {', '.join(map(str, wrong))} of the design depend on those before them",
            where="GLM",
            remedy="Leave them out, or merge trial types that always follow each other",
        )
    return design


def _gram(x, rho):
    gram = x.T @ x
    lagged = x[1:].T @ x[:-1]
    inner = x[1:-1].T @ x[1:-1]
    return gram - rho * (lagged + lagged.T) + rho**2 * inner


class _Equations:
    """Normal equations of a design whitened for AR(1) noise, for any coefficient at once.

    The inverse covariance of such noise is (1 + rho^2) I - rho T - rho^2 E, T with ones beside its diagonal and E with
    ones at both ends of it. In an orthonormal basis of the design in which T is diagonal (values l), the Gram matrix is
    diag(1 + rho^2 - rho l) less a matrix of rank 2, whose inverse is in closed form (Woodbury 1950).
    """

    def __init__(self, design):
        basis, triangle = np.linalg.qr(design)
        lagged = basis[1:].T @ basis[:-1]
        self.values, vectors = np.linalg.eigh(lagged + lagged.T)
        self.basis = basis @ vectors
        self.back = solve_triangular(triangle, vectors)
        self.shifted = np.zeros_like(self.basis)
        self.shifted[1:] += self.basis[:-1]
        self.shifted[:-1] += self.basis[1:]

    def fit(self, data):
        """Weights (v, p) in the basis by ordinary least squares, and residuals (n, v)."""
        weights = data.T @ self.basis
        return weights, data - self.basis @ weights.T

    def solve(self, weights, residual, rho):
        """Betas (p, v) and sums of squared whitened residuals (v,), from the ordinary fit."""
        rho = rho.astype(float)[:, None]
        first, last = self.basis[0], self.basis[-1]
        # The basis explains nothing of the residuals: what is left of their products is that of T and E.
        right = -rho * (residual.T @ self.shifted)
        right -= rho**2 * (residual[0][:, None] * first + residual[-1][:, None] * last)
        diagonal = 1 / (1 + rho**2 - rho * self.values)
        change = right * diagonal
        # The two by two system of the ends.
        a, b, c = rho.T**2 * (np.column_stack([first**2, first * last, last**2]).T @ diagonal.T)
        a, c = 1 - a, 1 - c
        near, far = rho.T**2 * (np.vstack([first, last]) @ change.T) / (a * c - b**2)
        change += diagonal * ((c * near + b * far)[:, None] * first + (b * near + a * far)[:, None] * last)
        inside = np.einsum("ij,ij->j", residual[1:-1], residual[1:-1])
        square = (1 + rho[:, 0] ** 2) * inside + residual[0] ** 2 + residual[-1] ** 2
        square -= 2 * rho[:, 0] * np.einsum("ij,ij->j", residual[1:], residual[:-1])
        square -= np.einsum("ij,ij->i", change, right)
        return self.back @ (weights + change).T, np.maximum(square, 0)


def _expected_ratios(basis):
    """Coefficients on a grid, and the ratio of lag-1 to lag-0 products that residuals of such noise are expected to
    have.

    With R the matrix that makes residuals, V(rho) the noise's correlations and D the lag-1 products, the ratio is
    tr(R D R V) / tr(R V): V is constant along its diagonals, so that sums along those of R and R D R are enough.
    """
    n = len(basis)
    remove = np.eye(n) - basis @ basis.T
    product = (remove[:, 1:] @ remove[:-1]).T
    product = (product + product.T) / 2
    plain, lagged = (np.array([_diagonals(matrix, k) for k in range(n)]) for matrix in (remove, product))
    grid = np.linspace(-LARGEST_RHO, LARGEST_RHO, 191)
    powers = grid[:, None] ** np.arange(n)
    return grid, (powers @ lagged) / (powers @ plain)


def _diagonals(matrix, k):
    """Sum along the diagonals k and -k of a symmetric matrix."""
    return np.trace(matrix, k) * (1 if k == 0 else 2)


def _lag_one(residual, rss, varies, expected):
    """Coefficient (v,) of each voxel, from the ratio that its residuals have."""
    lagged = (residual[1:] * residual[:-1]).sum(axis=0)
    grid, ratios = expected
    return np.where(varies, np.interp(lagged / np.where(varies, rss, 1), ratios, grid), 0)
