"""Which voxels hold brain."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cogmodels.errors import DataError


def mean_intensity_mask(mean_volume: np.ndarray) -> np.ndarray:
    """Voxels that are brighter than the image is on average.

    Parameters
    ----------
    mean_volume : (x, y, z) float
        Mean over all volumes of all runs of a subject.

    Returns
    -------
    mask : (x, y, z) bool
        Voxels above the mean over all voxels.

    Raises
    ------
    DataError
        Values that are not finite, or an image that is the same everywhere.

    Notes
    -----
    Crude, but free of parameters, and made without labels: it may use all runs.
    """
    mean_volume = np.asarray(mean_volume, dtype=np.float64)
    if mean_volume.size == 0 or not np.isfinite(mean_volume).all():
        raise DataError(
            f"the mean image holds {int((~np.isfinite(mean_volume)).sum())} values that are not finite "
            f"among {mean_volume.size}",
            where="fMRI mask",
            remedy="Repair or leave out the run they come from",
        )
    mask = mean_volume > mean_volume.mean()
    if not mask.any():
        raise DataError("the mean image is the same everywhere", where="fMRI mask", remedy="Check the images")
    return mask


def common_mask(masks: Iterable[np.ndarray]) -> np.ndarray:
    """Voxels that lie in the mask of every run.

    Parameters
    ----------
    masks : iterable of (x, y, z) bool
        One a run.

    Returns
    -------
    mask : (x, y, z) bool

    Raises
    ------
    DataError
        Masks of different shapes, or no voxel in common.
    """
    found = None
    for mask in masks:
        if found is not None and found.shape != mask.shape:
            raise DataError(
                f"masks of {found.shape} and {mask.shape} voxels",
                where="fMRI mask",
                remedy="Bring all runs of a subject to one grid: choose one space and one resolution",
            )
        found = mask.copy() if found is None else found & mask
    if found is None or not found.any():
        raise DataError("the runs have no voxel in common", where="fMRI mask", remedy="Check the masks of the runs")
    return found


def has_signal(data: np.ndarray) -> np.ndarray:
    """Which voxels (n_voxels,) of a run (n_volumes, n_voxels) vary, about a mean above 0.

    Masks of the brain hold voxels that lie outside of what was measured, where images are 0.
    """
    data = np.asarray(data)
    return (data.mean(axis=0, dtype=np.float64) > 0) & (np.ptp(data, axis=0) > 0)
