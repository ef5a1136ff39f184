"""Compiled loops of MultiMatch: simplification, alignment, medians along the alignment."""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit(cache=True)
def _by_direction(sx, sy, lx, ly, dur, n, n_dur, most_angle, most_duration):
    """Merge saccades that go on in one direction; in place; their number."""
    last = dur[n_dur - 1]
    i, j = 0, 0
    while i < n:
        merged = False
        if i < n - 1 and dur[i + 1] < most_duration:
            lengths = np.hypot(lx[i], ly[i]) * np.hypot(lx[i + 1], ly[i + 1])
            # A saccade of no length has no direction.
            if lengths > 0:
                cosine = (lx[i] * lx[i + 1] + ly[i] * ly[i + 1]) / lengths
                merged = np.degrees(np.arccos(min(max(cosine, -1.0), 1.0))) < most_angle
        sx[j], sy[j], dur[j] = sx[i], sy[i], dur[i]
        if merged:
            lx[j], ly[j] = lx[i] + lx[i + 1], ly[i] + ly[i + 1]
            i += 2
        else:
            lx[j], ly[j] = lx[i], ly[i]
            i += 1
        j += 1
    dur[j] = last
    return j


@njit(cache=True)
def _by_length(sx, sy, lx, ly, dur, n, n_dur, most_length, most_duration):
    """Merge short saccades; in place; number of saccades and of durations."""
    last, last_but_one = dur[n_dur - 1], dur[n_dur - 2]
    i, j = 0, 0
    extra = 0
    while i < n:
        short = np.hypot(lx[i], ly[i]) < most_length
        if i == n - 1:
            # The last joins the one before. Where nothing is left to join, it stays.
            if short and j > 0 and (last < most_duration or last_but_one < most_duration):
                lx[j - 1], ly[j - 1] = lx[i - 1] + lx[i], ly[i - 1] + ly[i]
                dur[j] = dur[i - 1]
                extra = 1
                break
        elif short and (dur[i + 1] < most_duration or dur[i] < most_duration):
            sx[j], sy[j], dur[j] = sx[i], sy[i], dur[i]
            lx[j], ly[j] = lx[i] + lx[i + 1], ly[i] + ly[i + 1]
            i += 2
            j += 1
            continue
        sx[j], sy[j], dur[j] = sx[i], sy[i], dur[i]
        lx[j], ly[j] = lx[i], ly[i]
        i += 1
        j += 1
    dur[j + extra] = last
    return j, j + extra + 1


@njit(cache=True)
def _saccades(x, y, duration, first, last, options, sx, sy, lx, ly, dur):
    """Saccades of a scanpath, simplified where wanted; their number."""
    n = last - first - 1
    for i in range(n):
        sx[i], sy[i], dur[i] = x[first + i], y[first + i], duration[first + i]
        lx[i], ly[i] = x[first + i + 1] - sx[i], y[first + i + 1] - sy[i]
    dur[n] = duration[last - 1]
    n_dur = n + 1
    if options[2] > 0:
        before = 0
        while n_dur != before:
            before = n_dur
            n = _by_direction(sx, sy, lx, ly, dur, n, n_dur, options[3], options[4])
            n, n_dur = _by_length(sx, sy, lx, ly, dur, n, n + 1, options[5], options[4])
    return n


@njit(cache=True)
def _align(lx1, ly1, n, lx2, ly2, m, cost, path):
    """Cheapest way through the differences of two saccade sequences; its length. ``path`` (n + m, 2) is filled."""
    for i in range(n):
        for j in range(m):
            here = np.sqrt((lx1[i] - lx2[j]) ** 2 + (ly1[i] - ly2[j]) ** 2)
            if i > 0 and j > 0:
                here += min(cost[i - 1, j - 1], min(cost[i - 1, j], cost[i, j - 1]))
            elif i > 0:
                here += cost[i - 1, j]
            elif j > 0:
                here += cost[i, j - 1]
            else:
                # The first cell is where the way starts, it costs nothing.
                here = 0.0
            cost[i, j] = here
    i, j, k = n - 1, m - 1, 0
    path[0, 0], path[0, 1] = i, j
    while i > 0 or j > 0:
        if i > 0 and j > 0:
            diagonal, up, left = cost[i - 1, j - 1], cost[i - 1, j], cost[i, j - 1]
            if diagonal <= up and diagonal <= left:
                i, j = i - 1, j - 1
            elif up <= left:
                i -= 1
            else:
                j -= 1
        elif i > 0:
            i -= 1
        else:
            j -= 1
        k += 1
        path[k, 0], path[k, 1] = i, j
    return k + 1


@njit(cache=True)
def _difference(first, second):
    larger = max(first, second)
    return abs(first - second) / larger if larger > 0 else 0.0


@njit(parallel=True, cache=True)
def multimatch_pairs(x1, y1, d1, s1, o1, x2, y2, d2, s2, o2, pairs, options, out):
    """Vector, direction, length, position and duration similarity of each pair.

    ``options``: width, height, simplify, angle (degrees), duration (s), amplitude (px), use of durations.
    """
    diagonal = np.hypot(options[0], options[1])
    for p in prange(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        most = max(o1[a + 1] - o1[a], o2[b + 1] - o2[b]) + 2
        one, two = np.empty((5, most)), np.empty((5, most))
        n = _saccades(x1, y1, d1, o1[a], o1[a + 1], options, one[0], one[1], one[2], one[3], one[4])
        m = _saccades(x2, y2, d2, o2[b], o2[b + 1], options, two[0], two[1], two[2], two[3], two[4])
        cost, path = np.empty((n, m)), np.empty((n + m, 2), np.int64)
        count = _align(one[2], one[3], n, two[2], two[3], m, cost, path)
        values = np.empty((5, count))
        for k in range(count):
            i, j = path[k, 0], path[k, 1]
            values[0, k] = np.hypot(one[2, i] - two[2, j], one[3, i] - two[3, j])
            angle = abs(np.arctan2(one[3, i], one[2, i]) - np.arctan2(two[3, j], two[2, j]))
            values[1, k] = min(angle, 2 * np.pi - angle)
            values[2, k] = abs(np.hypot(one[2, i], one[3, i]) - np.hypot(two[2, j], two[3, j]))
            values[3, k] = np.hypot(one[0, i] - two[0, j], one[1, i] - two[1, j])
            values[4, k] = _difference(one[4, i], two[4, j]) if options[6] > 0 else np.nan
        out[p, 0] = 1 - np.median(values[0]) / (2 * diagonal)
        out[p, 1] = 1 - np.median(values[1]) / np.pi
        out[p, 2] = 1 - np.median(values[2]) / diagonal
        out[p, 3] = 1 - np.median(values[3]) / diagonal
        out[p, 4] = 1 - np.median(values[4]) if options[6] > 0 else np.nan
