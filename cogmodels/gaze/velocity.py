"""Velocity of gaze by finite differences and local polynomials."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError
from cogmodels.gaze.geometry import gaze_degrees
from cogmodels.gaze.recording import Recording

# Derivative weights over neighbouring samples, the later ones last; times the sampling rate they give units a second.
_WEIGHTS = {
    "central": np.array([-1.0, 0.0, 1.0]) / 2,
    "five_point": np.array([-1.0, -1.0, 0.0, 1.0, 1.0]) / 6,
}
SAVGOL_WINDOW_S, SAVGOL_DEGREE = 0.019, 2
METHODS = (*_WEIGHTS, "savgol")


def velocity(
    x: np.ndarray,
    y: np.ndarray,
    sampling_rate: float,
    method: str = "five_point",
    *,
    gaps: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Velocity along each axis.

    Parameters
    ----------
    x, y : (n,) float
        Positions, usually degrees; NaN where lost.
    sampling_rate : float
        Hz.
    method : {"five_point", "central", "savgol"}
        ``five_point``: ``v_i = (x_{i+2} + x_{i+1} - x_{i-1} - x_{i-2}) * rate / 6`` (Engbert and Kliegl 2003, Vision
        Research 43, 1035-1045). ``central``: ``(x_{i+1} - x_{i-1}) * rate / 2``. ``savgol``: slope at the centre of a
        quadratic fitted to 19 ms, at least 5 samples (Nystrom and Holmqvist 2010, Behavior Research Methods 42,
        188-204).
    gaps : (n,) bool, optional
        True at samples that no even step joins to the one before.

    Returns
    -------
    vx, vy : (n,) float
        Units of x and y a second. NaN wherever the window holds a lost sample, spans a gap, or leaves the recording:
        shorter differences there would be noisier than the rest and look like saccades.

    Raises
    ------
    DataError
        The method is unknown, or the rate is not positive.
    """
    if method not in METHODS:
        raise DataError(
            f"velocity method `{method}` is unknown", where="velocity", remedy=f"Use one of {', '.join(METHODS)}"
        )
    if not sampling_rate > 0:
        raise DataError(f"a sampling rate of {sampling_rate} Hz", where="velocity", remedy="Give a rate above 0")
    weights = _WEIGHTS[method] if method in _WEIGHTS else _savgol_weights(sampling_rate)
    half = len(weights) // 2
    broken = None if gaps is None else _near_gaps(gaps, half)
    return tuple(_derivative(values, weights, sampling_rate, broken) for values in (x, y))


def speed(recording: Recording, method: str = "five_point") -> np.ndarray:
    """Angular speed of gaze (n,), deg/s; NaN where :func:`velocity` has none."""
    x, y = gaze_degrees(recording)
    return np.hypot(*velocity(x, y, recording.sampling_rate, method, gaps=recording.gaps))


def _savgol_weights(sampling_rate: float) -> np.ndarray:
    from scipy.signal import savgol_coeffs

    window = max(5, 2 * (int(SAVGOL_WINDOW_S * sampling_rate) // 2) + 1)
    return savgol_coeffs(window, SAVGOL_DEGREE, deriv=1, use="dot")


def _derivative(values: np.ndarray, weights: np.ndarray, sampling_rate: float, broken: np.ndarray | None) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    half = len(weights) // 2
    result = np.full(len(values), np.nan)
    if len(values) < len(weights):
        return result
    # The centre's weight is 0, and 0 * NaN is NaN: a lost sample has no velocity.
    result[half : len(values) - half] = np.correlate(values, weights, mode="valid") * sampling_rate
    if broken is not None:
        result[broken] = np.nan
    return result


def _near_gaps(gaps: np.ndarray, half: int) -> np.ndarray:
    """Samples whose window of ``half`` on each side spans a gap."""
    starts = np.flatnonzero(gaps)
    near = starts[starts > 0, None] + np.arange(-half, half)
    broken = np.zeros(len(gaps), dtype=bool)
    broken[np.clip(near, 0, len(gaps) - 1)] = True
    return broken
