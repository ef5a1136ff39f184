"""Shift of series in time."""

from numba import njit


@njit(cache=True)
def weigh_neighbours(series, weights, first, out):
    """Each row of (n_series, n): at sample i, the sum of ``weights`` times the samples from ``i + first`` on; the
    series is mirrored at its first and last sample."""
    n = series.shape[1]
    count = len(weights)
    for s in range(len(series)):
        # About the first value, so that a constant stays what it is to the last bit.
        origin = series[s, 0]
        for i in range(n):
            value = 0.0
            if i + first >= 0 and i + first + count <= n:
                for k in range(count):
                    value += weights[k] * (series[s, i + first + k] - origin)
            else:
                for k in range(count):
                    j = i + first + k
                    while j < 0 or j >= n:
                        j = -j if j < 0 else 2 * (n - 1) - j
                    value += weights[k] * (series[s, j] - origin)
            out[s, i] = value + origin
