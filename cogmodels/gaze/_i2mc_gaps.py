"""Interpolation of short losses as I2MC does it."""

from __future__ import annotations

import numpy as np


def stretches(mask: np.ndarray) -> list[tuple[int, int]]:
    """First sample of each stretch of True, and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(mask, dtype=np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def fill_gaps(
    x: np.ndarray, y: np.ndarray, longest_s: float, edge: int, rate: float, max_displacement: float
) -> tuple[np.ndarray, np.ndarray]:
    """x and y with short losses filled by Steffen's monotone cubic.

    Filled are losses of up to ``longest_s`` s with ``edge`` seen samples on both sides, across which the median of
    those moves by ``max_displacement`` or less. Losses with fewer samples between them count as one.
    """
    x, y = x.copy(), y.copy()
    missing = np.isnan(x)
    found = _windows(missing, round(longest_s * rate), edge)
    for p, (first, last) in enumerate(found):
        if last - first + 1 > round(longest_s * rate) or first < edge + 1 or last > len(x) - 1 - edge:
            continue
        if (p > 0 and found[p - 1][1] > first - edge - 1) or (p + 1 < len(found) and found[p + 1][0] < last + edge + 1):
            continue
        if any(
            _displacement(x, y, first + a, first + b, edge) > max_displacement
            for a, b in stretches(missing[first : last + 1])
        ):
            continue
        inside = first + np.flatnonzero(~missing[first : last + 1])
        known = np.concatenate([np.arange(first - edge, first), inside, np.arange(last + 1, last + 1 + edge)])
        target = np.arange(first, last + 1)
        x[target], y[target] = steffen(known, x[known], target), steffen(known, y[known], target)
    return x, y


def _windows(missing: np.ndarray, longest: int, edge: int) -> list[list[int]]:
    """First and last samples of losses; one and the next joined where too few seen samples lie between."""
    lost = [[a, b - 1] for a, b in stretches(missing)]
    lengths = {a: b - a for a, b in stretches(~missing)}
    before = {b: b - a for a, b in stretches(~missing)}
    found: list[list[int]] = []
    k = 0
    while k < len(lost):
        first, last = lost[k]
        while k < len(lost) - 1 and last - first + 1 <= longest and before.get(first, edge) >= edge:
            if lengths.get(last + 1, edge) >= edge:
                break
            k += 1
            last = lost[k][1]
        found.append([first, last])
        k += 1
    return found


def _displacement(x: np.ndarray, y: np.ndarray, first: int, stop: int, edge: int) -> float:
    """Distance between the medians of ``edge`` samples before and after a loss."""
    sides = [(np.nanmedian(v[stop : stop + edge]), np.nanmedian(v[first - edge : first])) for v in (x, y)]
    return float(np.hypot(*(after - before for after, before in sides)))


def steffen(known: np.ndarray, values: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Values at ``target`` of the monotone cubic through at least 3 ``known`` points.

    Steffen (1990), Astronomy and Astrophysics 239, 443-450. As in I2MC, the first interval is not used: nothing is
    interpolated there.
    """
    h = np.diff(known).astype(float)
    s = np.diff(values) / h
    slopes = np.zeros(len(known))
    inner = (s[:-1] * h[1:] + s[1:] * h[:-1]) / (h[:-1] + h[1:])
    bound = 2 * np.minimum(np.abs(s[:-1]), np.abs(s[1:]))
    slopes[1:-1] = np.where(s[:-1] * s[1:] <= 0, 0, np.sign(s[:-1]) * np.minimum(np.abs(inner), bound))
    for end, (s1, s2, h1, h2) in ((0, (s[0], s[1], h[0], h[1])), (-1, (s[-1], s[-2], h[-1], h[-2]))):
        slope = s1 * (1 + h1 / (h1 + h2)) - s2 * h1 / (h1 + h2)
        slopes[end] = 0 if slope * s1 <= 0 else np.sign(s1) * min(abs(slope), 2 * abs(s1))
    k = np.clip(np.searchsorted(known, target, side="right") - 1, 0, len(known) - 2)
    t, h, s = target - known[k], h[k], s[k]
    a = (slopes[k] + slopes[k + 1] - 2 * s) / h**2
    b = (3 * s - 2 * slopes[k] - slopes[k + 1]) / h
    return values[k] + t * (slopes[k] + t * (b + t * a))
