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
        squares = np.einsum("ij,ij->j", part, part)
        centred = squares - part.sum(axis=0) ** 2 / n
        # Rounding apart: a voxel without variance has none to explain.
        varies = centred > 1e-12 * squares
        if equations is None:
            found = inverse @ part
            residual = part - design @ found
            ordinary = rss = np.einsum("ij,ij->j", residual, residual)
        else:
            fit = equations.fit(part, squares)
            ordinary = fit.rss
            rho[here] = coefficient = _lag_one(fit, varies, expected)
            found, rss = equations.solve(fit, coefficient)
        r2[here] = np.where(varies, 1 - ordinary / np.where(varies, centred, 1), 0)
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


@dataclass(frozen=True)
class _Ordinary:
    """The ordinary fit of voxels: ``weights`` and products ``shifted`` of what T makes of the basis with the residuals
    (v, p), the first and the last residual, the sums of squares ``rss`` and of lag-1 products ``lagged`` (v,)."""

    weights: np.ndarray
    shifted: np.ndarray
    first: np.ndarray
    last: np.ndarray
    rss: np.ndarray
    lagged: np.ndarray


class _Equations:
    """Normal equations of a design whitened for AR(1) noise, for any coefficient at once.

    The inverse covariance of such noise is (1 + rho^2) I - rho T - rho^2 E, T with ones beside its diagonal and E with
    ones at both ends of it. In an orthonormal basis of the design in which T is diagonal (values l), the Gram matrix is
    diag(1 + rho^2 - rho l) less a matrix of rank 2, whose inverse is in closed form (Woodbury 1950). What is needed of
    the residuals follows from products of the data with the basis and with T times it: they are never made.
    """

    def __init__(self, design):
        basis, triangle = np.linalg.qr(design)
        lagged = basis[1:].T @ basis[:-1]
        self.values, vectors = np.linalg.eigh(lagged + lagged.T)
        self.basis = basis @ vectors
        self.back = solve_triangular(triangle, vectors)
        shifted = np.zeros_like(self.basis)
        shifted[1:] += self.basis[:-1]
        shifted[:-1] += self.basis[1:]
        self.both = np.hstack([self.basis, shifted])

    def fit(self, data, squares):
        """:class:`_Ordinary` of data (n, v) whose columns have these sums of squares."""
        weights, shifted = np.hsplit(data.T @ self.both, 2)
        first, last = (data[row] - weights @ self.basis[row] for row in (0, -1))
        lagged = np.einsum("ij,ij->j", data[1:], data[:-1]) - np.einsum("ij,ij->i", weights, shifted)
        shifted = shifted - weights * self.values
        # r'Tr = y'Ty - 2 w'B'Ty + w'lw; what is left of B'Ty after lw is that of the residuals.
        lagged += 0.5 * np.einsum("ij,ij->i", weights**2, np.broadcast_to(self.values, weights.shape))
        rss = np.maximum(squares - np.einsum("ij,ij->i", weights, weights), 0)
        return _Ordinary(weights, shifted, first, last, rss, lagged)

    def solve(self, fit, rho):
        """Betas (p, v) and sums of squared whitened residuals (v,), from the ordinary fit."""
        rho = rho.astype(float)[:, None]
        first, last = self.basis[0], self.basis[-1]
        # The basis explains nothing of the residuals: what is left of their products is that of T and E.
        right = -rho * fit.shifted
        right -= rho**2 * (fit.first[:, None] * first + fit.last[:, None] * last)
        diagonal = 1 / (1 + rho**2 - rho * self.values)
        change = right * diagonal
        # The two by two system of the ends.
        a, b, c = rho.T**2 * (np.column_stack([first**2, first * last, last**2]).T @ diagonal.T)
        a, c = 1 - a, 1 - c
        near, far = rho.T**2 * (np.vstack([first, last]) @ change.T) / (a * c - b**2)
        change += diagonal * ((c * near + b * far)[:, None] * first + (b * near + a * far)[:, None] * last)
        ends = fit.first**2 + fit.last**2
        square = (1 + rho[:, 0] ** 2) * (fit.rss - ends) + ends - 2 * rho[:, 0] * fit.lagged
        square -= np.einsum("ij,ij->i", change, right)
        return self.back @ (fit.weights + change).T, np.maximum(square, 0)


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
    plain, lagged = _diagonals(remove), _diagonals(product)
    grid = np.linspace(-LARGEST_RHO, LARGEST_RHO, 191)
    powers = grid[:, None] ** np.arange(n)
    return grid, (powers @ lagged) / (powers @ plain)


def _diagonals(matrix):
    """Sums (n,) along the diagonals k and -k of a symmetric matrix."""
    n = len(matrix)
    # From bottom to top, and in rows of one element less than they have, a diagonal is a column.
    padded = np.zeros((n, 2 * n))
    padded[:, :n] = matrix[::-1]
    sums = padded.ravel()[: n * (2 * n - 1)].reshape(n, 2 * n - 1).sum(axis=0)[n - 1 :]
    return sums * np.where(np.arange(n), 2, 1)


def _lag_one(fit, varies, expected):
    """Coefficient (v,) of each voxel, from the ratio that its residuals have."""
    grid, ratios = expected
    return np.where(varies, np.interp(fit.lagged / np.where(varies, fit.rss, 1), ratios, grid), 0)
