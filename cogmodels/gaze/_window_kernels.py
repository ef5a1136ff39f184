"""Measures of every window of a recording, by running sums."""

import numpy as np
from numba import njit

#: Windows after which the sums start anew, so that rounding does not pile up.
_RESTART = 4096


@njit(cache=True)
def rms_windows(x, y, window, out):
    """Root mean square of the steps between successive samples within each window (n - window + 1,)."""
    n = len(x)
    for first in range(0, n - window + 1, _RESTART):
        last = min(first + _RESTART, n - window + 1)
        total, count = 0.0, 0
        for i in range(first + 1, first + window):
            step = (x[i] - x[i - 1]) ** 2 + (y[i] - y[i - 1]) ** 2
            if not np.isnan(step):
                total += step
                count += 1
        out[first] = np.sqrt(max(total, 0.0) / count) if count else np.nan
        for start in range(first + 1, last):
            gone = (x[start] - x[start - 1]) ** 2 + (y[start] - y[start - 1]) ** 2
            if not np.isnan(gone):
                total -= gone
                count -= 1
            i = start + window - 1
            come = (x[i] - x[i - 1]) ** 2 + (y[i] - y[i - 1]) ** 2
            if not np.isnan(come):
                total += come
                count += 1
            out[start] = np.sqrt(max(total, 0.0) / count) if count else np.nan


@njit(cache=True)
def moment_windows(x, y, window, means, out):
    """Sums over each window (n - window + 1, 5): of x, y, x^2, y^2, xy less the mean of the block's first window; and
    ``means`` (n - window + 1, 3): that mean of x and y, and the number of samples.
    """
    n = len(x)
    for first in range(0, n - window + 1, _RESTART):
        last = min(first + _RESTART, n - window + 1)
        centre_x, centre_y, count = 0.0, 0.0, 0
        for i in range(first, first + window):
            if not (np.isnan(x[i]) or np.isnan(y[i])):
                centre_x += x[i]
                centre_y += y[i]
                count += 1
        if count:
            centre_x /= count
            centre_y /= count
        sx, sy, sxx, syy, sxy, count = 0.0, 0.0, 0.0, 0.0, 0.0, 0
        for start in range(first, last):
            begin = first if start == first else start + window - 1
            for i in range(begin, start + window):
                if not (np.isnan(x[i]) or np.isnan(y[i])):
                    u, v = x[i] - centre_x, y[i] - centre_y
                    sx += u
                    sy += v
                    sxx += u * u
                    syy += v * v
                    sxy += u * v
                    count += 1
            if start > first and not (np.isnan(x[start - 1]) or np.isnan(y[start - 1])):
                u, v = x[start - 1] - centre_x, y[start - 1] - centre_y
                sx -= u
                sy -= v
                sxx -= u * u
                syy -= v * v
                sxy -= u * v
                count -= 1
            out[start, 0], out[start, 1], out[start, 2], out[start, 3], out[start, 4] = sx, sy, sxx, syy, sxy
            means[start, 0], means[start, 1], means[start, 2] = centre_x, centre_y, count
