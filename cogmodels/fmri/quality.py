"""Quality of BOLD runs: temporal signal-to-noise ratio, head motion."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import CONSTANT, trend_basis


def temporal_snr(data: np.ndarray, *, order: int = 2) -> np.ndarray:
    """Mean over standard deviation (ddof 0) of each voxel over time, after the trend is removed.

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        One run before cleaning.
    order : int
        Order of the polynomial removed first; 0 = the plain ratio.

    Returns
    -------
    tsnr : (n_voxels,) float
        0 where a voxel does not vary.
    """
    data = np.asarray(data, dtype=np.float64)
    if data.ndim != 2 or len(data) < order + 2:
        raise DataError(
            f"data of shape {data.shape} with a trend of order {order}",
            where="temporal SNR",
            remedy=f"Give volumes x voxels, {order + 2} volumes or more",
        )
    basis = trend_basis(len(data), order)
    mean = data.mean(axis=0)
    spread = (data - basis @ (basis.T @ data)).std(axis=0)
    still = spread <= CONSTANT * np.abs(data).max(axis=0)
    return np.where(still, 0.0, mean / np.where(still, 1.0, spread))


def framewise_displacement(motion: np.ndarray, radius_mm: float = 50.0) -> np.ndarray:
    """Displacement of the head from each volume to the next.

    Sum of absolute differences of the six parameters, rotations as arcs on a sphere (Power et al. 2012, NeuroImage
    59, 2142-2154).

    Parameters
    ----------
    motion : (n_volumes, 6) float
        Translations in mm, then rotations in radians.
    radius_mm : float
        Radius of the sphere.

    Returns
    -------
    displacement : (n_volumes,) float
        mm; 0 for the first volume.

    Raises
    ------
    DataError
        Not six finite parameters a volume, or rotations that can be no radians.
    """
    motion = np.asarray(motion, dtype=float)
    if motion.ndim != 2 or motion.shape[1] != 6 or not np.isfinite(motion).all():
        raise DataError(
            f"motion of shape {motion.shape}, {int((~np.isfinite(motion)).sum())} values not finite",
            where="framewise displacement",
            remedy="Give six finite parameters a volume: translations in mm, rotations in radians",
        )
    if len(motion) and np.abs(motion[:, 3:]).max() > np.pi / 2:
        raise DataError(
            f"a rotation of {np.abs(motion[:, 3:]).max():g} is not in radians",
            where="framewise displacement",
            remedy="Convert degrees to radians, and put the translations first",
        )
    steps = np.abs(np.diff(motion, axis=0))
    displacement = np.zeros(len(motion))
    displacement[1:] = steps[:, :3].sum(axis=1) + radius_mm * steps[:, 3:].sum(axis=1)
    return displacement
