"""Compiled loops over distances between the fixations of two scanpaths."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

DTW, FRECHET, HAUSDORFF, MANNAN, FDISS, TDE, TDE_MAX, STDE = range(8)


@njit(cache=True, inline="always")
def _distance(x1, y1, i, x2, y2, j):
    dx, dy = x1[i] - x2[j], y1[i] - y2[j]
    return np.sqrt(dx * dx + dy * dy)


@njit(cache=True)
def _warped(x1, y1, x2, y2, row):
    n, m = len(x1), len(x2)
    row[:] = np.inf
    row[0] = 0.0
    for i in range(n):
        diagonal = row[0]
        row[0] = np.inf
        for j in range(m):
            above = row[j + 1]
            row[j + 1] = _distance(x1, y1, i, x2, y2, j) + min(diagonal, min(above, row[j]))
            diagonal = above
    return row[m]


@njit(cache=True)
def _frechet(x1, y1, x2, y2, row):
    n, m = len(x1), len(x2)
    row[:] = np.inf
    for i in range(n):
        diagonal = -np.inf if i == 0 else np.inf
        row[0] = np.inf
        for j in range(m):
            above = row[j + 1]
            row[j + 1] = max(_distance(x1, y1, i, x2, y2, j), min(diagonal, min(above, row[j])))
            diagonal = above
    return row[m]


@njit(cache=True)
def _nearest(x1, y1, i, x2, y2):
    least = np.inf
    for j in range(len(x2)):
        least = min(least, _distance(x1, y1, i, x2, y2, j))
    return least


@njit(cache=True)
def _hausdorff(x1, y1, x2, y2):
    most = 0.0
    for i in range(len(x1)):
        most = max(most, _nearest(x1, y1, i, x2, y2))
    return most


@njit(cache=True)
def _mannan(x1, y1, x2, y2, width, height):
    n, m = len(x1), len(x2)
    first, second = 0.0, 0.0
    for i in range(n):
        first += _nearest(x1, y1, i, x2, y2) ** 2
    for j in range(m):
        second += _nearest(x2, y2, j, x1, y1) ** 2
    return (m * first + n * second) / (2.0 * n * m * (width * width + height * height))


@njit(cache=True)
def _disc_overlap(distance, radius):
    """Intersection over union of two discs of one radius."""
    if distance >= 2 * radius:
        return 0.0
    half = distance / (2 * radius)
    both = 2 * radius * radius * np.arccos(half) - distance / 2 * np.sqrt(4 * radius * radius - distance * distance)
    return both / (2 * np.pi * radius * radius - both)


@njit(cache=True)
def _covered(x1, y1, x2, y2, radius):
    total = 0.0
    for i in range(len(x1)):
        total += _disc_overlap(_nearest(x1, y1, i, x2, y2), radius)
    return total / len(x1)


@njit(cache=True)
def _window(x1, y1, i, x2, y2, j, k):
    """Frobenius distance of two windows of k fixations."""
    total = 0.0
    for t in range(k):
        total += _distance(x1, y1, i + t, x2, y2, j + t) ** 2
    return np.sqrt(total)


@njit(cache=True)
def _embedding(x1, y1, x2, y2, k, largest):
    """Time-delay embedding: how near each window of the first has one in the second; mean or largest."""
    found = 0.0
    count = len(x1) - k + 1
    for i in range(count):
        least = np.inf
        for j in range(len(x2) - k + 1):
            least = min(least, _window(x1, y1, i, x2, y2, j, k))
        found = max(found, least / k) if largest else found + least / k / count
    return found


@njit(parallel=True, cache=True)
def distance_pairs(x1, y1, d1, s1, o1, x2, y2, d2, s2, o2, pairs, options, out):
    """One measure of each pair. ``options``: which, then width and height, or radius, or window."""
    which = np.int64(options[0])
    for p in prange(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        u, v = x1[o1[a] : o1[a + 1]], y1[o1[a] : o1[a + 1]]
        x, y = x2[o2[b] : o2[b + 1]], y2[o2[b] : o2[b + 1]]
        value = np.nan
        if which == DTW:
            value = _warped(u, v, x, y, np.empty(len(x) + 1))
        elif which == FRECHET:
            value = _frechet(u, v, x, y, np.empty(len(x) + 1))
        elif which == HAUSDORFF:
            value = max(_hausdorff(u, v, x, y), _hausdorff(x, y, u, v))
        elif which == MANNAN:
            value = _mannan(u, v, x, y, options[1], options[2])
        elif which == FDISS:
            one, two = _covered(u, v, x, y, options[1]), _covered(x, y, u, v, options[1])
            value = 2 * one * two / (one + two) if one + two > 0 else 0.0
        elif which == STDE:
            side = max(options[1], options[2])
            shorter = min(len(u), len(x))
            value = 0.0
            for k in range(1, shorter + 1):
                value += np.exp(-_embedding(u, v, x, y, k, False) / side) / shorter
        else:
            k = np.int64(options[1])
            if k <= min(len(u), len(x)):
                value = _embedding(u, v, x, y, k, which == TDE_MAX)
        out[p, 0] = value


@njit(cache=True)
def _recurrence_of(near, same, least, lines):
    """Share of recurrences (%) on diagonal and on straight lines of ``least`` or more; ``lines``: marks.

    ``near`` (n, m) bool; ``same``: a scanpath with itself, of which the upper triangle counts.
    """
    n, m = near.shape
    total, mass = 0, 0.0
    for i in range(n):
        for j in range(i + 1 if same else 0, m):
            if near[i, j]:
                total += 1
                mass += j - i
    # Marks: 1 on a diagonal, 2 on a row or column.
    lines[:] = 0
    for i in range(n):
        for j in range(i + 1 if same else 0, m):
            if not near[i, j]:
                continue
            if i == 0 or j == 0 or not near[i - 1, j - 1]:
                k = 0
                while i + k < n and j + k < m and near[i + k, j + k]:
                    k += 1
                if k >= least:
                    for t in range(k):
                        lines[i + t, j + t] |= 1
            if j == (i + 1 if same else 0) or not near[i, j - 1]:
                k = 0
                while j + k < m and near[i, j + k]:
                    k += 1
                if k >= least:
                    for t in range(k):
                        lines[i, j + t] |= 2
            if i == 0 or not near[i - 1, j]:
                k = 0
                while i + k < (j if same else n) and near[i + k, j]:
                    k += 1
                if k >= least:
                    for t in range(k):
                        lines[i + t, j] |= 2
    diagonal, straight = 0, 0
    for i in range(n):
        for j in range(i + 1 if same else 0, m):
            diagonal += lines[i, j] & 1
            straight += (lines[i, j] & 2) // 2
    return total, diagonal, straight, mass


@njit(parallel=True, cache=True)
def recurrence_pairs(x1, y1, d1, s1, o1, x2, y2, d2, s2, o2, pairs, options, out):
    """REC, DET, LAM, CORM of each pair. ``options``: radius, shortest line, whether the two are one scanpath."""
    radius, least, same = options[0], np.int64(options[1]), options[2] > 0
    for p in prange(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        n = min(o1[a + 1] - o1[a], o2[b + 1] - o2[b])
        near = np.empty((n, n), np.bool_)
        for i in range(n):
            for j in range(n):
                near[i, j] = _distance(x1, y1, o1[a] + i, x2, y2, o2[b] + j) <= radius
        total, diagonal, straight, mass = _recurrence_of(near, same, least, np.empty((n, n), np.int8))
        cells = n * (n - 1) / 2 if same else n * n
        out[p, 0] = 100 * total / cells if cells else 0.0
        out[p, 1] = 100 * diagonal / total if total else 0.0
        out[p, 2] = 100 * straight / total if total else 0.0
        out[p, 3] = 100 * mass / ((n - 1) * total) if total and n > 1 else 0.0
