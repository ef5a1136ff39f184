"""Quality of BOLD runs: temporal signal-to-noise ratio, head motion, changes from volume to volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import CHUNK, CONSTANT, trend_basis

# Median of all values that plain DVARS is scaled to (Power et al. 2012).
GRAND_MEDIAN = 1000.0
# Interquartile range of a Gaussian in standard deviations.
IQR_TO_SD = 1.349


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


@dataclass(frozen=True)
class Dvars:
    """Per volume (n_volumes,): ``plain`` (grand median 1000), ``standardized`` by what neighbouring volumes are
    expected to differ by, and ``voxelwise``, where each voxel is standardised first. 0 for the first volume."""

    plain: np.ndarray
    standardized: np.ndarray
    voxelwise: np.ndarray


def dvars(data: np.ndarray) -> Dvars:
    """Root mean square change of all voxels from each volume to the next.

    ``plain`` is that of Power et al. (2012, NeuroImage 59, 2142-2154). ``standardized`` divides it by the mean over
    voxels of ``sd sqrt(2 (1 - rho))``, what an AR(1) series of that voxel's standard deviation and lag-1 correlation is
    expected to change by; the standard deviation is the interquartile range (lower quartiles) over 1.349 (Afyouni and
    Nichols 2018, NeuroImage 172, 291-312; the formula of nipype, which fMRIPrep prints as ``std_dvars``). 1 is what
    noise does.

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        One run before cleaning. Voxels without an interquartile range are left out.

    Returns
    -------
    Dvars

    Raises
    ------
    DataError
        Fewer than 3 volumes, values that are not finite, a median of 0 or less, or no voxel that varies.
    """
    data = np.asarray(data)
    if data.ndim != 2 or len(data) < 3 or not data.size or not np.isfinite(data).all():
        raise DataError(
            f"data of shape {data.shape}, {int((~np.isfinite(data)).sum())} values not finite",
            where="DVARS",
            remedy="Give finite volumes x voxels, 3 volumes or more",
        )
    quartiles = np.percentile(data, [25, 75], axis=0, method="lower").astype(float)
    spread = (quartiles[1] - quartiles[0]) / IQR_TO_SD
    varies = np.flatnonzero(spread > CONSTANT * np.abs(data).max(axis=0))
    if not len(varies):
        raise DataError(
            f"none of the {data.shape[1]} voxels varies over the run", where="DVARS", remedy="Check image and mask"
        )
    median = float(np.median(data[:, varies]))
    if not median > 0:
        raise DataError(
            f"the median of all values is {median:g}", where="DVARS", remedy="Give the run before its mean is removed"
        )
    total, expected, voxelwise = np.zeros(len(data) - 1), 0.0, np.zeros(len(data) - 1)
    for first in range(0, len(varies), CHUNK):
        chosen = varies[first : first + CHUNK]
        part = data[:, chosen].astype(np.float64) * (GRAND_MEDIAN / median)
        steps = np.diff(part, axis=0)
        part -= part.mean(axis=0)
        lag_one = (part[1:] * part[:-1]).sum(axis=0) / (part**2).sum(axis=0)
        usual = np.sqrt(2 * (1 - lag_one)) * spread[chosen] * (GRAND_MEDIAN / median)
        total += (steps**2).sum(axis=1)
        voxelwise += ((steps / usual) ** 2).sum(axis=1)
        expected += usual.sum()
    plain = np.sqrt(total / len(varies))
    every = (plain, plain * len(varies) / expected, np.sqrt(voxelwise / len(varies)))
    return Dvars(*(np.concatenate([[0.0], values]) for values in every))


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
