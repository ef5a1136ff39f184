"""Training diets: what was done to the images that a network was raised on (Gupta et al. 2021, NeurIPS 34)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from cogmodels.errors import DataError
from cogmodels.stimuli import _diet_kernels as kernels

#: Black lines of the grid: width, distance from one to the next, first pixel of the first.
LINE_PX, PERIOD_PX, FIRST_PX = 5, 50, 45
#: Radius, as a share of the half diagonal, at which the fisheye halves the magnification of the centre.
FISHEYE_RADIUS = 0.25


def rotate(image: np.ndarray, turns: int) -> np.ndarray:
    """An image (h, w, ...) turned counter-clockwise ``turns`` times by 90 degrees: what was above is then left."""
    return np.ascontiguousarray(np.rot90(image, turns))


def grid_lines(image: np.ndarray) -> np.ndarray:
    """An image (h, w, ...) under black lines of 5 px, every 50 px from pixel 45 on, along both axes.

    A line is drawn where it starts before ``side - 5``.
    """
    out = image.copy()
    for start in range(FIRST_PX, image.shape[0] - LINE_PX, PERIOD_PX):
        out[start : start + LINE_PX] = 0
    for start in range(FIRST_PX, image.shape[1] - LINE_PX, PERIOD_PX):
        out[:, start : start + LINE_PX] = 0
    return out


def fisheye_radius(radius: np.ndarray, radius_0: float = FISHEYE_RADIUS) -> np.ndarray:
    """Where in the image the fisheye's picture at a radius comes from.

    Parameters
    ----------
    radius : float array, 0 (centre) to 1 (corner)
        In the fisheye's picture.
    radius_0 : float
        Small: a strong fisheye.

    Returns
    -------
    ``r = r0 ((1 + 1/r0)^radius - 1)``, 0 to 1. Its inverse, :func:`fisheye_image_radius`, has the magnification
    ``1 / (r + r0)``, as the retina and cortex have about (Schwartz 1977, Biological Cybernetics 25, 181-194). The
    published diet used another program's map of ganglion cells (retinawarp): this one is like it, not equal to it.
    """
    if not radius_0 > 0:
        raise DataError(f"a radius of {radius_0}", where="fisheye", remedy="Give one above 0")
    return radius_0 * ((1 + 1 / radius_0) ** np.asarray(radius, dtype=float) - 1)


def fisheye_image_radius(radius: np.ndarray, radius_0: float = FISHEYE_RADIUS) -> np.ndarray:
    """Where in the fisheye's picture the image at a radius goes: the inverse of :func:`fisheye_radius`."""
    return np.log1p(np.asarray(radius, dtype=float) / radius_0) / np.log1p(1 / radius_0)


def fisheye(image: np.ndarray, radius_0: float = FISHEYE_RADIUS) -> np.ndarray:
    """An image (h, w) or (h, w, c) uint8, magnified in its centre and compressed outwards.

    Centre and corners stay where they are, so that the picture is full: what a round fisheye picture holds in the
    rectangle of the same sides. Bilinear.
    """
    height, width = image.shape[:2]
    rows, columns = _fisheye_places(height, width, radius_0)
    out = np.empty((height, width, 1 if image.ndim == 2 else image.shape[2]), np.uint8)
    kernels.sample(np.ascontiguousarray(image.reshape(out.shape)), rows, columns, out)
    return out.reshape(image.shape)


@cache
def _fisheye_places(height: int, width: int, radius_0: float) -> tuple[np.ndarray, np.ndarray]:
    middle = (height - 1) / 2, (width - 1) / 2
    rows, columns = np.mgrid[:height, :width].astype(float)
    rows, columns = rows - middle[0], columns - middle[1]
    radius = np.hypot(rows, columns) / max(np.hypot(*middle), 0.5)
    # At the centre the ratio is the map's slope.
    ratio = np.full_like(radius, radius_0 * np.log1p(1 / radius_0))
    np.divide(fisheye_radius(radius, radius_0), radius, out=ratio, where=radius > 0)
    return middle[0] + rows * ratio, middle[1] + columns * ratio


MANIPULATIONS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "upright": lambda image: image,
    "rotated90": lambda image: rotate(image, 1),
    "rotated180": lambda image: rotate(image, 2),
    "rotated270": lambda image: rotate(image, 3),
    "fisheye": fisheye,
    "grid_lines": grid_lines,
}


def manipulate(image: np.ndarray, manipulation: str) -> np.ndarray:
    """An image (h, w, 3) uint8 as a diet has it; ``manipulation`` is a key of :data:`MANIPULATIONS`."""
    if manipulation not in MANIPULATIONS:
        raise DataError(
            f"no manipulation `{manipulation}`", where="diet", remedy=f"There are: {', '.join(MANIPULATIONS)}"
        )
    return MANIPULATIONS[manipulation](image)
