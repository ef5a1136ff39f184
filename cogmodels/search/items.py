"""Items of search displays, drawn one by one: bars, arcs, shaded discs, strokes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cogmodels.errors import DataError

#: Points a side of each pixel at which a shape is asked whether it covers them.
_SUBSAMPLES = 8


def draw_item(shape: str, *, side: int, background: int, **parameters: Any) -> np.ndarray:
    """An item on its background.

    Parameters
    ----------
    shape : str
        A key of ``SHAPES``.
    side : int
        Of the square that holds the item, px.
    background : int
        Grey level around it, 0 to 255. Bars, arcs and strokes are white on a background below 128, else black.
    **parameters
        Of the shape; see its function.

    Returns
    -------
    (side, side) uint8

    Raises
    ------
    DataError
        Unknown shape or parameters.
    """
    if shape not in SHAPES:
        raise DataError(f"no shape `{shape}`", where="search items", remedy=f"It is one of: {', '.join(SHAPES)}")
    try:
        found = SHAPES[shape](side=side, background=background, **parameters)
    except TypeError as error:
        raise DataError(
            f"wrong parameters of shape `{shape}`: {error}", where="search items", remedy="See docs/search.md"
        ) from error
    return np.clip(np.rint(found), 0, 255).astype(np.uint8)


def bar(
    *, side: int, background: int, length: float, width: float, angle: float = 0.0, upright: bool = True
) -> np.ndarray:
    """A bar in the middle, ``length`` x ``width`` px, turned counter-clockwise by ``angle`` degrees."""

    # An even side in an odd square lies half a pixel up or left, so that its edges fall between pixels.
    along_by, across_by = (((side - extent) % 2) / 2 for extent in (length, width))

    def covers(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        along, across = (y, x) if upright else (x, y)
        return (np.abs(along + along_by) <= length / 2) & (np.abs(across + across_by) <= width / 2)

    return _ink(_coverage(covers, side, angle), background)


def arc(
    *, side: int, background: int, radius: float, drop: float, start: float, stop: float, width: float, angle: float = 0
) -> np.ndarray:
    """Part of a circle with round ends.

    ``radius`` px, its centre ``drop`` px above the item's; from ``start`` to ``stop`` degrees (0 right, 90 down);
    ``width`` px of the stroke; all turned counter-clockwise by ``angle`` degrees.
    """
    ends = np.radians([start, stop])

    def covers(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        x, y = x, y + drop
        bearing = np.degrees(np.arctan2(y, x)) % 360
        ring = (np.abs(np.hypot(x, y) - radius) <= width / 2) & (bearing >= start) & (bearing <= stop)
        for end in ends:
            ring |= np.hypot(x - radius * np.cos(end), y - radius * np.sin(end)) <= width / 2
        return ring

    return _ink(_coverage(covers, side, angle), background)


def shaded_disc(*, side: int, background: int, light: str = "bottom", steps: int = 16) -> np.ndarray:
    """A disc that fills the square, shaded in equal steps from black to white; ``light``: the side that is white."""
    if light not in ("top", "bottom", "left", "right"):
        raise DataError(f"light from `{light}`", where="shaded_disc", remedy="Use top, bottom, left or right")
    wide = int(np.ceil(side / steps))
    ramp = np.repeat(np.linspace(0, 255, steps), wide)[:side]
    ramp = ramp if light in ("bottom", "right") else ramp[::-1]
    shading = np.broadcast_to(ramp[:, None] if light in ("top", "bottom") else ramp[None, :], (side, side))
    inside = _coverage(lambda x, y: np.hypot(x, y) <= side / 2, side, 0.0)
    return background + inside * (shading - background)


def strokes(*, side: int, background: int, figure: str, variant: int = 0, border: int = 0) -> np.ndarray:
    """Two strokes: ``figure`` is cross, non_cross, T or L; ``variant`` 0 to 3: as it is, flipped vertically,
    transposed, transposed and flipped horizontally. Around them a ``border`` px wide."""
    if figure not in _STROKES or variant not in range(4):
        raise DataError(
            f"no figure `{figure}` or variant {variant}",
            where="strokes",
            remedy=f"Figures: {', '.join(_STROKES)}; variants 0 to 3",
        )
    inner = side - 2 * border
    drawn = np.zeros((inner, inner))
    for top, bottom, left, right in _STROKES[figure]:
        # Rows and columns of the published 165-px figures, at this size.
        a, b, c, d = (round(value * inner / _STROKE_SIDE) for value in (top, bottom, left, right))
        drawn[a:b, c:d] = 1.0
    if variant >= 2:
        drawn = drawn.T
    drawn = drawn[::-1] if variant == 1 else drawn[:, ::-1] if variant == 3 else drawn
    return _ink(np.pad(drawn, border), background)


SHAPES: Mapping[str, Callable[..., np.ndarray]] = {
    "bar": bar,
    "arc": arc,
    "shaded_disc": shaded_disc,
    "strokes": strokes,
}

_STROKE_SIDE = 165
#: First row, one after the last, first column, one after the last.
_STROKES = {
    "cross": [(0, 165, 74, 90), (49, 66, 0, 165)],
    "non_cross": [(0, 165, 74, 90), (49, 66, 0, 82), (99, 115, 82, 165)],
    "L": [(0, 165, 0, 16), (148, 165, 0, 165)],
    "T": [(0, 165, 74, 90), (0, 16, 0, 165)],
}


def _coverage(covers: Callable[[np.ndarray, np.ndarray], np.ndarray], side: int, angle: float) -> np.ndarray:
    """Share of each pixel that a shape around the middle covers, after a turn counter-clockwise (degrees)."""
    n = side * _SUBSAMPLES
    at = (np.arange(n) + 0.5) / _SUBSAMPLES - side / 2
    x, y = np.meshgrid(at, at)
    turn = np.radians(angle)
    # y points down, so that a counter-clockwise turn of the shape turns the points by this.
    points = np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y
    inside = covers(*points)
    return inside.reshape(side, _SUBSAMPLES, side, _SUBSAMPLES).mean(axis=(1, 3))


def _ink(coverage: np.ndarray, background: int) -> np.ndarray:
    ink = 255.0 if background < 128 else 0.0
    return background + coverage * (ink - background)
