"""Filters of gaze samples that several methods share."""

import numpy as np
from numba import njit


@njit(cache=True)
def filter_spikes(values):
    """Replace each sample that both its neighbours lie on one side of by the nearer one, from left to right."""
    for i in range(1, len(values) - 1):
        before, here, after = values[i - 1], values[i], values[i + 1]
        if (before < here and here > after) or (before > here and here < after):
            values[i] = before if abs(before - here) < abs(after - here) else after


@njit(cache=True)
def widen_losses(values, longer_than, by, lost):
    """Mark samples within ``by`` of a stretch of NaN of more than ``longer_than`` samples, and that stretch."""
    n = len(values)
    lost[:] = False
    i = 0
    while i < n:
        if not np.isnan(values[i]):
            i += 1
            continue
        start = i
        while i < n and np.isnan(values[i]):
            i += 1
        if i - start > longer_than:
            lost[max(0, start - by) : min(n, i + by)] = True


@njit(cache=True)
def running_median(values, size, out):
    """Upper median of ``size`` samples around each, the ends mirrored; NaN is left out, and stays NaN itself."""
    n = len(values)
    window = np.empty(size)
    half = size // 2
    count = 0
    for k in range(-half, size - half):
        count = _replace(window, count, np.nan, values[_mirrored(k, n)])
    for centre in range(n):
        out[centre] = window[count // 2] if not np.isnan(values[centre]) else np.nan
        leaving, entering = centre - half, centre - half + size
        if leaving < 0 or entering >= n:
            leaving, entering = _mirrored(leaving, n), _mirrored(entering, n)
        count = _replace(window, count, values[leaving], values[entering])


@njit(cache=True, inline="always")
def _replace(window, count, leaving, entering):
    """Take a value out of ascending ``window[:count]`` and put another in (NaN: none); the new count."""
    if np.isnan(leaving):
        if np.isnan(entering):
            return count
        j = count
        count += 1
    else:
        j = np.searchsorted(window[:count], leaving)
        if np.isnan(entering):
            count -= 1
            for i in range(j, count):
                window[i] = window[i + 1]
            return count
    # What lies between the two moves up or down by one.
    while j > 0 and window[j - 1] > entering:
        window[j] = window[j - 1]
        j -= 1
    while j < count - 1 and window[j + 1] < entering:
        window[j] = window[j + 1]
        j += 1
    window[j] = entering
    return count


@njit(cache=True, inline="always")
def _mirrored(k, n):
    while k < 0 or k >= n:
        k = -1 - k if k < 0 else 2 * n - 1 - k
    return k


@njit(cache=True)
def cap_speed(speed, most):
    """Replace speeds above ``most`` by the one before; in place."""
    for i in range(1, len(speed)):
        if speed[i] > most:
            speed[i] = speed[i - 1]
