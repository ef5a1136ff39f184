"""Compiled loops of the detector that measures saccades against the slow movement below them."""

from __future__ import annotations

import numpy as np
from numba import njit

from cogmodels.gaze._kernels import FIXATION, NONE, PSO, PURSUIT, SACCADE


@njit(cache=True)
def label_saccades(coarse, fast, calm, limits, labels):
    """Label saccades and the oscillations after them; other samples keep their label.

    ``coarse`` (n,): speed above the slow movement after the stronger filter, which finds saccades; ``fast`` (n,):
    after the weaker one, which finds their edges; NaN where there is no gaze. ``calm``: median of ``fast``.
    ``limits``: thresholds and lengths in samples.
    """
    n = len(fast)
    i = 0
    free = 0
    while i < n:
        if not coarse[i] > limits.peak or np.isnan(fast[i]):
            i += 1
            continue
        top = i
        while i < n and (coarse[i] > limits.peak or fast[i] > limits.edge):
            if fast[i] > fast[top]:
                top = i
            i += 1
        if not fast[top] > limits.edge:
            continue
        # Down to the edge, then on to the foot of the slope.
        start = top
        while start > free and fast[start - 1] > limits.edge:
            start -= 1
        while start > free and fast[start - 1] < fast[start] and fast[start - 1] > calm:
            start -= 1
        stop = top
        while stop < n and fast[stop] > limits.edge:
            stop += 1
        while stop < n and fast[stop] < fast[stop - 1] and fast[stop] > calm:
            stop += 1
        if stop - start >= limits.saccade:
            labels[start:stop] = SACCADE
            stop = free = _oscillation(fast, stop, limits, labels)
        i = max(i, stop)


@njit(cache=True)
def _oscillation(fast, start, limits, labels):
    """Label the oscillation that follows a saccade; the sample after it (``start``, where there is none)."""
    n = len(fast)
    stop = k = start
    while True:
        while k < n and k - stop <= limits.pause and fast[k] <= limits.oscillation:
            k += 1
        if k >= n or not fast[k] > limits.oscillation or k - stop > limits.pause or k >= start + limits.longest_pso:
            break
        while k < n and fast[k] > limits.oscillation:
            k += 1
        while k < n and fast[k] < fast[k - 1]:
            k += 1
        stop = k
    if not limits.shortest_pso <= stop - start <= limits.longest_pso:
        return start
    labels[start:stop] = PSO
    return stop


@njit(cache=True)
def label_periods(x, y, limits, labels):
    """Between saccades: pursuit where gaze moves on steadily, fixation elsewhere, nothing where it is too short."""
    n = len(x)
    stop = 0
    while stop < n:
        if labels[stop] != FIXATION:
            stop += 1
            continue
        start = stop
        while stop < n and labels[stop] == FIXATION:
            stop += 1
        speed, extent = _line(x, y, start, stop, limits.rate)
        if stop - start < limits.shortest_fixation:
            labels[start:stop] = NONE
        elif speed > limits.fast_pursuit or (
            speed > limits.pursuit and extent > limits.pursuit_extent and stop - start >= limits.shortest_pursuit
        ):
            labels[start:stop] = PURSUIT


@njit(cache=True)
def _line(x, y, first, last, rate):
    """Speed (deg/s) along the line fitted to a period, and the distance that makes (deg); no sample may be lost."""
    count = last - first
    middle = (count - 1) / 2
    tt, tx, ty = 0.0, 0.0, 0.0
    for i in range(first, last):
        t = i - first - middle
        tt += t * t
        tx += t * (x[i] - x[first])
        ty += t * (y[i] - y[first])
    if tt == 0:
        return 0.0, 0.0
    slope = np.sqrt(tx * tx + ty * ty) / tt
    return slope * rate, slope * count
