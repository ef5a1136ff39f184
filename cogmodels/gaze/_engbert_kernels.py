"""Compiled loops of the Engbert-Kliegl detector."""

from __future__ import annotations

from numba import njit


@njit(cache=True)
def count_between(values, centre, kind, low, high, kept):
    """How many values are not NaN, lie below ``low``, and lie from ``low`` to ``high``; these go into ``kept``.

    ``kind`` 0 takes the values, 1 their squared distance from ``centre``.
    """
    below = 0
    between = 0
    total = 0
    for i in range(len(values)):
        value = values[i]
        if kind == 1:
            value = (value - centre) * (value - centre)
        total += value == value
        below += value < low
        kept[between] = value
        between += (value >= low) & (value <= high)
    return total, below, between


@njit(cache=True)
def ellipse_runs(vx, vy, time, radius_x, radius_y, minimum, starts, stops):
    """Stretches outside the ellipse that last ``minimum`` or more from first to last sample; their count."""
    count = 0
    n = len(vx)
    start = -1
    # Within this rectangle is within the ellipse, and most samples are: no division for them.
    near_x, near_y = 0.7 * radius_x, 0.7 * radius_y
    for i in range(n + 1):
        outside = False
        if i < n and not (abs(vx[i]) < near_x and abs(vy[i]) < near_y):
            a = vx[i] / radius_x
            b = vy[i] / radius_y
            outside = a * a + b * b > 1
        if outside and start < 0:
            start = i
        elif not outside and start >= 0:
            if time[i - 1] - time[start] >= minimum:
                starts[count] = start
                stops[count] = i
                count += 1
            start = -1
    return count


@njit(cache=True)
def overlapping(left_starts, left_stops, right_starts, right_stops, starts, stops):
    """Union of each chain of overlapping stretches in which both sides take part; their count."""
    count = 0
    i = 0
    j = 0
    while i < len(left_starts) or j < len(right_starts):
        lefts = 0
        rights = 0
        take_left = j >= len(right_starts) or (i < len(left_starts) and left_starts[i] <= right_starts[j])
        start = left_starts[i] if take_left else right_starts[j]
        stop = start
        growing = True
        while growing:
            growing = False
            if i < len(left_starts) and (left_starts[i] < stop or left_starts[i] == start):
                stop = max(stop, left_stops[i])
                i += 1
                lefts += 1
                growing = True
            if j < len(right_starts) and (right_starts[j] < stop or right_starts[j] == start):
                stop = max(stop, right_stops[j])
                j += 1
                rights += 1
                growing = True
        if lefts > 0 and rights > 0:
            starts[count] = start
            stops[count] = stop
            count += 1
    return count
