"""Compiled zero-phase filter without edge transients (Gustafsson 1996, IEEE Transactions on Signal Processing 46)."""

from __future__ import annotations

import numpy as np
from numba import njit

_EPS = 2.220446049250313e-16


@njit(cache=True)
def _filtered(b, a, values, out):
    """One pass of a filter from rest; ``a[0]`` is 1."""
    order = len(a) - 1
    state = np.zeros(order + 1)
    for i in range(len(values)):
        value = values[i]
        result = b[0] * value + state[0]
        for k in range(order):
            state[k] = b[k + 1] * value - a[k + 1] * result + state[k + 1]
        out[i] = result


@njit(cache=True, fastmath=True)
def _dot(left, right, first):
    total = 0.0
    for i in range(first, len(left)):
        total += left[i] * right[i]
    return total


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
                part = _dot(rows[k], rows[j], 0)
                rows[k] -= part * rows[j]
        norm = np.sqrt(_dot(rows[k], rows[k], 0))
        # In a short signal the last of them add nothing.
        rows[k] *= 1 / norm if norm > 1e-12 * before else 0.0
    return rows


@njit(cache=True)
def lowpass_both(b, a, poles, x, y):
    """x and y filtered forwards and backwards, with the initial states for which the order does not matter.

    What scipy's ``filtfilt(..., method="gust")`` defines, without its loss of precision at low cut-offs.
    """
    order = len(a) - 1
    n = len(x)
    free = _free_responses(poles, n)
    # Rows 0 to 9: the system; 10 and 11: what it has to explain.
    system = np.empty((2 * order + 2, n))
    effects = np.empty((2 * order, n))
    passed = np.empty(n)
    for k in range(order):
        _filtered(b, a, free[k, ::-1], passed)
        effects[k] = passed[::-1]
        effects[order + k] = free[k, ::-1]
        system[k] = passed[::-1] - free[k]
        system[order + k] = free[k, ::-1] - passed
    outs = np.empty((2, n))
    once = np.empty(n)
    for axis in range(2):
        values = x - np.mean(x) if axis == 0 else y - np.mean(y)
        _filtered(b, a, values, once)
        _filtered(b, a, once[::-1], passed)
        outs[axis] = passed[::-1]
        _filtered(b, a, values[::-1], once)
        _filtered(b, a, once[::-1], passed)
        system[2 * order + axis] = passed - outs[axis]
    states = _least_squares(system, 2 * order)
    for axis in range(2):
        outs[axis] += np.mean(x) if axis == 0 else np.mean(y)
        for k in range(2 * order):
            outs[axis] += states[k, axis] * effects[k]
    return outs[0], outs[1]


@njit(cache=True)
def _least_squares(system, unknowns):
    """Shortest solution (unknowns, 2); the rows of ``system`` are the columns of the equations, and are overwritten."""
    n = system.shape[1]
    rows = min(n, unknowns)
    if n > unknowns:
        for k in range(unknowns):
            _reflect(system, k, n)
    left = np.zeros((rows, unknowns))
    right = np.empty((rows, 2))
    for i in range(rows):
        for k in range(unknowns):
            if n <= unknowns or k >= i:
                left[i, k] = system[k, i]
        right[i, 0] = system[unknowns, i]
        right[i, 1] = system[unknowns + 1, i]
    return np.linalg.lstsq(left, right, _EPS)[0]


@njit(cache=True)
def _reflect(system, k, n):
    """One Householder reflection: column k becomes 0 below its diagonal."""
    norm = np.sqrt(_dot(system[k], system[k], k))
    if norm == 0:
        return
    alpha = -norm if system[k, k] > 0 else norm
    head = system[k, k] - alpha
    scale = norm * norm - system[k, k] * alpha
    for j in range(k + 1, len(system)):
        dot = (head * system[j, k] + _dot(system[k], system[j], k + 1)) / scale
        system[j, k] -= dot * head
        for i in range(k + 1, n):
            system[j, i] -= dot * system[k, i]
    system[k, k] = alpha
