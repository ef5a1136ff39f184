"""Slow drift out of a run, voxels on one scale."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError


def polynomial_basis(n_volumes: int, order: int) -> np.ndarray:
    """Orthonormal polynomials up to ``order`` over a run: (n_volumes, order + 1), constant first (Legendre)."""
    time = np.linspace(-1.0, 1.0, n_volumes)
    basis, _ = np.linalg.qr(np.polynomial.legendre.legvander(time, order))
    return basis


def detrend_standardize(data: np.ndarray, *, order: int = 2, standardize: bool = True) -> np.ndarray:
    """Remove a polynomial trend from each voxel of a run, then z-score it over the run.

    Parameters
    ----------
    data : array (n_volumes, n_voxels)
        One run.
    order : int
        Order of the polynomial: 0 the mean, 1 a line, 2 a parabola.
    standardize : bool
        Divide by the standard deviation (ddof 0) over the run.

    Returns
    -------
    cleaned : array (n_volumes, n_voxels) float32
        Voxels that do not vary become 0, never NaN.

    Raises
    ------
    DataError
        Fewer volumes than the polynomial needs, or values that are not finite.
    """
    n_volumes = len(data)
    if n_volumes < order + 2:
        raise DataError(
            f"{n_volumes} volumes cannot be detrended by order {order}",
            where="run",
            remedy="Lower `detrend_order`, or leave the run out",
        )
    if not np.isfinite(data).all():
        raise DataError("the run holds values that are not finite", where="run", remedy="Mask or repair those voxels")
    basis = polynomial_basis(n_volumes, order).astype(np.float32)
    centred = np.asarray(data, dtype=np.float32) - np.mean(data, axis=0, dtype=np.float64).astype(np.float32)
    spread = centred.std(axis=0, dtype=np.float64)
    cleaned = centred - basis @ (basis.T @ centred)
    deviation = cleaned.std(axis=0, dtype=np.float64)
    # What float32 leaves of a voxel without variation is rounding, not signal.
    level = np.abs(np.mean(data, axis=0, dtype=np.float64))
    flat = (deviation <= 1e-5 * spread) | (spread <= 1e-6 * level)
    cleaned[:, flat] = 0.0
    if standardize:
        cleaned /= np.where(flat, 1.0, deviation).astype(np.float32)
    return cleaned
