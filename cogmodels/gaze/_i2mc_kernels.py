"""Compiled loops of I2MC: 2-means clustering in moving windows."""

from __future__ import annotations

import numpy as np
from numba import njit

_MOST = 100


@njit(cache=True, inline="always")
def _uniform(state):
    """Next number in [0, 1) of a linear congruential generator (Knuth's MMIX); ``state`` (1,) uint64 moves on."""
    state[0] = state[0] * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
    return np.float64(state[0] >> np.uint64(11)) / 9007199254740992.0


@njit(cache=True, inline="always")
def _distance(data, i, centres, k):
    dx = data[0, i] - centres[k, 0]
    dy = data[1, i] - centres[k, 1]
    return dx * dx + dy * dy


@njit(cache=True)
def _start(data, n, centres, state):
    """First two centres: a random point, and one drawn by its squared distance from that (k-means++)."""
    first = int(_uniform(state) * n)
    centres[0, 0], centres[0, 1] = data[0, first], data[1, first]
    total = 0.0
    for i in range(n):
        total += _distance(data, i, centres, 0)
    second = int(_uniform(state) * n)
    if total > 0:
        aim = _uniform(state) * total
        second = 0
        passed = _distance(data, 0, centres, 0)
        while passed <= aim and second < n - 1:
            second += 1
            passed += _distance(data, second, centres, 0)
    centres[1, 0], centres[1, 1] = data[0, second], data[1, second]


@njit(cache=True)
def _average(data, n, labels, centres, members):
    """Centres and sizes of both clusters; an empty one stays where it was."""
    sums = np.zeros((2, 2))
    members[:] = 0
    for i in range(n):
        sums[labels[i], 0] += data[0, i]
        sums[labels[i], 1] += data[1, i]
        members[labels[i]] += 1
    for k in range(2):
        if members[k] > 0:
            centres[k, 0] = sums[k, 0] / members[k]
            centres[k, 1] = sums[k, 1] / members[k]


@njit(cache=True)
def _fill_empty(data, n, labels, centres, members):
    """Give an empty cluster the point that lies farthest from its own centre."""
    empty = 0 if members[0] == 0 else 1
    far = 0
    for i in range(n):
        if _distance(data, i, centres, labels[i]) > _distance(data, far, centres, labels[far]):
            far = i
    labels[far] = empty
    _average(data, n, labels, centres, members)


@njit(cache=True)
def two_means(data, n, labels, before, state):
    """Divide ``data[:, :n]`` (x, y) in two; True if it converged within 100 passes. Batch, then single moves."""
    centres, last = np.empty((2, 2)), np.empty((2, 2))
    members, last_members = np.zeros(2, np.int64), np.zeros(2, np.int64)
    _start(data, n, centres, state)
    for i in range(n):
        labels[i] = 1 if _distance(data, i, centres, 1) < _distance(data, i, centres, 0) else 0
    _average(data, n, labels, centres, members)
    best = np.inf
    passes = 0
    while True:
        passes += 1
        if members[0] == 0 or members[1] == 0:
            _fill_empty(data, n, labels, centres, members)
        total = 0.0
        for i in range(n):
            total += _distance(data, i, centres, labels[i])
        if best <= total:
            labels[:n] = before[:n]
            centres[:] = last
            members[:] = last_members
            passes -= 1
            break
        if passes >= _MOST:
            break
        before[:n] = labels[:n]
        last[:] = centres
        last_members[:] = members
        best = total
        moved = False
        for i in range(n):
            near, far = _distance(data, i, centres, 0), _distance(data, i, centres, 1)
            label = 1 if far < near else 0
            moved = moved or (label != labels[i] and near != far)
            labels[i] = label
        if not moved:
            labels[:n] = before[:n]
            break
        _average(data, n, labels, centres, members)
    return _single_moves(data, n, labels, centres, members, passes)


@njit(cache=True)
def _gain(data, i, centres, members, labels, k):
    """Change of the sum of squares if point ``i`` were in cluster ``k``, or were taken from it."""
    sign = -1 if labels[i] == k else 1
    if members[k] == 1 and sign < 0:
        sign = 0
    return members[k] / (members[k] + sign) * _distance(data, i, centres, k)


@njit(cache=True)
def _single_moves(data, n, labels, centres, members, passes):
    last = -1
    while passes < _MOST:
        # The next point, in cyclic order, that is better off in the other cluster.
        found = -1
        for step in range(1, n + 1):
            i = (last + step) % n
            here = _gain(data, i, centres, members, labels, labels[i])
            there = _gain(data, i, centres, members, labels, 1 - labels[i])
            # A tie counts as the first cluster; ties do not move.
            if there < here:
                found = i
                break
        if found < 0:
            return True
        if found <= last:
            passes += 1
            if passes >= _MOST:
                return False
        last = found
        old, new = labels[found], 1 - labels[found]
        labels[found] = new
        members[new] += 1
        members[old] -= 1
        for axis in range(2):
            centres[new, axis] += (data[axis, found] - centres[new, axis]) / members[new]
            centres[old, axis] -= (data[axis, found] - centres[old, axis]) / members[old]
    return False


@njit(cache=True)
def window_weights(x, y, starts, size, filters, rows, steps, seed, weights, tests):
    """Add the weight of each window's cluster switches to ``weights`` and count its ``tests``; failures to converge.

    ``filters`` (sum of rows, size): low pass and choice of samples of every coarser version, ``rows`` of each and
    ``steps`` between its samples, which end with the window.
    """
    state = np.array([seed], dtype=np.uint64)
    data, coarse = np.empty((2, size)), np.empty((2, size))
    labels, before = np.empty(size, np.int64), np.empty(size, np.int64)
    failures = 0
    for w in range(len(starts)):
        first = starts[w]
        # Filters keep a constant: small numbers lose less to rounding.
        for i in range(size):
            data[0, i] = x[first + i] - x[first]
            data[1, i] = y[first + i] - y[first]
        if two_means(data, size, labels, before, state):
            _spread(labels, size, 1, size, first, weights)
        else:
            failures += 1
        top = 0
        for version in range(len(rows)):
            n = rows[version]
            coarse[0, :n] = np.dot(filters[top : top + n], data[0])
            coarse[1, :n] = np.dot(filters[top : top + n], data[1])
            top += n
            if two_means(coarse, n, labels, before, state):
                _spread(labels, n, steps[version], size, first, weights)
            else:
                failures += 1
        tests[first : first + size] += 1
    return failures


@njit(cache=True)
def _spread(labels, n, step, size, first, weights):
    """Give each switch of label its share of 1, on the samples from it to the next one of its version."""
    switches = 0
    for i in range(n - 1):
        switches += labels[i] != labels[i + 1]
    for i in range(n - 1):
        if labels[i] != labels[i + 1]:
            at = first + size - 1 - (n - 1 - i) * step
            weights[at : at + step] += 1 / switches
