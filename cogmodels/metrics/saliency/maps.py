"""Maps of fixations: counts and densities, and what all saliency metrics ask of a map."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import numpy as np

from cogmodels.errors import DataError
from cogmodels.metrics.saliency import _kernels as kernels

Convention = Literal["mit", "pysaliency"]
OffMap = Literal["refuse", "drop"]


def fixation_map(x: np.ndarray, y: np.ndarray, shape: tuple[int, int], *, off_map: OffMap = "refuse") -> np.ndarray:
    """Number of fixations in each pixel (height, width); ``x``, ``y`` (n,) px, 0-based, cut to whole pixels."""
    columns, rows = _inside(x, y, shape, off_map, "fixation map")
    found = np.zeros(shape)
    np.add.at(found, (rows, columns), 1.0)
    return found


def density(
    x: np.ndarray,
    y: np.ndarray,
    shape: tuple[int, int],
    sigma_px: float,
    *,
    weights: np.ndarray | None = None,
    normalise: bool = True,
) -> np.ndarray:
    """Density of fixations: a Gaussian around each.

    Parameters
    ----------
    x, y : (n,) float
        px; the centre of the first pixel is at 0, and fixations beside the map count by what reaches into it.
    shape : (height, width)
    sigma_px : float
        Standard deviation of the Gaussian; 1 degree is usual (Le Meur and Baccino 2013, Behavior Research Methods 45,
        251-266).
    weights : (n,) float, optional
        Of each fixation; its duration, say.
    normalise : bool
        To sum 1; else each fixation adds ``weight / (2 pi sigma^2)`` at its place.

    Returns
    -------
    (height, width) float64

    Raises
    ------
    DataError
        A sigma that is not above 0, positions that are not finite; where it is to be normalised, no fixation reaches
        into the map.
    """
    if not (np.isfinite(sigma_px) and sigma_px > 0):
        raise DataError(f"`sigma_px` is {sigma_px}", where="density", remedy="Give a value above 0")
    x, y = _finite(x, y, "density")
    across, down = (_gaussians(at, side, sigma_px) for at, side in ((x, shape[1]), (y, shape[0])))
    down /= 2 * np.pi * sigma_px**2
    if weights is not None:
        down *= np.asarray(weights, dtype=float)[:, None]
    # A Gaussian of two dimensions is a product of two: the sum over fixations is one matrix product.
    found = down.T @ across
    if normalise:
        total = found.sum()
        if not total > 0:
            raise DataError(
                f"none of {len(x)} fixations reaches into the map", where="density", remedy="Give one or more inside it"
            )
        found /= total
    return found


def _gaussians(centres: np.ndarray, side: int, sigma_px: float) -> np.ndarray:
    """A Gaussian around each centre, (n, side)."""
    found = np.exp(-0.5 * ((np.arange(side) - centres[:, None]) / sigma_px) ** 2)
    # 19 standard deviations away: products of two such come near the subnormal numbers, which are slow.
    found[found < 1e-80] = 0.0
    return found


class Map:
    """A map (height, width) whose extent, moments and ranks are worked out once, however many metrics read it."""

    def __init__(self, values: np.ndarray, where: str = "map") -> None:
        self.values = np.ascontiguousarray(values, dtype=np.float64)
        self.where = where
        self._ranked: dict[bytes, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        if self.values.ndim != 2 or self.values.size == 0:
            raise DataError(
                f"a map of shape {self.values.shape}", where=where, remedy="Give (height, width), one pixel or more"
            )

    @property
    def shape(self) -> tuple[int, int]:
        return self.values.shape

    @property
    def size(self) -> int:
        return self.values.size

    @cached_property
    def extent(self) -> tuple[float, float, float]:
        """Least and greatest value and sum; DataError where a pixel is not finite."""
        low, high = float(self.values.min()), float(self.values.max())
        total = kernels.deviations(self.values, 0.0)[0]
        if not np.isfinite([low, high, total]).all():
            raise DataError(
                "the map has pixels that are not finite", where=self.where, remedy="Fill or clip them first"
            )
        return low, high, total

    @cached_property
    def moments(self) -> tuple[float, float]:
        """Mean and sum of squared deviations, 0 where they are but rounding errors of a constant map."""
        mean, squares = kernels.moments(self.values)
        if not np.isfinite(squares):
            self.extent  # noqa: B018  raises
            raise DataError("the map's values are too large", where=self.where, remedy="Scale it down")
        noise = (1e-13 * abs(mean)) ** 2 * self.size
        return mean, squares if squares > noise else 0.0

    def ranks(self, columns: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values of pixels in ascending order, how many pixels of the map reach each, and how many equal it."""
        pixels = np.unique(rows * self.shape[1] + columns)
        if (key := pixels.tobytes()) not in self._ranked:
            low, high, _ = self.extent
            distinct = np.unique(self.values.ravel()[pixels])
            at_least, equal = np.empty(len(distinct), np.int64), np.empty(len(distinct), np.int64)
            kernels.rank_pixels(self.values, distinct, low, high, at_least, equal)
            self._ranked[key] = distinct, at_least, equal
        distinct, at_least, equal = self._ranked[key]
        positives = np.sort(self.values[rows, columns])
        which = np.searchsorted(distinct, positives)
        return positives, at_least[which], equal[which]


def as_map(saliency: np.ndarray | Map, where: str) -> Map:
    """The map itself, or one made of the array; DataError for another shape."""
    return saliency if isinstance(saliency, Map) else Map(saliency, where)


def fixated_pixels(
    shape: tuple[int, int], x: np.ndarray, y: np.ndarray, where: str, off_map: OffMap, *, once: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows (n,) of the fixations, with ``once`` each pixel but once; DataError without any."""
    columns, rows = _inside(x, y, shape, off_map, where)
    if once:
        rows, columns = np.divmod(np.unique(rows * shape[1] + columns), shape[1])
    if not len(rows):
        raise DataError("no fixations on the map", where=where, remedy="Leave the image out")
    return columns, rows


def check_convention(convention: str, where: str, *allowed: str) -> None:
    """DataError for a convention that is unknown or does not have this metric."""
    if convention not in (allowed or ("mit", "pysaliency")):
        raise DataError(
            f"no convention `{convention}`",
            where=where,
            remedy=f"It has: {', '.join(allowed or ('mit', 'pysaliency'))}",
        )


def _finite(x: np.ndarray, y: np.ndarray, where: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = (np.atleast_1d(np.asarray(values, dtype=float)) for values in (x, y))
    if x.shape != y.shape or x.ndim != 1 or not np.isfinite(x).all() or not np.isfinite(y).all():
        raise DataError(
            f"positions of shape {x.shape} and {y.shape}, not all of them finite",
            where=where,
            remedy="Give as many finite x as y",
        )
    return x, y


def _inside(
    x: np.ndarray, y: np.ndarray, shape: tuple[int, int], off_map: str, where: str
) -> tuple[np.ndarray, np.ndarray]:
    columns, rows = (np.floor(values).astype(np.int64) for values in _finite(x, y, where))
    inside = (columns >= 0) & (rows >= 0) & (columns < shape[1]) & (rows < shape[0])
    if not inside.all():
        if off_map != "drop":
            raise DataError(
                f"{int((~inside).sum())} of {len(inside)} fixations lie beside the map of {shape[1]} x {shape[0]} px",
                where=where,
                remedy='Give them in pixels of the map, or say off_map="drop"',
            )
        columns, rows = columns[inside], rows[inside]
    return columns, rows
