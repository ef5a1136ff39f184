"""Compiled zero-phase filter without edge transients (Gustafsson 1996, IEEE Transactions on Signal Processing 46)."""

from __future__ import annotations

import numpy as np
from numba import njit

_EPS = 2.220446049250313e-16
_ORDER = 5
_COLUMNS = 2 * _ORDER + 2


@njit(cache=True)
def _filtered(b, a, signals, out):
    """One pass of a filter of order 5 from rest over every column of ``signals`` (n, m); ``a[0]`` is 1.

    The columns go side by side: a filter waits for its own last result, not for that of the others.
    """
    n, m = signals.shape
    state = np.zeros((_ORDER, m))
    for i in range(n):
        for j in range(m):
            value = signals[i, j]
            result = b[0] * value + state[0, j]
            state[0, j] = b[1] * value - a[1] * result + state[1, j]
            state[1, j] = b[2] * value - a[2] * result + state[2, j]
            state[2, j] = b[3] * value - a[3] * result + state[3, j]
            state[3, j] = b[4] * value - a[4] * result + state[4, j]
            state[4, j] = b[5] * value - a[5] * result
            out[i, j] = result


@njit(cache=True, fastmath=True)
def _dot(left, right, first):
    total = 0.0
    for i in range(first, len(left)):
        total += left[i] * right[i]
    return total


@njit(cache=True, fastmath=True)
def _take(values, part, factor, first):
    """Subtract ``factor`` times ``part``, from ``first`` on; a function of its own, so that it is vectorised."""
    for i in range(first, len(values)):
        values[i] -= factor * part[i]


@njit(cache=True)
def _free_responses(poles, n):
    """Orthonormal rows (order, n) that span what the filter does without input; poles come in conjugate pairs.

    States of the filter itself span the same, but are nearly parallel where the cut-off is low.
    """
    rows = np.zeros((len(poles), n))
    for k in range(len(poles)):
        value = 1.0 + 0.0j
        for i in range(n):
            rows[k, i] = value.imag if poles[k].imag < 0 else value.real
            value *= poles[k]
    for k in range(len(poles)):
        before = np.sqrt(_dot(rows[k], rows[k], 0))
        for _ in range(2):
            for j in range(k):
                _take(rows[k], rows[j], _dot(rows[k], rows[j], 0), 0)
        norm = np.sqrt(_dot(rows[k], rows[k], 0))
        # In a short signal the last of them add nothing.
        scale = 1 / norm if norm > 1e-12 * before else 0.0
        for i in range(n):
            rows[k, i] *= scale
    return rows


@njit(cache=True)
def lowpass_both(b, a, poles, x, y):
    """x and y filtered forwards and backwards, with the initial states for which the order does not matter.

    What scipy's ``filtfilt(..., method="gust")`` defines, without its loss of precision at low cut-offs.
    """
    n = len(x)
    free = _free_responses(poles, n)
    # Columns 0 to 9: the system; 10 and 11: what it has to explain.
    system, effects = np.empty((n, _COLUMNS)), np.empty((n, 2 * _ORDER))
    before, passed = np.empty((n, _ORDER)), np.empty((n, _ORDER))
    for k in range(_ORDER):
        for i in range(n):
            before[i, k] = free[k, n - 1 - i]
    _filtered(b, a, before, passed)
    for i in range(n):
        for k in range(_ORDER):
            effects[i, k] = passed[n - 1 - i, k]
            effects[i, _ORDER + k] = before[i, k]
            system[i, k] = passed[n - 1 - i, k] - free[k, i]
            system[i, _ORDER + k] = before[i, k] - passed[i, k]
    # Columns: x and y forwards, x and y backwards; then each the other way.
    ways, once, twice = np.empty((n, 4)), np.empty((n, 4)), np.empty((n, 4))
    mean_x, mean_y = np.mean(x), np.mean(y)
    for i in range(n):
        ways[i, 0], ways[i, 1] = x[i] - mean_x, y[i] - mean_y
        ways[n - 1 - i, 2], ways[n - 1 - i, 3] = ways[i, 0], ways[i, 1]
    _filtered(b, a, ways, once)
    _filtered(b, a, once[::-1].copy(), twice)
    for i in range(n):
        system[i, 2 * _ORDER] = twice[i, 2] - twice[n - 1 - i, 0]
        system[i, 2 * _ORDER + 1] = twice[i, 3] - twice[n - 1 - i, 1]
    states = _least_squares(system)
    slow_x, slow_y = np.empty(n), np.empty(n)
    for i in range(n):
        slow_x[i], slow_y[i] = mean_x + twice[n - 1 - i, 0], mean_y + twice[n - 1 - i, 1]
        for k in range(2 * _ORDER):
            slow_x[i] += states[k, 0] * effects[i, k]
            slow_y[i] += states[k, 1] * effects[i, k]
    return slow_x, slow_y


