"""Compiled height maps of shapes, how light falls on them, and samples of images between pixels."""

import math

import numpy as np
from numba import njit

DOME, PLATEAU, RING, RIDGE = range(4)
#: Waves that make the ground under a shape uneven.
WAVES = 3


@njit(cache=True, nogil=True)
def raise_shapes(profiles, shapes, waves, out):
    """Heights of shapes into out (n, side, side), px.

    shapes (n, 6): centre x, y, radius (px), aspect (1 = round), turn (radians), height (px; below 0 a hollow).
    waves (n, WAVES, 4): wave number x, y (radians a px), phase, amplitude (px) of the ground.
    """
    for k in range(len(out)):
        cx, cy, radius, aspect, turn, height = shapes[k]
        cosine, sine = math.cos(turn), math.sin(turn)
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                along = ((j - cx) * cosine + (i - cy) * sine) / (radius * aspect)
                across = (-(j - cx) * sine + (i - cy) * cosine) / radius
                square = along * along + across * across
                z = 0.0
                if square < 1.0:
                    if profiles[k] == RING:
                        # 0 in the middle and at the rim, 1 at radius 1 / sqrt(2).
                        z = 16.0 * (square * (1.0 - square)) ** 2
                    elif profiles[k] == PLATEAU:
                        z = 1.0 - square**4
                        z = z * z
                    else:
                        z = (1.0 - square) ** 2
                z *= height
                for w in range(waves.shape[1]):
                    u, v, phase, amplitude = waves[k, w]
                    z += amplitude * math.sin(u * j + v * i + phase)
                out[k, i, j] = z


@njit(cache=True, nogil=True)
def shade(heights, lights, ambient, out):
    """Light that reaches each place of height maps (n, h, w), into out: 0 to 1.

    lights (n, 3): unit vectors to the light, x right, y down, z to the viewer. Slopes are central differences.
    """
    rows, columns = heights.shape[1], heights.shape[2]
    for k in range(len(heights)):
        lx, ly, lz = lights[k]
        for i in range(rows):
            above, below = max(i - 1, 0), min(i + 1, rows - 1)
            for j in range(columns):
                left, right = max(j - 1, 0), min(j + 1, columns - 1)
                zx = (heights[k, i, right] - heights[k, i, left]) / (right - left)
                zy = (heights[k, below, j] - heights[k, above, j]) / (below - above)
                facing = (lz - zx * lx - zy * ly) / math.sqrt(1.0 + zx * zx + zy * zy)
                out[k, i, j] = ambient + (1.0 - ambient) * max(facing, 0.0)


@njit(cache=True, nogil=True)
def sample(image, rows, columns, out):
    """Bilinear samples of an image (h, w, c) at real places, beyond the edge those of the edge, into out (m, n, c)."""
    height, width = image.shape[0], image.shape[1]
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            y = min(max(rows[i, j], 0.0), height - 1.0)
            x = min(max(columns[i, j], 0.0), width - 1.0)
            top, left = int(y), int(x)
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            fy, fx = y - top, x - left
            for c in range(image.shape[2]):
                upper = image[top, left, c] * (1.0 - fx) + image[top, right, c] * fx
                lower = image[bottom, left, c] * (1.0 - fx) + image[bottom, right, c] * fx
                out[i, j, c] = np.uint8(upper * (1.0 - fy) + lower * fy + 0.5)
