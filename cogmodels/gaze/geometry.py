"""Pixels of the screen and degrees of visual angle.

Pixels: x right, y down, origin top left, 0-based, so the screen's centre is (resolution - 1) / 2. Degrees are relative
to that centre and keep the directions of the pixels (x right, y down).
"""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError
from cogmodels.gaze.recording import Recording, Screen


def gaze_degrees(recording: Recording, method: str = "tangent") -> tuple[np.ndarray, np.ndarray]:
    """Gaze of a recording (n,), (n,), degrees from the screen's centre, at the viewing distance of each sample.

    ``tangent``: :func:`pixels_to_degrees`; ``fick``: :func:`pixels_to_fick`. Where the tracker recorded no distance the
    screen's holds.
    """
    if method not in ("tangent", "fick"):
        raise DataError(f"no angles called `{method}`", where="degrees", remedy="Use tangent or fick")
    convert = pixels_to_degrees if method == "tangent" else pixels_to_fick
    return convert(recording.x, recording.y, recording.screen, recording.distance_m)


def pixels_to_degrees(
    x: np.ndarray, y: np.ndarray, screen: Screen, distance_m: float | np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Horizontal and vertical angle of each position, every axis by itself: atan(offset from the centre / distance).

    Parameters
    ----------
    x, y : (n,) float
        Position, px.
    screen : Screen
    distance_m : float or (n,), optional
        Viewing distance, m; the screen's by default.

    Returns
    -------
    x, y : (n,) float
        Degrees from the screen's centre.

    Notes
    -----
    The definition of pymovements' ``pix2deg`` (0.28). Unlike a constant number of degrees a pixel, it holds far from
    the centre; unlike Fick angles (:func:`pixels_to_fick`), the axes do not depend on each other.
    """
    distance = screen.distance_m if distance_m is None else distance_m
    return tuple(np.degrees(np.arctan2(offset, distance)) for offset in _metres(x, y, screen))


def degrees_to_pixels(x: np.ndarray, y: np.ndarray, screen: Screen) -> tuple[np.ndarray, np.ndarray]:
    """Positions (px) of angles from the screen's centre; the inverse of :func:`pixels_to_degrees`."""
    offsets = (screen.distance_m * np.tan(np.radians(angle)) for angle in (x, y))
    return _pixels(*offsets, screen)


def pixels_to_fick(
    x: np.ndarray, y: np.ndarray, screen: Screen, distance_m: float | np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Fick angles of each position: azimuth about a vertical axis, then elevation in the rotated plane.

    Parameters
    ----------
    x, y : (n,) float
        Position, px.
    screen : Screen
    distance_m : float or (n,), optional
        Viewing distance, m; the screen's by default.

    Returns
    -------
    azimuth, elevation : (n,) float
        Degrees from the screen's centre; elevation is positive downwards, as pixels are.

    Notes
    -----
    The definition of ETDQualitizer (Niehorster et al.), whose quality measures are taken in these angles.
    """
    right, down = _metres(x, y, screen)
    distance = screen.distance_m if distance_m is None else distance_m
    azimuth = np.arctan2(right, distance)
    elevation = np.arctan2(down, np.hypot(distance, right))
    return np.degrees(azimuth), np.degrees(elevation)


def fick_to_pixels(azimuth: np.ndarray, elevation: np.ndarray, screen: Screen) -> tuple[np.ndarray, np.ndarray]:
    """Positions (px) of Fick angles; the inverse of :func:`pixels_to_fick`."""
    azimuth, elevation = np.radians(azimuth), np.radians(elevation)
    right = screen.distance_m * np.tan(azimuth)
    down = screen.distance_m * np.tan(elevation) / np.cos(azimuth)
    return _pixels(right, down, screen)


def fick_to_vector(azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    """Unit vectors (..., 3) of Fick angles (degrees): x along the azimuth, y along the elevation, z to the screen."""
    azimuth, elevation = np.radians(azimuth), np.radians(elevation)
    return np.stack(
        [np.cos(elevation) * np.sin(azimuth), np.sin(elevation), np.cos(elevation) * np.cos(azimuth)], axis=-1
    )


def vector_to_fick(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fick angles (degrees) of vectors (..., 3) of any length; the inverse of :func:`fick_to_vector`."""
    x, y, z = np.moveaxis(np.asarray(vectors, dtype=float), -1, 0)
    return np.degrees(np.arctan2(x, z)), np.degrees(np.arctan2(y, np.hypot(x, z)))


def pixels_per_degree(screen: Screen) -> float:
    """Pixels that one degree at the screen's centre covers, mean of the axes."""
    sizes = [2 * np.tan(np.radians(0.5)) * screen.distance_m * r / s for r, s in zip(*_axes(screen), strict=True)]
    return float(np.mean(sizes))


def _axes(screen: Screen) -> tuple[tuple[float, float], tuple[float, float]]:
    return screen.resolution_px, screen.size_m


def _metres(x: np.ndarray, y: np.ndarray, screen: Screen) -> tuple[np.ndarray, np.ndarray]:
    """Offsets from the screen's centre, m."""
    return tuple(
        (np.asarray(values, dtype=float) - (resolution - 1) / 2) * (size / resolution)
        for values, resolution, size in zip((x, y), *_axes(screen), strict=True)
    )


def _pixels(right: np.ndarray, down: np.ndarray, screen: Screen) -> tuple[np.ndarray, np.ndarray]:
    """Positions in px of offsets from the screen's centre in m."""
    return tuple(
        offset * (resolution / size) + (resolution - 1) / 2
        for offset, resolution, size in zip((right, down), *_axes(screen), strict=True)
    )
