"""Compiled mean shift with a flat kernel."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def mean_shift(points, bandwidth):
    """Modes (n_modes, 2) that the points climb to, without repeats, and the number of points around each.

    A point stops where it moves less than a thousandth of the bandwidth (scikit-learn's rule).
    """
    n = len(points)
    modes, weights = np.empty((n, 2)), np.empty(n, np.int64)
    found = 0
    limit = bandwidth * bandwidth
    for p in range(n):
        x, y = points[p, 0], points[p, 1]
        inside = 0
        for _ in range(301):
            sx, sy, inside = 0.0, 0.0, 0
            for k in range(n):
                dx, dy = points[k, 0] - x, points[k, 1] - y
                if dx * dx + dy * dy <= limit:
                    sx += points[k, 0]
                    sy += points[k, 1]
                    inside += 1
            if inside == 0:
                break
            moved = np.hypot(sx / inside - x, sy / inside - y)
            x, y = sx / inside, sy / inside
            if moved <= 1e-3 * bandwidth:
                break
        if inside == 0:
            continue
        known = False
        for k in range(found):
            if modes[k, 0] == x and modes[k, 1] == y:
                known = True
                break
        if not known:
            modes[found, 0], modes[found, 1], weights[found] = x, y, inside
            found += 1
    return modes[:found], weights[:found]
