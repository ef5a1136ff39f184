"""Which voxels are worth reading."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError


def mean_intensity_mask(mean_volume: np.ndarray) -> np.ndarray:
    """Voxels brighter than the mean of the image.

    Parameters
    ----------
    mean_volume : array (x, y, z)
        Mean over all volumes of all runs.

    Returns
    -------
    mask : array (x, y, z) of bool

    Raises
    ------
    DataError
        The image is constant, so that no voxel is brighter than its mean.
    """
    mask = mean_volume > mean_volume.mean()
    if not mask.any():
        raise DataError(
            "no voxel is brighter than the mean of the image",
            where="mean image",
            remedy="Check that the BOLD series hold data",
        )
    return mask
