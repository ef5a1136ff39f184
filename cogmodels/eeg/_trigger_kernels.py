"""Compiled loops of the gaze synchronisation."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def vote_for_lines(gaze, eeg, gaze_codes, eeg_codes, slopes, low, width, taken, votes):
    """The line ``eeg = slope * gaze + low + bin * width`` that most pairs of triggers of one code lie on.

    Pairs within ``width`` of the line ``taken`` (slope, offset, margin; margin 0 = none) have no vote. ``votes``
    (bins,) int32 is scratch. Returns votes of two neighbouring bins, index of the slope, and the border between them.
    """
    best, best_slope, best_bin = 0, 0, 0
    n_bins = len(votes)
    for s in range(len(slopes)):
        votes[:] = 0
        for i in range(len(gaze)):
            at = slopes[s] * gaze[i]
            expected = taken[0] * gaze[i] + taken[1]
            for j in range(len(eeg)):
                if gaze_codes[i] != eeg_codes[j] or abs(eeg[j] - expected) < taken[2]:
                    continue
                place = int((eeg[j] - at - low) / width)
                if place < 0 or place >= n_bins:
                    continue
                votes[place] += 1
                # What lies at a border votes in two bins: count each pair of neighbours.
                total = votes[place]
                if place > 0 and total + votes[place - 1] > best:
                    best, best_slope, best_bin = total + votes[place - 1], s, place
                if place + 1 < n_bins and total + votes[place + 1] > best:
                    best, best_slope, best_bin = total + votes[place + 1], s, place + 1
    return best, best_slope, best_bin


@njit(cache=True)
def resample_seen(time, values, period, wanted, half_width, out):
    """Triangular mean of ``values`` (n, columns) around each ``wanted`` time; NaN where a sample of it is missing.

    A sample is missing where it is NaN, or where two time stamps are more than 1.5 periods apart.
    """
    n, n_columns = values.shape
    first = 0
    for k in range(len(wanted)):
        start, stop = wanted[k] - half_width, wanted[k] + half_width
        while first < n and time[first] <= start:
            first += 1
        last = first
        whole = first < n
        # The support must be covered from its start to its end.
        whole = whole and time[first] - start <= 1.5 * period
        while last < n and time[last] < stop:
            if last > first and time[last] - time[last - 1] > 1.5 * period:
                whole = False
            last += 1
        if not whole or last == first or stop - time[last - 1] > 1.5 * period:
            out[k, :] = np.nan
            continue
        for c in range(n_columns):
            total, weight = 0.0, 0.0
            for i in range(first, last):
                w = 1.0 - abs(time[i] - wanted[k]) / half_width
                total += w * values[i, c]
                weight += w
            out[k, c] = total / weight
