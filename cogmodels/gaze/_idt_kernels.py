"""Compiled loop of I-DT."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, inline="always")
def _push(values, queue, head, tail, i, sign):
    """Append sample ``i`` to a queue that falls (sign 1: its front is the largest) or rises (-1); NaN is skipped."""
    value = values[i]
    if np.isnan(value):
        return tail
    while tail > head and sign * values[queue[tail - 1]] <= sign * value:
        tail -= 1
    queue[tail] = i
    return tail + 1


@njit(cache=True, inline="always")
def _drop(queue, head, tail, first):
    """Front of a queue without the samples before ``first``."""
    while head < tail and queue[head] < first:
        head += 1
    return head


@njit(cache=True)
def dispersed_runs(x, y, threshold, minimum, beyond, split, starts, stops, queues):
    """Stretches of at least ``minimum`` samples whose range of x plus range of y stays within ``threshold``; count.

    ``beyond``: the sample that breaks the limit counts as the last one, and a stretch with a loss inside ends one
    sample earlier. ``split``: stretches break at losses. ``queues`` (4, n) int64 is work space: largest and smallest
    x, then y, of the window; every sample enters and leaves each once.
    """
    n = len(x)
    count = 0
    start = 0
    stop = 0
    h0 = h1 = h2 = h3 = 0
    t0 = t1 = t2 = t3 = 0
    while start + minimum <= n:
        target = start + minimum
        growing = False
        while True:
            while stop < target:
                t0 = _push(x, queues[0], h0, t0, stop, 1.0)
                t1 = _push(x, queues[1], h1, t1, stop, -1.0)
                t2 = _push(y, queues[2], h2, t2, stop, 1.0)
                t3 = _push(y, queues[3], h3, t3, stop, -1.0)
                stop += 1
            dispersion = np.nan
            if h0 < t0 and h2 < t2:
                dispersion = (x[queues[0, h0]] - x[queues[1, h1]]) + (y[queues[2, h2]] - y[queues[3, h3]])
            if not growing and not dispersion <= threshold:
                break
            growing = True
            if not dispersion < threshold or stop == n:
                break
            target = stop + 1
        if not growing:
            start += 1
            h0 = _drop(queues[0], h0, t0, start)
            h1 = _drop(queues[1], h1, t1, start)
            h2 = _drop(queues[2], h2, t2, start)
            h3 = _drop(queues[3], h3, t3, start)
            continue
        # The last sample lies within the limit only where the recording ended, or the limit was met to the digit.
        inside = stop if dispersion <= threshold or beyond else stop - 1
        count = _emit(x, y, start, inside, minimum, beyond, split, starts, stops, count)
        start = stop if beyond or inside == stop else inside
        stop = start
        h0 = h1 = h2 = h3 = 0
        t0 = t1 = t2 = t3 = 0
    return count


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
