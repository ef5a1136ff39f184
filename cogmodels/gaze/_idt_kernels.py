"""Compiled loop of I-DT."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def dispersed_runs(x, y, threshold, minimum, beyond, split, starts, stops):
    """Stretches of at least ``minimum`` samples whose range of x plus range of y stays within ``threshold``; count.

    ``beyond``: the sample that breaks the limit counts as the last one, and a stretch with a loss inside ends one
    sample earlier. ``split``: stretches break at losses.
    """
    n = len(x)
    count = 0
    start = 0
    while start + minimum <= n:
        stop = start + minimum
        left, right, top, bottom, broken = _last_break(x, y, start, stop, threshold)
        if broken >= 0:
            # Each window from here to the sample that broke the limit holds it and all after it.
            start = broken + 1
            continue
        if right < left or bottom < top:
            # Nothing seen; the next window that could be one ends behind the next sample that is.
            while stop < n and np.isnan(x[stop]) and np.isnan(y[stop]):
                stop += 1
            start = max(start + 1, stop - minimum + 1)
            continue
        dispersion = (right - left) + (bottom - top)
        while dispersion < threshold and stop < n:
            # Comparisons with NaN are false: it widens nothing.
            left = x[stop] if x[stop] < left else left
            right = x[stop] if x[stop] > right else right
            top = y[stop] if y[stop] < top else top
            bottom = y[stop] if y[stop] > bottom else bottom
            dispersion = (right - left) + (bottom - top)
            stop += 1
        # The last sample lies within the limit only where the recording ended, or the limit was met to the digit.
        inside = stop if dispersion <= threshold or beyond else stop - 1
        count = _emit(x, y, start, inside, minimum, beyond, split, starts, stops, count)
        start = stop if beyond or inside == stop else inside
    return count


@njit(cache=True)
def _last_break(x, y, start, stop, threshold):
    """Extent of a window's samples, from its last to its first, and the first of these that breaks the limit or -1."""
    left, right, top, bottom = np.inf, -np.inf, np.inf, -np.inf
    for i in range(stop - 1, start - 1, -1):
        left = x[i] if x[i] < left else left
        right = x[i] if x[i] > right else right
        top = y[i] if y[i] < top else top
        bottom = y[i] if y[i] > bottom else bottom
        if (right - left) + (bottom - top) > threshold:
            return left, right, top, bottom, i
    return left, right, top, bottom, -1


@njit(cache=True)
def _emit(x, y, start, stop, minimum, beyond, split, starts, stops, count):
    """Write one window, without lost samples at its ends and, if asked, broken at those inside."""
    last = stop - 1 if beyond else stop
    lost = False
    for i in range(start, last):
        lost = lost or np.isnan(x[i]) or np.isnan(y[i])
    if not lost:
        starts[count] = start
        stops[count] = stop
        return count + 1
    i = start
    while i < last:
        if np.isnan(x[i]) or np.isnan(y[i]):
            i += 1
            continue
        first = i
        end = i
        while i < last and not (split and (np.isnan(x[i]) or np.isnan(y[i]))):
            i += 1
            if not (np.isnan(x[i - 1]) or np.isnan(y[i - 1])):
                end = i
        if end - first >= minimum:
            starts[count] = first
            stops[count] = end
            count += 1
    return count
