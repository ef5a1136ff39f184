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
        Values that are not finite, an image that is the same everywhere, or one about 0, whose mean has been removed.

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
    # Resampling leaves a little below 0 at edges; half of it all is no image of a brain.
    if -mean_volume[mean_volume < 0].sum() > 0.5 * mean_volume[mean_volume > 0].sum():
        raise DataError(
            "the mean image lies about 0: the mean of the runs has been removed",
            where="fMRI mask",
            remedy="Give images with their means; data that were cleaned elsewhere go in with a mask, as fMRIPrep's do",
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
        raise DataError(
            "the runs have no voxel in common", where="fMRI mask", remedy="Check the masks of the runs, and the images"
        )
    return found


def has_signal(data: np.ndarray) -> np.ndarray:
    """Which voxels (n_voxels,) of a run (n_volumes, n_voxels) vary, about a mean above 0.

    Masks of the brain hold voxels that lie outside of what was measured, where images are 0. Where the mean of the run
    has been removed (`is_demeaned`), to vary is enough.
    """
    data = np.asarray(data)
    varies = np.ptp(data, axis=0) > 0
    return varies if is_demeaned(data) else varies & (data.mean(axis=0, dtype=np.float64) > 0)


def is_demeaned(data: np.ndarray) -> bool:
    """Whether the mean of a run (n_volumes, n_voxels) has been removed, as denoising and standardising do.

    It has where the means of most voxels that vary are smaller than their standard deviations: of images as they are
    measured means are tens of times larger.
    """
    data = np.asarray(data)
    spread = data.std(axis=0, dtype=np.float64)
    varies = spread > 0
    mean = np.abs(data.mean(axis=0, dtype=np.float64))
    return bool(varies.any() and np.median(mean[varies] / spread[varies]) < 1)
