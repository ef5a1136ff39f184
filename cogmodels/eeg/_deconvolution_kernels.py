"""Compiled loops of the deconvolution: normal equations from pairs of events, without the time-expanded design."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def add_gram(samples, types, first_lag, n_lags, offset, n_columns, weights, good, reach, gram):
    """Add X'X to ``gram``: two events meet in the samples that both windows cover, at lags their distance apart.

    Events are in order of ``samples``; none that are more than ``reach`` samples apart meet. Column ``p`` of type ``a``
    at lag ``l`` is ``offset[a] + p * n_lags[a] + l``. Pairs that meet in good samples alone are one number for their
    distance, a diagonal of a block that is Toeplitz; the others are added sample by sample.
    """
    n_samples, n_kinds, wide = len(good), len(n_lags), 2 * reach + 1
    wrong = np.zeros(n_samples + 1, np.int64)
    for t in range(n_samples):
        wrong[t + 1] = wrong[t] + (not good[t])
    most = n_columns.max()
    # Sum of weights by types, columns and the difference of lags.
    by_distance = np.zeros((n_kinds, most, n_kinds, most, wide))
    for i in range(len(samples)):
        a = types[i]
        start_a = samples[i] + first_lag[a]
        for j in range(i, len(samples)):
            if samples[j] - samples[i] > reach:
                break
            b = types[j]
            start_b = samples[j] + first_lag[b]
            low, high = max(start_a, start_b), min(start_a + n_lags[a], start_b + n_lags[b])
            if low >= high:
                continue
            whole = low >= 0 and high <= n_samples and wrong[high] == wrong[low]
            if whole:
                shift = start_b - start_a + reach
                for p in range(n_columns[a]):
                    for q in range(n_columns[b]):
                        by_distance[a, p, b, q, shift] += weights[i, p] * weights[j, q]
                        if i != j:
                            by_distance[b, q, a, p, wide - 1 - shift] += weights[i, p] * weights[j, q]
                continue
            low, high = max(low, 0), min(high, n_samples)
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
                                gram[column + t, row + t] += weight
    for a in range(n_kinds):
        for p in range(n_columns[a]):
            for b in range(n_kinds):
                for q in range(n_columns[b]):
                    sums = by_distance[a, p, b, q]
                    for la in range(n_lags[a]):
                        # Lag l of b meets lag la of a where windows begin la - l samples apart.
                        row = gram[offset[a] + p * n_lags[a] + la]
                        start = offset[b] + q * n_lags[b]
                        for lb in range(max(0, la - reach), min(n_lags[b], la + reach + 1)):
                            row[start + lb] += sums[la - lb + reach]


@njit(cache=True)
def _add_squares(row, starts, stops, covered, power):
    for k in range(len(starts)):
        part = row[starts[k] : stops[k]]
        power[covered[k]] += np.dot(part, part)


@njit(cache=True)
def _add_one(row, known, clean, weight, into):
    """Add ``weight`` times ``row`` to ``into``, where samples are known."""
    if clean:
        for k in range(len(row)):
            into[k] += weight * row[k]
    else:
        for k in range(len(row)):
            if known[k]:
                into[k] += weight * row[k]


@njit(cache=True)
def _add_four(one, two, three, four, w_one, w_two, w_three, w_four, into):
    for k in range(len(into)):
        into[k] += (w_one * one[k] + w_two * two[k]) + (w_three * three[k] + w_four * four[k])


@njit(cache=True)
def add_moments(
    samples, types, first_lag, n_lags, offset, n_columns, weights, good, data, starts, stops, covered, moments, power
):
    """Add X'y to ``moments`` (channels, columns) for ``data`` (channels, samples), and sums of squares to ``power``.

    In one pass over the data; the stretches and ``power`` are those of :func:`add_power`. Of events whose windows are
    whole and good, four of a type are added at once, so that sums are read and written a quarter as often.
    """
    n_samples, n_events = len(good), len(samples)
    lows, highs = np.empty(n_events, np.int64), np.empty(n_events, np.int64)
    clean, grouped = np.empty(n_events, np.bool_), np.zeros(n_events, np.bool_)
    fours, n_fours = np.empty((n_events // 4, 4), np.int64), 0
    waiting, n_waiting = np.empty((len(n_lags), 4), np.int64), np.zeros(len(n_lags), np.int64)
    for i in range(n_events):
        a = types[i]
        start = samples[i] + first_lag[a]
        lows[i] = min(max(start, 0), n_samples)
        highs[i] = max(min(start + n_lags[a], n_samples), lows[i])
        clean[i] = good[lows[i] : highs[i]].all()
        if clean[i] and highs[i] - lows[i] == n_lags[a]:
            waiting[a, n_waiting[a]] = i
            n_waiting[a] += 1
            if n_waiting[a] == 4:
                fours[n_fours] = waiting[a]
                n_fours += 1
                n_waiting[a] = 0
                for j in waiting[a]:
                    grouped[j] = True
    for c in range(len(data)):
        row, sums = data[c], moments[c]
        _add_squares(row, starts, stops, covered, power[c])
        for one, two, three, four in fours[:n_fours]:
            a = types[one]
            for p in range(n_columns[a]):
                place = offset[a] + p * n_lags[a]
                # Slices begin at 0, which lets the loops over them be vectors.
                _add_four(
                    row[lows[one] : highs[one]], row[lows[two] : highs[two]], row[lows[three] : highs[three]],
                    row[lows[four] : highs[four]],
                    weights[one, p], weights[two, p], weights[three, p], weights[four, p],
                    sums[place : place + n_lags[a]],
                )  # fmt: skip
        for i in range(n_events):
            if grouped[i]:
                continue
            a = types[i]
            for p in range(n_columns[a]):
                if weights[i, p] != 0.0:
                    place = offset[a] + p * n_lags[a] + lows[i] - samples[i] - first_lag[a]
                    part, known = row[lows[i] : highs[i]], good[lows[i] : highs[i]]
                    _add_one(part, known, clean[i], weights[i, p], sums[place : place + len(part)])


@njit(cache=True)
def add_power(data, starts, stops, covered, power):
    """Add the sums of squares of each channel over stretches of samples to ``power`` (channels, 2).

    Of those that no window covers, and of those that one does.
    """
    for c in range(len(data)):
        _add_squares(data[c], starts, stops, covered, power[c])
