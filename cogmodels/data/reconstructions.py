"""Images that are decoded: from rows of pixels, and one of each subject and stimulus as one file of bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from cogmodels.data.tables import Features
from cogmodels.errors import DataError
from cogmodels.files import whole

#: Least side of an image, px.
LEAST_SIDE = 4


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


def image_side(pixels: int) -> int:
    """Side, px, of a square RGB image with so many values.

    Raises
    ------
    DataError
        There is no such image of 4 px or more.
    """
    side = math.isqrt(pixels // 3)
    if 3 * side**2 != pixels or side < LEAST_SIDE:
        raise DataError(
            f"{pixels} values are not those of a square RGB image of {LEAST_SIDE} px or more",
            where="pixels",
            remedy="Name features with `backbone: pixels`, `grid: null` and equal sides in `size`",
        )
    return side


def as_images(values: np.ndarray) -> np.ndarray:
    """Values (n, 3 side^2) from 0 to 1, channel by channel, as images (n, side, side, 3) uint8."""
    side = image_side(values.shape[1])
    images = np.asarray(values).reshape(-1, 3, side, side).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8))


def mean_image(pixels: Features, held: set[str]) -> np.ndarray:
    """Mean (1, side, side, 3) uint8 of the images that are not held out: what is decoded by who knows nothing."""
    others = [k for k, name in enumerate(pixels.stimuli) if name not in held]
    if not others:
        raise DataError("all images are held out", where=f"features {pixels.name}", remedy="Give training images")
    return as_images(pixels.values[others].mean(axis=0, keepdims=True))
