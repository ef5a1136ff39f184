"""Dictionaries that ``np.save`` pickled, read without running what a pickle may name."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from cogmodels.errors import DataError

_MODULES = {"numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric", "numpy._core.numeric"}


def _scalar(dtype: np.dtype, data: bytes) -> Any:
    """A numpy number; none of Python objects."""
    if dtype.hasobject:
        raise pickle.UnpicklingError("a scalar of Python objects")
    return np.frombuffer(data, dtype=dtype)[0]


class _Arrays(pickle.Unpickler):
    """Unpickler that makes arrays, numbers, text and containers, and calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("numpy", "ndarray"):
            return np.ndarray
        if (module, name) == ("numpy", "dtype"):
            return np.dtype
        if module in _MODULES and name == "scalar":
            return _scalar
        if module in _MODULES and name in ("_reconstruct", "_frombuffer"):
            from numpy._core import multiarray, numeric

            return getattr(multiarray if name == "_reconstruct" else numeric, name)
        raise pickle.UnpicklingError(f"`{module}.{name}` is not allowed")


def read_pickled_dictionary(path: Path) -> dict[str, Any]:
    """Dictionary of arrays, numbers, text and lists in an ``.npy`` file that holds it as a pickle.

    ``np.load(allow_pickle=True)`` would run any function that the file names; here all but the making of arrays is
    refused.

    Raises
    ------
    DataError
        A missing or damaged file, one without a dictionary, or a pickle that names anything else.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read_header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, _, dtype = read_header(file)
            if shape != () or not dtype.hasobject:
                raise DataError(
                    f"this is an array of shape {shape} and type {dtype}, no dictionary",
                    where=path,
                    remedy="Give the file as it was published",
                )
            content = _Arrays(file, encoding="latin1").load()
    except FileNotFoundError:
        raise DataError("the file does not exist", where=path, remedy="Fetch the data set again") from None
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, pickle.UnpicklingError) as error:
        raise DataError(
            f"the file is damaged, or holds more than arrays ({type(error).__name__}: {error})",
            where=path,
            remedy="Fetch it again; if it is what was published, do not trust it",
        ) from None
    # A dictionary is stored as an array of no dimension that holds it.
    content = content.item() if isinstance(content, np.ndarray) and content.shape == () else content
    if not isinstance(content, dict):
        raise DataError(
            f"the file holds a {type(content).__name__}, no dictionary",
            where=path,
            remedy="Give the file as it was published",
        )
    return content
