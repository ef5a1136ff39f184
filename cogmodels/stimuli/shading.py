"""RENDERED images of shaded shapes: bumps and hollows under a light of known direction.

Whether a shaded disc stands out or in cannot be told without knowing where light comes from: a height map and its
negative, lit from opposite sides, give the same picture (Ramachandran 1988, Nature 331, 163-166). Where light always
comes from above, a network that is asked for bumps and hollows has to learn that; where light comes from everywhere,
nothing can.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cogmodels.errors import DataError
from cogmodels.stimuli import _diet_kernels as kernels

PROFILES = ("dome", "plateau", "ring", "ridge")
SIGNS = ("out", "in")
#: What a rendered image can hold: each profile as a bump and as a hollow.
CLASSES = tuple(f"{profile}-{sign}" for profile in PROFILES for sign in SIGNS)
#: Radius of a ridge along its crest, in those across.
_RIDGE_ASPECT = 2.5


def light_vector(azimuth_deg: np.ndarray | float, elevation_deg: np.ndarray | float) -> np.ndarray:
    """Unit vectors (..., 3) to a light: x right, y down, z to the viewer.

    Azimuth 0: from above; 90: from the right. Elevation 90: from the viewer; 0: grazing.
    """
    azimuth, elevation = np.radians(azimuth_deg), np.radians(elevation_deg)
    return np.stack(
        [np.cos(elevation) * np.sin(azimuth), -np.cos(elevation) * np.cos(azimuth), np.sin(elevation)], axis=-1
    )


def shade(
    heights: np.ndarray, azimuth_deg: np.ndarray | float, elevation_deg: np.ndarray | float, *, ambient: float = 0.3
) -> np.ndarray:
    """Light that a matt white surface sends to a viewer above it.

    Parameters
    ----------
    heights : (n, h, w) float, 2 px or more a side
        Height towards the viewer, px.
    azimuth_deg, elevation_deg : (n,) float or float
        Of the light, see :func:`light_vector`.
    ambient : float
        Share of light that comes from everywhere, 0 to 1.

    Returns
    -------
    (n, h, w) float
        ``ambient + (1 - ambient) max(0, normal . light)``, 0 to 1 (Lambert). Nothing throws a shadow on anything else.
    """
    heights = np.ascontiguousarray(heights, dtype=np.float64)
    if heights.ndim != 3 or min(heights.shape[1:]) < 2 or not 0 <= ambient <= 1:
        raise DataError(
            f"height maps of shape {heights.shape}, ambient {ambient}",
            where="shade",
            remedy="Give (n, h, w), 2 px or more a side, and an ambient share from 0 to 1",
        )
    lights = np.empty((len(heights), 3))
    lights[:] = light_vector(azimuth_deg, elevation_deg)
    out = np.empty_like(heights)
    kernels.shade(heights, lights, float(ambient), out)
    return out


def render_shapes(
    numbers: Sequence[int],
    photographs: Sequence[np.ndarray],
    *,
    side_px: int = 64,
    azimuth_deg: float = 0.0,
    spread_deg: float | None = 30.0,
    elevation_deg: tuple[float, float] = (20.0, 60.0),
    ambient: tuple[float, float] = (0.1, 0.4),
    radius_px: tuple[float, float] = (9.0, 20.0),
    relief_px: float = 0.6,
    texture: float = 0.6,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Images of one shape each, and what it is.

    Parameters
    ----------
    numbers : (n,) int
        Which images; an image is the same whenever it is asked for.
    photographs : sequence of (h, w, 3) uint8
        Whose pieces become the colour of the surface. Each is turned by a multiple of 90 degrees and mirrored at
        random, so that the light in a photograph has no direction here.
    side_px : int
    azimuth_deg, spread_deg : float
        Mean and standard deviation of the light's direction around the viewer; none: from everywhere alike.
    elevation_deg, ambient, radius_px : (low, high)
        Uniform between these.
    relief_px : float
        Standard deviation of the ground's height.
    texture : float
        Largest contrast of the surface's colour: 0 is grey, 1 the photograph's own.
    seed : int

    Returns
    -------
    images : (n, side_px, side_px, 3) uint8
    labels : (n,) int64
        Indices into :data:`CLASSES`. All classes are equally likely, whatever the light.
    """
    n = len(numbers)
    generators = [np.random.default_rng([seed, 401, int(number)]) for number in numbers]
    labels = np.empty(n, np.int64)
    profiles, shapes = np.empty(n, np.int64), np.empty((n, 6))
    waves, lights = np.empty((n, kernels.WAVES, 4)), np.empty((n, 2))
    surfaces, shares = np.empty((n, side_px, side_px, 3), np.float32), np.empty(n)
    for k, rng in enumerate(generators):
        labels[k] = rng.integers(len(CLASSES))
        profiles[k], sign = divmod(int(labels[k]), 2)
        ridge = profiles[k] == PROFILES.index("ridge")
        radius = rng.uniform(*radius_px) * (0.5 if ridge else 1.0)
        aspect = _RIDGE_ASPECT if ridge else rng.uniform(0.8, 1.25)
        # Near the middle, whole in the image where it fits.
        free = max(side_px / 2 - radius * max(aspect, 1.0) - 1, 2.0)
        centre = side_px / 2 - 0.5 + rng.uniform(-free, free, 2)
        height = radius * rng.uniform(0.4, 0.8) * (1 if sign == 0 else -1) * (0.6 if ridge else 1.0)
        shapes[k] = *centre, radius, aspect, rng.uniform(0, np.pi), height
        across, bearing = rng.uniform(0.5, 1.5, kernels.WAVES), rng.uniform(0, 2 * np.pi, kernels.WAVES)
        waves[k, :, 0] = across * np.cos(bearing) * 2 * np.pi / side_px
        waves[k, :, 1] = across * np.sin(bearing) * 2 * np.pi / side_px
        waves[k, :, 2] = rng.uniform(0, 2 * np.pi, kernels.WAVES)
        waves[k, :, 3] = relief_px * np.sqrt(2 / kernels.WAVES)
        turned = rng.uniform(0, 360) if spread_deg is None else azimuth_deg + spread_deg * rng.standard_normal()
        lights[k] = turned, rng.uniform(*elevation_deg)
        shares[k] = rng.uniform(*ambient)
        surfaces[k] = _surface(photographs, side_px, texture, rng)
    heights = np.empty((n, side_px, side_px))
    kernels.raise_shapes(profiles, shapes, waves, heights)
    vectors, light = light_vector(lights[:, 0], lights[:, 1]), np.empty_like(heights)
    for k in range(n):
        kernels.shade(heights[k : k + 1], vectors[k : k + 1], shares[k], light[k : k + 1])
    images = surfaces * light[..., None].astype(np.float32)
    return np.clip(np.rint(images * 255), 0, 255).astype(np.uint8), labels


def _surface(photographs: Sequence[np.ndarray], side: int, texture: float, rng: np.random.Generator) -> np.ndarray:
    """Reflectance (side, side, 3), 0 to 1, from a piece of a photograph."""
    photograph = photographs[rng.integers(len(photographs))]
    height, width = photograph.shape[:2]
    if min(height, width) < side:
        raise DataError(
            f"a photograph of {width} x {height} px for images of {side} px",
            where="render_shapes",
            remedy="Give larger photographs, or make the images smaller",
        )
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    piece = np.rot90(photograph[top : top + side, left : left + side], rng.integers(4))
    piece = piece[:, ::-1] if rng.integers(2) else piece
    contrast = texture * rng.uniform(0, 1)
    base = rng.uniform(0.55, 0.95)
    varied = (piece.astype(np.float32) - piece.mean()) / 255
    return np.clip(base + contrast * varied, 0.05, 1.0)
