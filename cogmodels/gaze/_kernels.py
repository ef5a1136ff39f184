"""Compiled loops over samples; the public functions around them check and name what goes in."""

from __future__ import annotations

import numpy as np
from numba import njit

# Kinds of stretches; sample labels of the detectors. NONE is seen gaze that is no event.
NONE, FIXATION, SACCADE, LOST, PSO, PURSUIT = 0, 1, 2, 3, 4, 5
# Columns of `measure_events`.
MEAN_X, MEAN_Y, START_X, START_Y, END_X, END_Y, AMPLITUDE, PEAK, MEAN, DIRECTION, DISPERSION = range(11)
N_MEASURES = 11
_SEEN, _MISSING, _PADDING = 0, 1, 3


@njit(cache=True)
def mark_padding(time, lost, step, padding, padded_from):
    """Mark seen samples up to ``padding`` s beside each stretch of losses that holds a missing stretch of
    ``padded_from`` s or more; in place."""
    n = len(time)
    tolerance = 1e-6 * step
    i = 0
    while i < n:
        if lost[i] == _SEEN or lost[i] == _PADDING:
            i += 1
            continue
        start = i
        longest = 0.0
        run_start = -1
        while i < n and lost[i] != _SEEN and lost[i] != _PADDING:
            if lost[i] == _MISSING:
                if run_start < 0:
                    run_start = i
                longest = max(longest, time[i] - time[run_start] + step)
            else:
                run_start = -1
            i += 1
        stop = i
        if longest + tolerance < padded_from:
            continue
        k = start - 1
        while k >= 0 and time[start] - time[k] <= padding + tolerance:
            if lost[k] == _SEEN:
                lost[k] = _PADDING
            k -= 1
        k = stop
        while k < n and time[k] - time[stop - 1] <= padding + tolerance:
            if lost[k] == _SEEN:
                lost[k] = _PADDING
            k += 1


@njit(cache=True)
def below_runs(speed, time, threshold, minimum, starts, stops):
    """Stretches with ``speed < threshold`` that last ``minimum`` or more from first to last sample; their count."""
    count = 0
    n = len(speed)
    i = 0
    while i < n:
        if not speed[i] < threshold:
            i += 1
            continue
        start = i
        while i < n and speed[i] < threshold:
            i += 1
        if time[i - 1] - time[start] >= minimum:
            starts[count] = start
            stops[count] = i
            count += 1
    return count


@njit(cache=True)
def label_by_speed(x, speed, gaps, threshold, labels):
    """Label samples by speed; those without speed take the label of the nearest sample that has one and is joined to
    them by seen gaze (the earlier one where both are as near), or none."""
    n = len(speed)
    for i in range(n):
        if np.isnan(x[i]):
            labels[i] = LOST
        elif np.isnan(speed[i]):
            labels[i] = NONE
        elif speed[i] < threshold:
            labels[i] = FIXATION
        else:
            labels[i] = SACCADE
    i = 0
    while i < n:
        if labels[i] != NONE:
            i += 1
            continue
        start = i
        i += 1
        while i < n and labels[i] == NONE and not gaps[i]:
            i += 1
        before = NONE
        if start > 0 and not gaps[start] and labels[start - 1] != LOST:
            before = labels[start - 1]
        after = NONE
        if i < n and not gaps[i] and labels[i] != LOST:
            after = labels[i]
        for k in range(start, i):
            near_start = before != NONE and (after == NONE or k - start <= i - 1 - k)
            labels[k] = before if near_start else after


@njit(cache=True)
def runs_of_labels(labels, gaps, starts, stops, kinds):
    """Stretches of one label, broken at gaps; NONE is skipped. Their count."""
    count = 0
    n = len(labels)
    i = 0
    while i < n:
        kind = labels[i]
        start = i
        i += 1
        while i < n and labels[i] == kind and not gaps[i]:
            i += 1
        if kind != NONE:
            starts[count] = start
            stops[count] = i
            kinds[count] = kind
            count += 1
    return count


