"""Compiled loops over strings of symbols."""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit(cache=True)
def cell_of(value, size, cells):
    """Column (or row) of the pixel that holds a position; what lies beside the image belongs to the nearest cell."""
    return min(max(int(np.floor(np.floor(value) * cells / size)), 0), cells - 1)


@njit(cache=True)
def repeats_of(duration, bin_s):
    """How often a symbol stands for its duration: rounded half to even; once without bins."""
    # In whole ms, as the references have durations: half a bin is then exactly half.
    return int(np.rint(np.rint(duration * 1000) / np.rint(bin_s * 1000))) if bin_s > 0 else 1


@njit(cache=True)
def common_length(first, second, row):
    """Length of the longest common subsequence; ``row`` (len(second) + 1,) is work space."""
    row[: len(second) + 1] = 0
    for i in range(len(first)):
        diagonal = 0
        for j in range(len(second)):
            above = row[j + 1]
            row[j + 1] = max(diagonal + (first[i] == second[j]), max(above, row[j]))
            diagonal = above
    return row[len(second)]


@njit(cache=True)
def edit_distance(first, second, row):
    """Levenshtein distance, unit costs; ``row`` (len(second) + 1,) is work space."""
    for j in range(len(second) + 1):
        row[j] = j
    for i in range(len(first)):
        diagonal = row[0]
        row[0] = i + 1
        for j in range(len(second)):
            above = row[j + 1]
            row[j + 1] = min(diagonal + (first[i] != second[j]), min(above, row[j]) + 1)
            diagonal = above
    return row[len(second)]


@njit(cache=True)
def _timed(symbols, duration, first, last, bin_s):
    """Symbols of a scanpath, each as often as its duration holds bins (cut, not rounded)."""
    if bin_s <= 0:
        return symbols[first:last].copy()
    total = 0
    for i in range(first, last):
        total += int(np.rint(duration[i] * 1000) / np.rint(bin_s * 1000))
    out = np.empty(total, np.int64)
    k = 0
    for i in range(first, last):
        for _ in range(int(np.rint(duration[i] * 1000) / np.rint(bin_s * 1000))):
            out[k] = symbols[i]
            k += 1
    return out


@njit(parallel=True, cache=True)
def sequence_pairs(x1, y1, d1, s1, o1, x2, y2, d2, s2, o2, pairs, options, out):
    """Sequence score of each pair. ``options``: seconds of a time bin (0 for none), steps of the first that count."""
    for p in prange(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        stop_a = min(o1[a + 1], o1[a] + np.int64(options[1]))
        stop_b = min(o2[b + 1], o2[b] + np.int64(options[2]))
        first = _timed(s1, d1, o1[a], stop_a, options[0])
        second = _timed(s2, d2, o2[b], stop_b, options[0])
        longer = max(len(first), len(second))
        row = np.empty(len(second) + 1, np.int64)
        out[p, 0] = common_length(first, second, row) / longer if longer else np.nan


@njit(parallel=True, cache=True)
def edit_pairs(x1, y1, d1, s1, o1, x2, y2, d2, s2, o2, pairs, options, out):
    """Edit distance of each pair on a grid. ``options``: width, height, columns, rows, normalise."""
    columns, rows = np.int64(options[2]), np.int64(options[3])
    for p in prange(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        first = np.empty(o1[a + 1] - o1[a], np.int64)
        second = np.empty(o2[b + 1] - o2[b], np.int64)
        for i in range(len(first)):
            x, y = x1[o1[a] + i], y1[o1[a] + i]
            first[i] = cell_of(y, options[1], rows) * columns + cell_of(x, options[0], columns)
        for j in range(len(second)):
            x, y = x2[o2[b] + j], y2[o2[b] + j]
            second[j] = cell_of(y, options[1], rows) * columns + cell_of(x, options[0], columns)
        distance = edit_distance(first, second, np.empty(len(second) + 1, np.int64))
        longer = max(len(first), len(second))
        out[p, 0] = distance / max(longer, 1) if options[4] > 0 else distance


@njit(cache=True)
def _cells(x, y, duration, first, last, options):
    """Columns and rows of a scanpath's fixations, repeated by duration."""
    count = 0
    for i in range(first, last):
        count += repeats_of(duration[i], options[6])
    out = np.empty((2, count))
    k = 0
    for i in range(first, last):
        column = cell_of(x[i], options[0], np.int64(options[2]))
        row = cell_of(y[i], options[1], np.int64(options[3]))
        for _ in range(repeats_of(duration[i], options[6])):
            out[0, k], out[1, k] = column, row
            k += 1
    return out


@njit(parallel=True, cache=True)
def scanmatch_pairs(x1, y1, d1, s1, o1, x2, y2, d2, s2, o2, pairs, options, out):
    """ScanMatch of each pair. ``options``: width, height, columns, rows, threshold, gap, seconds of a time bin."""
    threshold, gap = options[4], options[5]
    for p in prange(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        first = _cells(x1, y1, d1, o1[a], o1[a + 1], options)
        second = _cells(x2, y2, d2, o2[b], o2[b + 1], options)
        n, m = first.shape[1], second.shape[1]
        row = np.empty(m + 1)
        for j in range(m + 1):
            row[j] = gap * j
        for i in range(n):
            diagonal = row[0]
            row[0] = gap * (i + 1)
            for j in range(m):
                above = row[j + 1]
                match = threshold - np.sqrt((first[0, i] - second[0, j]) ** 2 + (first[1, i] - second[1, j]) ** 2)
                row[j + 1] = max(diagonal + match, max(above, row[j]) + gap)
                diagonal = above
        longer = max(n, m)
        # A string without symbols (every fixation shorter than half a bin) can be compared with nothing.
        out[p, 0] = row[m] / (threshold * longer) if min(n, m) else np.nan
