"""Published dissimilarity matrices on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cogmodels.errors import DataError


def read_rdms(
    folder: Path, files: str, subjects: Sequence[str], hemispheres: Sequence[str], regions: Sequence[str]
) -> np.ndarray:
    """RDMs (n_subjects, n_hemispheres, n_regions, n_items, n_items), one .npy file each.

    Parameters
    ----------
    folder : path
    files : str
        Path below it, with ``{subject}``, ``{hemisphere}`` and ``{region}``.
    subjects, hemispheres, regions : sequence of str

    Raises
    ------
    DataError
        A file is missing or cannot be read, or is no square matrix of as many items as the first.
    """
    found, shape = [], None
    for subject in subjects:
        for hemisphere in hemispheres:
            for region in regions:
                path = Path(folder) / files.format(subject=subject, hemisphere=hemisphere, region=region)
                one = _read(path)
                shape = one.shape if shape is None else shape
                if one.ndim != 2 or one.shape[0] != one.shape[1] or one.shape != shape:
                    raise DataError(
                        f"an array of shape {one.shape} where the first has {shape}",
                        where=path,
                        remedy="RDMs are square, of the same items",
                    )
                found.append(one)
    return np.array(found, dtype=float).reshape(len(subjects), len(hemispheres), len(regions), *shape)


def _read(path: Path) -> np.ndarray:
    if not path.is_file():
        raise DataError("the file does not exist", where=path, remedy="Fetch the data set again, or check `files`")
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(
            f"the matrix cannot be read ({type(error).__name__})", where=path, remedy="Fetch the file again"
        ) from None
