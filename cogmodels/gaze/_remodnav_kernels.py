"""Compiled loops of REMoDNaV: thresholds, saccades, oscillations and the periods between."""

from __future__ import annotations

import numpy as np
from numba import njit

from cogmodels.gaze._lowpass_kernels import lowpass_both

FIXA, PURS, SACC, ISAC, HPSO, LPSO, IHPS, ILPS = range(8)
LABELS = ("FIXA", "PURS", "SACC", "ISAC", "HPSO", "LPSO", "IHPS", "ILPS")
# Median absolute deviation of a normal variable of standard deviation 1.
_MAD = 0.6744897501960817


@njit(cache=True)
def adaptive_thresholds(ordered, start, factor):
    """Peak and onset threshold of ascending speeds without NaN: median + 2 and + 1 times ``factor`` MAD of what lies
    below the peak threshold, repeated until that moves by 1 or less."""
    threshold = start
    middle = np.nan
    spread = np.nan
    for _ in range(30):
        old = threshold
        count = np.searchsorted(ordered, old)
        if count == 0:
            return np.nan, np.nan
        middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
        spread = _median_distance(ordered, count, middle) / _MAD
        threshold = middle + 2 * factor * spread
        if threshold == 0:
            threshold = old
            break
        if not abs(old - threshold) > 1:
            break
    return threshold, middle + factor * spread


