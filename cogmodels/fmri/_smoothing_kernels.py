"""Convolution along one axis of an image."""

from numba import njit


@njit(cache=True, fastmath={"contract", "reassoc"})
def convolve_middle(source, weights, target):
    """Convolve (before, n, after) along its second axis with a symmetric kernel; zeros lie beyond the ends.

    ``weights`` (reach + 1,) is the kernel from its centre outwards. The last axis is contiguous: the inner loop runs
    over it.
    """
    before, n, after = source.shape
    for i in range(before):
        for j in range(n):
            row = target[i, j]
            here = source[i, j]
            weight = weights[0]
            for k in range(after):
                row[k] = weight * here[k]
            for step in range(1, len(weights)):
                weight = weights[step]
                left, right = j - step, j + step
                if left >= 0 and right < n:
                    low, high = source[i, left], source[i, right]
                    for k in range(after):
                        row[k] += weight * (low[k] + high[k])
                elif left >= 0:
                    low = source[i, left]
                    for k in range(after):
                        row[k] += weight * low[k]
                elif right < n:
                    high = source[i, right]
                    for k in range(after):
                        row[k] += weight * high[k]
