"""Compiled loops over the pixels of maps. Each sum runs within rows first, which keeps its rounding error small."""

from __future__ import annotations

import numba
import numpy as np

# Sums may be reordered, so that they run in vector registers; NaN and infinity keep their meaning.
_SUMS = {"reassoc", "contract", "nsz"}


# Written into its callers, not called: else one that is read from the cache sums in another order than it did where it
# was compiled.
@numba.njit(inline="always")
def _deviations(values, origin):
    total = 0.0
    squares = 0.0
    for i in range(values.shape[0]):
        row = 0.0
        row_squares = 0.0
        for j in range(values.shape[1]):
            deviation = values[i, j] - origin
            row += deviation
            row_squares += deviation * deviation
        total += row
        squares += row_squares
    return total, squares


@numba.njit(cache=True, fastmath=_SUMS, nogil=True)
def deviations(values, origin):
    """Sum of deviations from the origin and of their squares."""
    return _deviations(values, origin)


@numba.njit(cache=True, fastmath=_SUMS, nogil=True)
def moments(values):
    """Mean and sum of squared deviations of a map (height, width); NaN or infinite where a pixel is not finite."""
    n = values.size
    origin = values[values.shape[0] // 2, values.shape[1] // 2]
    total, squares = _deviations(values, origin)
    # One pass around any pixel does, unless that pixel lies far from the mean: then the difference would cancel.
    if n * (total / n) ** 2 > 0.99 * squares:
        origin = origin + total / n
        total, squares = _deviations(values, origin)
    mean = total / n
    return origin + mean, squares - n * mean * mean


@numba.njit(cache=True, nogil=True)
def rank_pixels(values, positives, low, high, at_least, equal):
    """How many pixels reach each of the positives, and how many equal it.

    positives : (n,) in ascending order, all different, within low ... high, the extent of values (height, width)
    at_least, equal : (n,) int64, filled
    """
    n = positives.shape[0]
    # The more cells, the fewer pixels share one with a positive; but the table has to stay small beside the map.
    cells = min(32768, values.size // 24 + 2)
    # One multiplication for each pixel finds its cell; only in the few that hold a positive are values compared.
    scale = (cells - 1) / (high - low) if high > low else 0.0
    stops = np.zeros(cells, np.int32)
    for k in range(n):
        stops[int((positives[k] - low) * scale)] += 1
    # Positives in the cells before; -1 minus that where the cell holds some.
    before = np.empty(cells, np.int32)
    total = 0
    for cell in range(cells):
        before[cell] = total if stops[cell] == 0 else -1 - total
        total += stops[cell]
        stops[cell] = total
    # counts[k]: pixels with k positives at or below them.
    # Neighbouring pixels often have the same k: they count in turn, so that none waits for the one before it.
    counts = np.zeros((4, n + 1), np.int64)
    equal[:] = 0
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            value = values[i, j]
            cell = np.int32((value - low) * scale)
            k = before[cell]
            if k < 0:
                k = -1 - k
                while k < stops[cell] and positives[k] <= value:
                    if positives[k] == value:
                        equal[k] += 1
                    k += 1
            counts[j & 3, k] += 1
    above = 0
    for k in range(n - 1, -1, -1):
        above += counts[:, k + 1].sum()
        at_least[k] = above


@numba.njit(cache=True, fastmath=_SUMS, nogil=True)
def cross_moments(first, second, mean_first, mean_second):
    """Sum of the products of deviations of two maps of one shape."""
    total = 0.0
    for i in range(first.shape[0]):
        row = 0.0
        for j in range(first.shape[1]):
            row += (first[i, j] - mean_first) * (second[i, j] - mean_second)
        total += row
    return total


@numba.njit(cache=True, fastmath=_SUMS, nogil=True)
def overlap(first, second, taken_first, added_first, scale_first, taken_second, added_second, scale_second):
    """Sum of minima of two maps, of each some first taken off, then added, then scaled."""
    total = 0.0
    for i in range(first.shape[0]):
        row = 0.0
        for j in range(first.shape[1]):
            one = (first[i, j] - taken_first + added_first) * scale_first
            other = (second[i, j] - taken_second + added_second) * scale_second
            row += min(one, other)
        total += row
    return total


@numba.njit(cache=True, fastmath={"contract", "nsz"}, nogil=True)
def quotients(
    first, second, taken_first, added_first, scale_first, taken_second, added_second, scale_second, eps, ratio, weight
):
    """Of two stretches of pixels, made densities: the second and its quotient with the first."""
    for i in range(len(first)):
        one = (first[i] - taken_first + added_first) * scale_first
        other = (second[i] - taken_second + added_second) * scale_second
        ratio[i] = other / (one + eps) + eps
        weight[i] = other


@numba.njit(cache=True, fastmath=_SUMS, nogil=True)
def shrink(values, out):
    """Mean of the map over the area of each cell of a coarser grid (out, filled); pixels may be cut."""
    height, width = values.shape
    rows, columns = out.shape
    line = np.empty(width)
    for r in range(rows):
        top = r * height / rows
        bottom = (r + 1) * height / rows
        line[:] = 0.0
        for i in range(int(top), min(int(np.ceil(bottom)), height)):
            tall = min(bottom, i + 1.0) - max(top, float(i))
            for j in range(width):
                line[j] += values[i, j] * tall
        for c in range(columns):
            left = c * width / columns
            right = (c + 1) * width / columns
            total = 0.0
            for j in range(int(left), min(int(np.ceil(right)), width)):
                total += line[j] * (min(right, j + 1.0) - max(left, float(j)))
            out[r, c] = total / ((bottom - top) * (right - left))