@njit(cache=True)
def _least_squares(system):
    """Shortest solution (10, 2) for the last two columns of ``system`` (n, 12), which is overwritten."""
    n = len(system)
    unknowns = 2 * _ORDER
    rows = min(n, unknowns)
    if n > unknowns:
        for k in range(unknowns):
            _reflect(system, k)
    left = np.zeros((rows, unknowns))
    for i in range(rows):
        for k in range(unknowns):
            if n <= unknowns or k >= i:
                left[i, k] = system[i, k]
    return _shortest_solution(left, system[:rows, unknowns:])


@njit(cache=True)
def _shortest_solution(left, right):
    """What ``np.linalg.lstsq(left, right, eps)`` solves, by one-sided Jacobi rotations.

    numba takes many seconds to compile that one, most of them for messages of errors that cannot come here.
    """
    rows, unknowns = left.shape
    vectors, turned, solution = left.T.copy(), np.zeros((unknowns, unknowns)), np.zeros((unknowns, right.shape[1]))
    for k in range(unknowns):
        turned[k, k] = 1.0
    # Until all are orthogonal, after some six rounds: singular vectors, as long as their values.
    for _ in range(60):
        done = True
        for p in range(unknowns - 1):
            for q in range(p + 1, unknowns):
                done = not _rotate(vectors, turned, p, q) and done
        if done:
            break
    squares = np.zeros(unknowns)
    for k in range(unknowns):
        squares[k] = _dot(vectors[k], vectors[k], 0)
    largest = squares.max()
    for k in range(unknowns):
        if np.sqrt(squares[k]) > _EPS * np.sqrt(largest):
            for j in range(right.shape[1]):
                share = 0.0
                for i in range(rows):
                    share += vectors[k, i] * right[i, j] / squares[k]
                for i in range(unknowns):
                    solution[i, j] += turned[k, i] * share
    return solution


@njit(cache=True)
def _rotate(vectors, turned, p, q):
    """Make rows p and q of ``vectors`` orthogonal, turning those of ``turned`` alike; whether they were not."""
    first, second, both = 0.0, 0.0, 0.0
    for i in range(vectors.shape[1]):
        first += vectors[p, i] ** 2
        second += vectors[q, i] ** 2
        both += vectors[p, i] * vectors[q, i]
    if both * both <= 16 * _EPS * _EPS * first * second:
        return False
    ratio = (second - first) / (2 * both)
    tangent = (1.0 if ratio >= 0 else -1.0) / (abs(ratio) + np.sqrt(1 + ratio * ratio))
    cosine = 1 / np.sqrt(1 + tangent * tangent)
    sine = cosine * tangent
    for rows in (vectors, turned):
        for i in range(rows.shape[1]):
            one, other = rows[p, i], rows[q, i]
            rows[p, i], rows[q, i] = cosine * one - sine * other, sine * one + cosine * other
    return True


@njit(cache=True, fastmath=True)
def _reflect(system, k):
    """One Householder reflection: column k becomes 0 below its diagonal. All columns go together, row by row."""
    n = len(system)
    dots = np.zeros(_COLUMNS)
    for i in range(k, n):
        for j in range(_COLUMNS):
            dots[j] += system[i, k] * system[i, j]
    norm = np.sqrt(dots[k])
    if norm == 0:
        return
    alpha = -norm if system[k, k] > 0 else norm
    head = system[k, k]
    for j in range(_COLUMNS):
        dots[j] = (dots[j] - alpha * system[k, j]) / (norm * norm - head * alpha) if j > k else 0.0
        system[k, j] -= dots[j] * (head - alpha)
    for i in range(k + 1, n):
        value = system[i, k]
        for j in range(_COLUMNS):
            system[i, j] -= dots[j] * value
    system[k, k] = alpha
