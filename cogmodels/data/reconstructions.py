"""Images that were decoded, one of each subject and stimulus, as one file of bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from cogmodels.errors import DataError
from cogmodels.files import whole


@dataclass(frozen=True)
class Reconstructions:
    """``subject`` (n,) and ``stimulus`` (n,) names, ``images`` (n, side, side, 3) uint8 RGB, ``vectors`` (n, d) decoded
    beside them, float32."""

    subject: np.ndarray
    stimulus: np.ndarray
    images: np.ndarray
    vectors: np.ndarray


def write_reconstructions(path: Path, found: Reconstructions) -> None:
    """Write images and names; the same images, the same bytes."""
    with whole(path) as temporary, temporary.open("wb") as file:
        # Text of fixed width holds no pickled objects.
        names = {name: getattr(found, name).astype(np.str_) for name in ("subject", "stimulus")}
        np.savez_compressed(file, images=found.images, vectors=found.vectors, **names)


def read_reconstructions(path: Path) -> Reconstructions:
    """What :func:`write_reconstructions` wrote.

    Raises
    ------
    DataError
        The file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return Reconstructions(*(file[name] for name in ("subject", "stimulus", "images", "vectors")))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise DataError(
            f"these images cannot be read ({error})", where=path, remedy="Delete the file and run snakemake again"
        ) from None
