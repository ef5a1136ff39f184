"""Compiled loops of the deconvolution: normal equations from pairs of events, without the time-expanded design."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def add_gram(samples, types, first_lag, n_lags, offset, n_columns, weights, good, reach, gram):
    """Add X'X to ``gram``: two events meet in the samples that both windows cover, at lags their distance apart.

    Events are in order of ``samples``; none that are more than ``reach`` samples apart meet. Column ``p`` of type ``a``
    at lag ``l`` is ``offset[a] + p * n_lags[a] + l``.
    """
    n_samples = len(good)
    for i in range(len(samples)):
        a = types[i]
        start_a = samples[i] + first_lag[a]
        for j in range(i, len(samples)):
            if samples[j] - samples[i] > reach:
                break
            b = types[j]
            start_b = samples[j] + first_lag[b]
            low = max(start_a, start_b, 0)
            high = min(start_a + n_lags[a], start_b + n_lags[b], n_samples)
            if low >= high:
                continue
            for p in range(n_columns[a]):
                row = offset[a] + p * n_lags[a] - start_a
                for q in range(n_columns[b]):
                    weight = weights[i, p] * weights[j, q]
                    if weight == 0.0:
                        continue
                    column = offset[b] + q * n_lags[b] - start_b
                    for t in range(low, high):
                        if good[t]:
                            gram[row + t, column + t] += weight
                    if i != j:
                        for t in range(low, high):
                            if good[t]:
                                gram[column + t, row + t] += weight


@njit(cache=True)
def add_moments(samples, types, first_lag, n_lags, offset, n_columns, weights, good, data, moments):
    """Add X'y to ``moments`` (channels, columns) for ``data`` (channels, samples)."""
    n_samples, n_events = len(good), len(samples)
    lows, highs, clean = np.empty(n_events, np.int64), np.empty(n_events, np.int64), np.empty(n_events, np.bool_)
    for i in range(n_events):
        start = samples[i] + first_lag[types[i]]
        lows[i] = min(max(start, 0), n_samples)
        highs[i] = max(min(start + n_lags[types[i]], n_samples), lows[i])
        clean[i] = good[lows[i] : highs[i]].all()
    for c in range(len(data)):
        row, sums = data[c], moments[c]
        for i in range(n_events):
            a = types[i]
            start = samples[i] + first_lag[a]
            # Slices begin at 0, which lets the loops over them be vectors.
            part, known = row[lows[i] : highs[i]], good[lows[i] : highs[i]]
            for p in range(n_columns[a]):
                weight = weights[i, p]
                if weight == 0.0:
                    continue
                place = offset[a] + p * n_lags[a] + lows[i] - start
                into = sums[place : place + len(part)]
                if clean[i]:
                    for k in range(len(part)):
                        into[k] += weight * part[k]
                else:
                    for k in range(len(part)):
                        if known[k]:
                            into[k] += weight * part[k]


@njit(cache=True)
def add_power(data, starts, stops, power):
    """Add the sum of squares of each channel over stretches of samples to ``power`` (channels,)."""
    for c in range(len(data)):
        row = data[c]
        for k in range(len(starts)):
            part = row[starts[k] : stops[k]]
            power[c] += np.dot(part, part)
