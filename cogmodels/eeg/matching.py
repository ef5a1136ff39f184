"""Trains of triggers on two clocks: the line that most pairs vote for, mutual nearest neighbours, a robust fit."""

from __future__ import annotations

import numpy as np

from cogmodels.eeg._trigger_kernels import vote_for_lines

# Fewer pairs give a line without a check.
MINIMUM_PAIRS = 4
# Tukey's biweight at 95 % efficiency for normal residuals (Holland & Welsch 1977).
BIWEIGHT = 4.685


def best_line(
    gaze: np.ndarray, eeg: np.ndarray, gc: np.ndarray, ec: np.ndarray, tolerance: float, max_drift_ppm: float
) -> tuple[tuple[float, float], int]:
    """Slope and offset (s) with most votes, and the votes of the best line through other pairs.

    ``gaze`` (n,), ``eeg`` (m,): increasing times, s; ``gc``, ``ec``: their codes, integers; ``tolerance``: s.
    """
    centre = gaze.mean()
    shifted = gaze - centre
    # Both sides overlap no longer than the shorter one; at its ends half a step of drift moves a trigger by half a bin.
    reach = max(min(np.ptp(gaze), np.ptp(eeg)) / 2, tolerance)
    steps = int(np.ceil(max_drift_ppm * 1e-6 * reach / tolerance))
    slopes = 1 + max_drift_ppm * 1e-6 * np.arange(-steps, steps + 1) / max(steps, 1)
    # From the smallest drift up, so that of equal votes the nearest to none wins.
    slopes = slopes[np.argsort(np.abs(slopes - 1), kind="stable")]
    low = eeg[0] - slopes.max() * shifted[-1] - tolerance
    high = eeg[-1] - slopes.max() * shifted[0] + tolerance
    votes = np.zeros(int((high - low) / tolerance) + 2, np.int32)
    arguments = (shifted, eeg, gc, ec, slopes, low, tolerance)
    _, slope, border = vote_for_lines(*arguments, np.zeros(3), votes)
    line = (float(slopes[slope]), float(low + border * tolerance))
    pairs = nearest_pairs(shifted, eeg, gc, ec, *line, 1.5 * tolerance)
    if len(pairs) >= MINIMUM_PAIRS:
        line = robust_line(shifted[pairs[:, 0]], eeg[pairs[:, 1]])[:2]
    rival = vote_for_lines(*arguments, np.array([*line, 3 * tolerance]), votes)[0]
    return (line[0], line[1] - line[0] * centre), int(rival)


def nearest_pairs(
    gaze: np.ndarray, eeg: np.ndarray, gc: np.ndarray, ec: np.ndarray, slope: float, intercept: float, tolerance: float
) -> np.ndarray:
    """Pairs (k, 2) of mutual nearest neighbours of one code within the tolerance, in order of time."""
    found = []
    for code in np.intersect1d(gc, ec):
        rows, columns = np.flatnonzero(gc == code), np.flatnonzero(ec == code)
        at, there = slope * gaze[rows] + intercept, eeg[columns]
        forth, back = _nearest(at, there), _nearest(there, at)
        mutual = (back[forth] == np.arange(len(rows))) & (np.abs(there[forth] - at) <= tolerance)
        found.append(np.column_stack([rows[mutual], columns[forth[mutual]]]))
    pairs = np.concatenate(found) if found else np.empty((0, 2), np.int64)
    return pairs[np.argsort(pairs[:, 0], kind="stable")]


def _nearest(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Index of the nearest of ascending ``among`` to each value."""
    right = np.clip(np.searchsorted(among, values), 1, max(len(among) - 1, 1))
    if len(among) == 1:
        return np.zeros(len(values), np.int64)
    return np.where(values - among[right - 1] <= among[right] - values, right - 1, right)


def robust_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float, np.ndarray, float]:
    """Slope, intercept, weights and standard error of the slope by Tukey's biweight, from least squares on."""
    weights = np.ones(len(x))
    for _ in range(50):
        total = weights.sum()
        mx, my = weights @ x / total, weights @ y / total
        slope = (weights * (x - mx)) @ (y - my) / max((weights * (x - mx)) @ (x - mx), 1e-300)
        residual = y - my - slope * (x - mx)
        # Clocks are read in microseconds: below that, scale is rounding.
        scale = max(float(np.median(np.abs(residual))) / 0.6745, 1e-6)
        new = np.clip(1 - (residual / (BIWEIGHT * scale)) ** 2, 0, None) ** 2
        if np.abs(new - weights).max() < 1e-9:
            break
        weights = new
    spread = (weights @ residual**2) / max(weights.sum() - 2, 1)
    se = float(np.sqrt(spread / max((weights * (x - mx)) @ (x - mx), 1e-300)))
    return float(slope), float(my - slope * mx), weights, se