@njit(cache=True)
def _median_distance(ordered, count, middle):
    """Median of |v - middle| over the first ``count`` ascending values: neighbours of the middle, nearest first."""
    right = np.searchsorted(ordered[:count], middle)
    left = right - 1
    before = 0.0
    here = 0.0
    for _ in range(count // 2 + 1):
        before = here
        if right >= count or (left >= 0 and middle - ordered[left] <= ordered[right] - middle):
            here = middle - ordered[left]
            left -= 1
        else:
            here = ordered[right] - middle
            right += 1
    return here if count % 2 else (before + here) / 2


@njit(cache=True)
def find_peaks(speed, first, last, threshold, starts, stops, sums):
    """Stretches of ``speed[first:last]`` above the threshold (NaN ends none) and the sum of their speeds; count."""
    count = 0
    start = -1
    for i in range(first, last):
        if start < 0:
            if speed[i] > threshold:
                start = i
        elif speed[i] < threshold:
            starts[count], stops[count], sums[count] = start, i, _sum(speed, start, i + 1)
            count += 1
            start = -1
    # The reference overlooks a stretch from the first sample to the last.
    if start > first:
        starts[count], stops[count], sums[count] = start, last - 1, _sum(speed, start, last)
        count += 1
    return count


@njit(cache=True)
def _sum(speed, first, last):
    total = 0.0
    for i in range(first, last):
        if not np.isnan(speed[i]):
            total += speed[i]
    return total


@njit(cache=True)
def onset_before(speed, i, first, threshold):
    """Last local minimum below the threshold at or before ``i``."""
    while i > first and (speed[i] > threshold or speed[i] <= speed[i - 1]):
        i -= 1
    return i


@njit(cache=True)
def offset_after(speed, i, last, threshold):
    """First local minimum at or below the threshold from ``i`` on, before ``last``."""
    while i < last - 1 and (speed[i] > threshold or speed[i] > speed[i + 1]):
        i += 1
    return i


@njit(cache=True)
def _oscillation(speed, first, last, peak, onset, work):
    """End of the oscillation that starts at ``first`` and whether it is fast; (first, 0) where there is none."""
    fast = 1
    count = find_peaks(speed, first, last, peak, work[0], work[1], work[2])
    if count == 0:
        fast = 0
        count = find_peaks(speed, first, last, onset, work[0], work[1], work[2])
    if count == 0:
        return first, 0
    end = offset_after(speed, int(work[1, count - 1]), last, onset)
    for i in range(first, end):
        if np.isnan(speed[i]):
            return first, 0
    return end, fast


@njit(cache=True)
def _amplitude(x, y, speed, first, last):
    """Distance from the first to the last sample that has a speed; NaN where none has."""
    while first < last and np.isnan(speed[first]):
        first += 1
    while last > first and np.isnan(speed[last - 1]):
        last -= 1
    if first == last:
        return np.nan
    return np.hypot(x[first] - x[last - 1], y[first] - y[last - 1])


@njit(cache=True)
def _thresholds(speed, first, last, start, factor, buffer):
    count = 0
    for i in range(first, last):
        if not np.isnan(speed[i]):
            buffer[count] = speed[i]
            count += 1
    # Speeds are not negative, and such numbers sort as their bits do: integers are compared faster.
    ordered = np.sort(buffer[:count].view(np.int64)).view(np.float64)
    return adaptive_thresholds(ordered, start, factor)


@njit(cache=True)
def _stable_order(keys):
    """``np.argsort(keys, kind="mergesort")``, which numba takes seconds to compile, for each kind of keys anew."""
    n = len(keys)
    order, merged = np.arange(n), np.empty(n, np.int64)
    width = 1
    while width < n:
        for first in range(0, n, 2 * width):
            middle, last = min(first + width, n), min(first + 2 * width, n)
            left, right = first, middle
            for k in range(first, last):
                if left < middle and (right >= last or keys[order[left]] <= keys[order[right]]):
                    merged[k] = order[left]
                    left += 1
                else:
                    merged[k] = order[right]
                    right += 1
        order, merged = merged, order
        width *= 2
    return order


@njit(cache=True)
def detect_saccades(x, y, speed, first, last, candidates, context, p, taken, work, events, count):
    """Saccades and their oscillations in [first, last); how many events are then in ``events`` (start, stop, label).

    ``candidates`` stretches lie in ``work`` (start, stop, sum of speed); -1: look for them. ``context`` samples
    around each set its thresholds; 0: the whole period. ``taken`` marks samples in events already. ``p``: see `P`.
    """
    n = len(x)
    peak, onset = np.nan, np.nan
    if context == 0:
        peak, onset = _thresholds(speed, first, last, p.start_velocity, p.noise_factor, work[3])
        candidates = find_peaks(speed, first, last, peak, work[0], work[1], work[2])
    order = _stable_order(-work[2, :candidates])
    spans = work[:2, :candidates].copy()
    saccades = 0
    for rank in range(candidates):
        start, stop = int(spans[0, order[rank]]), int(spans[1, order[rank]])
        if context > 0:
            left = max(first, start - context // 2)
            right = min(last, stop + context - (start - left))
            peak, onset = _thresholds(speed, left, right, p.start_velocity, p.noise_factor, work[3])
        start = onset_before(speed, start, 0, onset)
        stop = offset_after(speed, stop, n, onset)
        if stop - start < p.saccade or stop <= start:
            continue
        blocked = False
        for i in range(start, stop):
            blocked = blocked or np.isnan(x[i])
        for i in range(max(0, start - p.between), min(n, stop + p.between)):
            blocked = blocked or taken[i]
        if blocked:
            continue
        events[count, 0], events[count, 1], events[count, 2] = start, stop, SACC
        count += 1
        saccades += 1
        taken[start:stop] = True
        end, fast = _oscillation(speed, stop, min(n, stop + p.pso), peak, onset, work)
        if end > stop and _amplitude(x, y, speed, stop, end) < _amplitude(x, y, speed, start, stop):
            events[count, 0], events[count, 1], events[count, 2] = stop, end, HPSO if fast else LPSO
            count += 1
            taken[stop:end] = True
        if saccades / n > p.saccade_rate:
            break
    return count


@njit(cache=True)
def push_periods(x, first, last, events, stack, top):
    """Put the stretches without loss between the saccades (oscillations included) of [first, last) on the stack."""
    start = first
    for e in _stable_order(events[:, 0].astype(np.float64)):
        is_saccade = events[e, 2] == SACC or events[e, 2] == ISAC
        if is_saccade:
            top = _push_seen(x, start, events[e, 0], stack, top)
        start = max(start, events[e, 1])
    return _push_seen(x, start, last, stack, top)


@njit(cache=True)
def _push_seen(x, first, last, stack, top):
    start = -1
    for i in range(first, last + 1):
        if i < last and not np.isnan(x[i]):
            if start < 0:
                start = i
        elif start >= 0:
            stack[top, 0], stack[top, 1] = start, i
            top += 1
            start = -1
    return top


@njit(cache=True)
def classify_periods(x, y, speed, p, taken, work, events, count, stack):
    """Saccades of the periods between those found so far, then fixation or pursuit of what remains; event count."""
    top = push_periods(x, 0, len(x), events[:count], stack, 0)
    while top > 0:
        top -= 1
        first, last = stack[top, 0], stack[top, 1]
        found = count
        if last - first > 2 * p.between + p.saccade + p.pso:
            taken[first:last] = False
            end = detect_saccades(x, y, speed, first, last, -1, 0, p, taken, work, events, count)
            kept = True
            for e in range(count, end):
                if events[e, 2] == SACC:
                    kept = events[e, 0] - first >= p.between and last - events[e, 1] >= p.between
                if kept:
                    label = events[e, 2]
                    events[found, 0], events[found, 1] = events[e, 0], events[e, 1]
                    events[found, 2] = ISAC if label == SACC else IHPS if label == HPSO else ILPS
                    found += 1
        if found > count:
            top = push_periods(x, first, last, events[count:found], stack, top)
            count = found
        elif last - first >= p.fixation:
            count = _fixation_or_pursuit(x, y, first, last, p, work, events, count)
    return count


@njit(cache=True)
def _fixation_or_pursuit(x, y, first, last, p, work, events, count):
    """Divide a period without saccades by the speed of its slow part."""
    n = last - first
    slow_x, slow_y = lowpass_both(p.b, p.a, p.poles, x[first:last], y[first:last])
    speed = np.empty(n - 1)
    for i in range(n - 1):
        speed[i] = np.hypot(slow_x[i + 1] - slow_x[i], slow_y[i + 1] - slow_y[i]) * p.scale
    pursuit = np.zeros(n - 1, np.bool_)
    for k in range(find_peaks(speed, 0, n - 1, p.pursuit_velocity, work[0], work[1], work[2])):
        start = onset_before(speed, int(work[0, k]), 0, p.pursuit_velocity)
        stop = offset_after(speed, int(work[1, k]), n - 1, p.pursuit_velocity)
        if stop - start >= p.pursuit:
            pursuit[start:stop] = True
    before = count
    i = 0
    while i < n - 1:
        start = i
        while i < n - 1 and pursuit[i] == pursuit[start]:
            i += 1
        label = PURS if pursuit[start] else FIXA
        if i - 1 - start < (p.pursuit if pursuit[start] else p.fixation):
            continue
        if count > before and events[count - 1, 2] == label:
            events[count - 1, 1] = first + i - 1
            continue
        if count > before:
            # Neighbours meet in the middle of what was too short for an event.
            middle = events[count - 1, 1] + (first + start - events[count - 1, 1]) // 2
            events[count - 1, 1] = middle
            start = middle - first
        events[count, 0], events[count, 1], events[count, 2] = first + start, first + i - 1, label
        count += 1
    if count == before:
        events[count, 0], events[count, 1], events[count, 2] = first, last, FIXA
        return count + 1
    events[before, 0] = first
    events[count - 1, 1] = last
    return count
