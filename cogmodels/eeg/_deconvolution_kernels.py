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
    n_samples = len(good)
    for c in range(len(data)):
        row = data[c]
        for i in range(len(samples)):
            a = types[i]
            start = samples[i] + first_lag[a]
            low, high = max(start, 0), min(start + n_lags[a], n_samples)
            clean = True
            for t in range(low, high):
                clean &= good[t]
            for p in range(n_columns[a]):
                weight = weights[i, p]
                if weight == 0.0:
                    continue
                place = offset[a] + p * n_lags[a] - start
                if clean:
                    for t in range(low, high):
                        moments[c, place + t] += weight * row[t]
                else:
                    for t in range(low, high):
                        if good[t]:
                            moments[c, place + t] += weight * row[t]


@njit(cache=True)
def add_power(data, starts, stops, power):
    """Add the sum of squares of each channel over stretches of samples to ``power`` (channels,)."""
    for c in range(len(data)):
        row = data[c]
        for k in range(len(starts)):
            part = row[starts[k] : stops[k]]
            power[c] += np.dot(part, part)
