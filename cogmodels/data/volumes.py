"""Volumes of responses a trial (NIfTI, HDF5), read a piece at a time inside a mask."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cogmodels.errors import DataError

#: Trials of a piece.
_TRIALS = 50


def read_mask_file(path: Path) -> np.ndarray:
    """Mask (x, y, z) of a NIfTI file: voxels above 0.

    Raises
    ------
    DataError
        The file is missing or damaged, or no voxel is inside.
    """
    import nibabel as nib

    try:
        mask = np.asarray(nib.load(path).dataobj) > 0
    except Exception as error:  # nibabel and zlib fail in many ways
        raise DataError(f"the mask cannot be read ({type(error).__name__})", where=path, remedy=_FETCH) from None
    if mask.ndim != 3 or not mask.any():
        raise DataError(f"a mask of shape {mask.shape} with {int(mask.sum())} voxels", where=path, remedy=_FETCH)
    return mask


def nifti_trials(path: Path, mask: np.ndarray) -> Iterator[np.ndarray]:
    """Trials (n, n_voxels) float32 of a NIfTI file (x, y, z, n_trials), voxels in the mask's C order.

    Raises
    ------
    DataError
        The file is missing or damaged, or its volumes have another shape than the mask.
    """
    import nibabel as nib

    path = Path(path)
    with tempfile.TemporaryDirectory() as folder:
        try:
            plain = path
            if path.suffix == ".gz":
                # A piece of a compressed file is only found by reading all that comes before it.
                plain = Path(folder) / path.stem
                with gzip.open(path) as packed, plain.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
            image = nib.load(plain)
        except Exception as error:  # nibabel and zlib fail in many ways
            raise DataError(f"the volumes cannot be read ({type(error).__name__})", where=path, remedy=_FETCH) from None
        _check_shape(image.shape[:-1], mask, path)
        for first in range(0, image.shape[-1], _TRIALS):
            yield np.asarray(image.dataobj[..., first : first + _TRIALS], dtype=np.float32)[mask].T


def nifti_length(path: Path) -> int:
    """Number of volumes of a NIfTI file, by its header."""
    import nibabel as nib

    try:
        shape = nib.load(path).shape
    except Exception as error:  # nibabel and zlib fail in many ways
        raise DataError(f"the volumes cannot be read ({type(error).__name__})", where=path, remedy=_FETCH) from None
    if len(shape) != 4:
        raise DataError(f"volumes of shape {shape}, four axes are expected", where=path, remedy=_FETCH)
    return shape[-1]


def hdf5_trials(path: Path, mask: np.ndarray, name: str = "betas", scale: float = 1.0) -> Iterator[np.ndarray]:
    """Trials (n, n_voxels) float32 of an array (n_trials, z, y, x) in an HDF5 file, times ``scale``; voxels in the C
    order of a mask (x, y, z).

    Raises
    ------
    DataError
        The file is missing or damaged, has no such array, or volumes of another shape.
    """
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DataError(f"the volumes cannot be read ({type(error).__name__})", where=path, remedy=_FETCH) from None
    with file:
        if name not in file:
            raise DataError(f"there is no array `{name}`, but {', '.join(file)}", where=path, remedy=_FETCH)
        array = file[name]
        _check_shape(array.shape[:0:-1], mask, path)
        for first in range(0, len(array), _TRIALS):
            piece = array[first : first + _TRIALS].transpose(3, 2, 1, 0)[mask].T
            yield piece.astype(np.float32) * np.float32(scale)


def _check_shape(shape: tuple[int, ...], mask: np.ndarray, path: Path) -> None:
    if tuple(shape) != mask.shape:
        raise DataError(
            f"volumes of {shape}, the mask is {mask.shape}",
            where=path,
            remedy="Take mask and responses of the same subject and space",
        )


_FETCH = "Fetch the file again"
