"""Compiled matching of events."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def match(coded, found, minimum_iou):
    """Partner in found (n_found, 2) of each event in coded (n_coded, 2), -1 without one; greatest overlap first."""
    partner = np.full(coded.shape[0], -1, np.int64)
    n_pairs = 0
    for fill in range(2):
        if fill:
            shares, rows, columns = np.empty(n_pairs), np.empty(n_pairs, np.int64), np.empty(n_pairs, np.int64)
            n_pairs = 0
        for i in range(coded.shape[0]):
            for j in range(found.shape[0]):
                overlap = min(coded[i, 1], found[j, 1]) - max(coded[i, 0], found[j, 0])
                if overlap <= 0:
                    continue
                share = overlap / (max(coded[i, 1], found[j, 1]) - min(coded[i, 0], found[j, 0]))
                if share < minimum_iou:
                    continue
                if fill:
                    shares[n_pairs], rows[n_pairs], columns[n_pairs] = -share, i, j
                n_pairs += 1
    taken = np.zeros(found.shape[0], np.bool_)
    # Stable: of equal shares the earliest.
    for at in np.argsort(shares, kind="mergesort"):
        if partner[rows[at]] < 0 and not taken[columns[at]]:
            partner[rows[at]] = columns[at]
            taken[columns[at]] = True
    return partner
