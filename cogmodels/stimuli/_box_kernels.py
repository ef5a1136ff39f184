"""Compiled means of boxes."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def box_means(maps, tops, bottoms, lefts, rights, out):
    """Means of boxes of maps (n, h, w, c) into out (n, rows, columns, c); boxes (1 or n, rows, columns).

    The channels of a pixel lie side by side, so that the innermost loop runs in vector registers.
    """
    n, channels = maps.shape[0], maps.shape[3]
    total = np.empty(channels)
    for k in range(n):
        b = k if len(tops) > 1 else 0
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                top, bottom, left, right = tops[b, i, j], bottoms[b, i, j], lefts[b, i, j], rights[b, i, j]
                total[:] = 0.0
                for y in range(top, bottom):
                    for x in range(left, right):
                        for c in range(channels):
                            total[c] += maps[k, y, x, c]
                share = 1.0 / max((bottom - top) * (right - left), 1)
                for c in range(channels):
                    out[k, i, j, c] = total[c] * share