@njit(cache=True)
def drop_short_saccades(labels, time, gaps, step, minimum):
    """Take the label from saccade stretches shorter than ``minimum`` s; in place."""
    n = len(labels)
    tolerance = 1e-6 * step
    i = 0
    while i < n:
        if labels[i] != SACCADE:
            i += 1
            continue
        start = i
        i += 1
        while i < n and labels[i] == SACCADE and not gaps[i]:
            i += 1
        if time[i - 1] - time[start] + step + tolerance < minimum:
            for k in range(start, i):
                labels[k] = NONE


@njit(cache=True)
def merge_fixations(labels, time, gaps, x, y, gap_s, distance):
    """Join neighbouring fixation stretches that are near in time and place; all between them becomes fixation.

    Places are compared where the two face each other, over ``gap_s`` s, so that drift does not hold them apart.
    """
    n = len(labels)
    last_start = -1
    last_stop = -1
    i = 0
    while i < n:
        if labels[i] != FIXATION:
            i += 1
            continue
        start = i
        i += 1
        while i < n and labels[i] == FIXATION and not gaps[i]:
            i += 1
        joined = last_stop >= 0 and time[start] - time[last_stop - 1] <= gap_s
        if joined:
            for k in range(last_stop, start + 1):
                joined = joined and not gaps[k]
        if joined:
            before_x = 0.0
            before_y = 0.0
            before = 0
            k = last_stop - 1
            while k >= last_start and time[last_stop - 1] - time[k] <= gap_s:
                if not np.isnan(x[k]):
                    before_x += x[k]
                    before_y += y[k]
                    before += 1
                k -= 1
            after_x = 0.0
            after_y = 0.0
            k = start
            while k < i and time[k] - time[start] <= gap_s:
                after_x += x[k]
                after_y += y[k]
                k += 1
            dx = after_x / (k - start) - before_x / before
            dy = after_y / (k - start) - before_y / before
            joined = dx * dx + dy * dy <= distance * distance
        if joined:
            for k in range(last_stop, start):
                labels[k] = FIXATION
        else:
            last_start = start
        last_stop = i


@njit(cache=True)
def measure_events(starts, stops, x_px, y_px, x, y, speed, out):
    """Position (px), amplitude, direction, dispersion (degrees) and speed of each event, lost samples left out."""
    for e in range(len(starts)):
        first = -1
        last = -1
        count = 0
        sum_x = 0.0
        sum_y = 0.0
        low_x = np.inf
        low_y = np.inf
        high_x = -np.inf
        high_y = -np.inf
        fast = 0
        sum_speed = 0.0
        peak = np.nan
        for i in range(starts[e], stops[e]):
            if np.isnan(x[i]):
                continue
            if first < 0:
                first = i
            last = i
            count += 1
            sum_x += x_px[i]
            sum_y += y_px[i]
            low_x = min(low_x, x[i])
            high_x = max(high_x, x[i])
            low_y = min(low_y, y[i])
            high_y = max(high_y, y[i])
            if not np.isnan(speed[i]):
                fast += 1
                sum_speed += speed[i]
                if not peak >= speed[i]:
                    peak = speed[i]
        if count == 0:
            continue
        dx = x[last] - x[first]
        dy = y[last] - y[first]
        out[e, MEAN_X] = sum_x / count
        out[e, MEAN_Y] = sum_y / count
        out[e, START_X] = x_px[first]
        out[e, START_Y] = y_px[first]
        out[e, END_X] = x_px[last]
        out[e, END_Y] = y_px[last]
        out[e, AMPLITUDE] = np.hypot(dx, dy)
        out[e, PEAK] = peak
        if fast > 0:
            out[e, MEAN] = sum_speed / fast
        # Degrees run downwards with the pixels; directions are read with up as 90.
        out[e, DIRECTION] = np.degrees(np.arctan2(-dy, dx))
        out[e, DISPERSION] = (high_x - low_x) + (high_y - low_y)
