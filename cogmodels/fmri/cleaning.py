"""Slow drift out of a run, voxels on one scale."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.polynomial import legendre

from cogmodels.errors import DataError

# Voxels cleaned at once: bounds the float64 copies to some tens of MB.
CHUNK = 8192
# A voxel that varies by less than this share of its size does not vary: float32 cannot hold it.
CONSTANT = 1e-6


def detrend_standardize(data: np.ndarray, *, order: int = 2, standardize: bool = True) -> np.ndarray:
    """Remove a polynomial trend from each voxel of one run, then divide by its standard deviation.

    Mean and trend go in one projection onto Legendre polynomials, so that no order brings back what another removed
    (Lindquist et al. 2019, Human Brain Mapping 40, 2358-2376). Nothing but the run itself is used: no leak across runs.

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        One run.
    order : int
        Highest order removed; 0 = the mean alone.
    standardize : bool
        Divide by the standard deviation (ddof 0) of what is left.

    Returns
    -------
    cleaned : (n_volumes, n_voxels) float32
        Voxels that do not vary are 0; how many there are is said in a warning.

    Raises
    ------
    DataError
        Too few volumes for the order, values that are not finite, or no voxel that varies.
    """
    data = _check(data, order)
    basis = trend_basis(len(data), order)
    cleaned = np.empty(data.shape, dtype=np.float32)
    constant = 0
    for first in range(0, data.shape[1], CHUNK):
        part = np.asarray(data[:, first : first + CHUNK], dtype=np.float64)
        size = np.abs(part).max(axis=0)
        # Twice: rounding leaves some 1e-16 of a large mean after one projection.
        part = part - basis @ (basis.T @ part)
        part -= basis @ (basis.T @ part)
        spread = part.std(axis=0)
        still = spread <= CONSTANT * size
        constant += int(still.sum())
        part[:, still] = 0.0
        if standardize:
            part /= np.where(still, 1.0, spread)
        cleaned[:, first : first + CHUNK] = part
    if constant == data.shape[1]:
        raise DataError(
            f"none of the {constant} voxels varies over the run", where="fMRI cleaning", remedy="Check image and mask"
        )
    if constant:
        warnings.warn(f"{constant} of {data.shape[1]} voxels do not vary over the run: set to 0", stacklevel=2)
    return cleaned


def trend_basis(n_volumes: int, order: int) -> np.ndarray:
    """Orthonormal Legendre polynomials (n_volumes, order + 1) from 0 up to an order."""
    basis, _ = np.linalg.qr(legendre.legvander(np.linspace(-1, 1, n_volumes), order))
    return basis


def _check(data: np.ndarray, order: int) -> np.ndarray:
    data = np.asarray(data)
    if data.ndim != 2 or data.shape[1] == 0 or order < 0:
        raise DataError(
            f"data of shape {data.shape} with a trend of order {order}",
            where="fMRI cleaning",
            remedy="Give volumes x voxels and an order of 0 or more",
        )
    if len(data) < order + 2:
        raise DataError(
            f"{len(data)} volumes are too few for a trend of order {order}",
            where="fMRI cleaning",
            remedy=f"Use a run of {order + 2} volumes or more, or a lower order",
        )
    wrong = ~np.isfinite(data).all(axis=0)
    if wrong.any():
        raise DataError(
            f"{int(wrong.sum())} voxels hold values that are not finite (first: {int(np.flatnonzero(wrong)[0])})",
            where="fMRI cleaning",
            remedy="Repair the image or leave the voxels out of the mask",
        )
    return data
