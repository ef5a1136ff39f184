"""Which voxels hold brain."""

from __future__ import annotations

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
