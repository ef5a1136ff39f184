"""Compiled loops of the hidden Markov model and of the adaptive detector with oscillations."""

from __future__ import annotations

import numpy as np
from numba import njit

from cogmodels.gaze._kernels import PSO, SACCADE


@njit(cache=True, inline="always")
def _log_density(value, mean, sd):
    if np.isnan(value):
        return 0.0
    z = (value - mean) / sd
    return -np.log(sd) - 0.5 * z * z


@njit(cache=True)
def viterbi(values, gaps, means, sds, stay, path):
    """Most likely sequence of two states; NaN says nothing about the state, a pause starts anew."""
    n = len(values)
    back = np.empty((2, n), np.int8)
    score = np.zeros(2)
    new = np.empty(2)
    for i in range(n):
        for k in range(2):
            keep = score[k] + (0.0 if gaps[i] else np.log(stay[k]))
            switch = score[1 - k] + (0.0 if gaps[i] else np.log(1 - stay[1 - k]))
            back[k, i] = k if keep >= switch else 1 - k
            new[k] = max(keep, switch) + _log_density(values[i], means[k], sds[k])
        score[:] = new
    state = 0 if score[0] >= score[1] else 1
    for i in range(n - 1, -1, -1):
        path[i] = state
        state = back[state, i]


@njit(cache=True)
def baum_welch(values, gaps, means, sds, stay, iterations, least_sd):
    """Fit means, deviations and the probabilities to stay in a state, in place; passes made."""
    n = len(values)
    forward = np.empty((n, 2))
    like = np.empty((n, 2))
    for iteration in range(iterations):
        for i in range(n):
            first, second = _log_density(values[i], means[0], sds[0]), _log_density(values[i], means[1], sds[1])
            top = max(first, second)
            like[i, 0], like[i, 1] = np.exp(first - top), np.exp(second - top)
            a, b = 0.5, 0.5
            if not gaps[i]:
                a = forward[i - 1, 0] * stay[0] + forward[i - 1, 1] * (1 - stay[1])
                b = forward[i - 1, 0] * (1 - stay[0]) + forward[i - 1, 1] * stay[1]
            total = a * like[i, 0] + b * like[i, 1]
            forward[i, 0], forward[i, 1] = a * like[i, 0] / total, b * like[i, 1] / total
        sums, squares, weights = np.zeros(2), np.zeros(2), np.full(2, 1e-12)
        stays, leaves = np.full(2, 1e-12), np.full(2, 1e-12)
        late = np.ones(2)
        for i in range(n - 1, -1, -1):
            joint = forward[i] * late
            joint /= joint[0] + joint[1]
            if not np.isnan(values[i]):
                for k in range(2):
                    weights[k] += joint[k]
                    sums[k] += joint[k] * values[i]
                    squares[k] += joint[k] * (values[i] - means[k]) ** 2
            if gaps[i]:
                late[:] = 1
                continue
            a, b = like[i, 0] * late[0], like[i, 1] * late[1]
            p = forward[i - 1]
            pairs = np.array(
                [p[0] * stay[0] * a, p[0] * (1 - stay[0]) * b, p[1] * stay[1] * b, p[1] * (1 - stay[1]) * a]
            )
            pairs /= pairs.sum()
            stays[0] += pairs[0]
            leaves[0] += pairs[1]
            stays[1] += pairs[2]
            leaves[1] += pairs[3]
            first = stay[0] * a + (1 - stay[0]) * b
            second = stay[1] * b + (1 - stay[1]) * a
            late[0], late[1] = first / (first + second), second / (first + second)
        moved = 0.0
        for k in range(2):
            mean = sums[k] / weights[k]
            shift = mean - means[k]
            sds[k] = max(np.sqrt(max(squares[k] / weights[k] - shift * shift, 0.0)), least_sd)
            means[k] = mean
            stay[k] = min(max(stays[k] / (stays[k] + leaves[k]), 1e-6), 1 - 1e-6)
            moved = max(moved, abs(shift))
        if moved < 1e-4:
            return iteration + 1
    return iterations


@njit(cache=True)
def mark_noise(speed, acceleration, most, most_acceleration, calm, noise):
    """Mark samples faster than eyes move and those beside them down to a calm one."""
    n = len(speed)
    for i in range(n):
        if not (speed[i] > most or abs(acceleration[i]) > most_acceleration) or noise[i]:
            continue
        k = i
        while k >= 0 and speed[k] > calm and not noise[k]:
            noise[k] = True
            k -= 1
        k = i + 1
        while k < n and speed[k] > calm:
            noise[k] = True
            k += 1
        noise[i] = True


@njit(cache=True)
def adaptive_saccades(speed, peak, onset, share, window, shortest, longest_pso, events):
    """Saccades with a speed over ``peak`` and the oscillations after them: rows of start, stop, kind; their count.

    ``onset``: threshold of their starts; that of their ends is ``share`` of it and for the rest the noise of the
    ``window`` samples before. ``speed`` is NaN where there is no gaze; nothing reaches over that.
    """
    n = len(speed)
    count = 0
    i = 0
    free = 0
    while i < n:
        if not speed[i] > peak:
            i += 1
            continue
        start = i
        while (
            start > free
            and speed[start - 1] == speed[start - 1]
            and (speed[start] > onset or speed[start - 1] < speed[start])
        ):
            start -= 1
        limit = _offset_threshold(speed, max(free, start - window), start, peak, onset, share)
        stop = i
        while stop < n - 1 and (speed[stop] > limit or speed[stop + 1] < speed[stop]):
            stop += 1
        lost = stop >= n or np.isnan(speed[stop])
        fastest = 0.0
        for k in range(start, stop):
            fastest = max(fastest, speed[k])
        i = max(stop, i + 1)
        if lost or stop - start < shortest:
            continue
        events[count, 0], events[count, 1], events[count, 2] = start, stop, SACCADE
        count += 1
        free = stop
        end = _glissade(speed, stop, min(n, stop + window), limit, longest_pso, fastest)
        if end > stop:
            events[count, 0], events[count, 1], events[count, 2] = stop, end, PSO
            count += 1
            free = end
            i = max(i, end)
    return count


@njit(cache=True)
def _offset_threshold(speed, first, last, peak, onset, share):
    """``share`` of the onset threshold and the rest of mean + 3 sd of the speeds before, if those are calm."""
    total = 0.0
    squares = 0.0
    count = 0
    for k in range(first, last):
        if not np.isnan(speed[k]):
            total += speed[k]
            squares += speed[k] * speed[k]
            count += 1
    if count < 2:
        return onset
    mean = total / count
    local = mean + 3 * np.sqrt(max(squares - count * mean * mean, 0.0) / (count - 1))
    return share * onset + (1 - share) * local if local < peak else onset


@njit(cache=True)
def _glissade(speed, start, last, limit, longest, fastest):
    """End of an oscillation that starts at ``start``; ``start`` where there is none."""
    crossing = -1
    k = start
    while k < last - 1 and not np.isnan(speed[k + 1]):
        if speed[k] > limit and not speed[k + 1] > limit:
            crossing = k + 1
        if speed[k] > fastest:
            return start
        k += 1
    if crossing < 0:
        return start
    while crossing < len(speed) - 1 and speed[crossing + 1] < speed[crossing]:
        crossing += 1
    return crossing if crossing - start <= longest else start
