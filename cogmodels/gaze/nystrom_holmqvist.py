"""Saccades, oscillations after them and fixations with thresholds from the recording (Nystrom and Holmqvist)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.gaze import _adaptive_kernels as adaptive_kernels
from cogmodels.gaze import _kernels as kernels
from cogmodels.gaze.events import assemble_events
from cogmodels.gaze.geometry import gaze_degrees
from cogmodels.gaze.parameters import check_not_negative, read_parameters
from cogmodels.gaze.recording import Recording
from cogmodels.gaze.velocity import SAVGOL_DEGREE, velocity


@dataclass(frozen=True)
class NystromHolmqvist:
    """Parameters of the adaptive detector; defaults as published.

    ``start_velocity``: first peak threshold, deg/s. ``peak_sd``, ``onset_sd``: sd above the mean of slower speeds.
    ``offset_share``: of the onset threshold in that of the end; the rest is local noise. ``max_velocity`` (deg/s),
    ``max_acceleration`` (deg/s^2): faster is no gaze. ``minimum_saccade_s``, ``minimum_fixation_s``, ``max_pso_s``: s.
    """

    start_velocity: float = 100.0
    peak_sd: float = 6.0
    onset_sd: float = 3.0
    offset_share: float = 0.7
    max_velocity: float = 1000.0
    max_acceleration: float = 100_000.0
    minimum_saccade_s: float = 0.01
    minimum_fixation_s: float = 0.04
    max_pso_s: float = 0.08

    def __post_init__(self) -> None:
        positive = ("start_velocity", "max_velocity", "max_acceleration", "minimum_fixation_s")
        check_not_negative(self, "nystrom_holmqvist", positive=positive)
        if self.offset_share > 1:
            raise DataError(
                f"`offset_share` is {self.offset_share}", where="detector nystrom_holmqvist", remedy="Give at most 1"
            )


def detect_nystrom_holmqvist(recording: Recording, **parameters: float) -> pd.DataFrame:
    """Divide a recording into fixations, saccades, oscillations after them (pso), blinks and losses.

    In this order: speed and acceleration by Savitzky-Golay; what is too fast is no gaze; peak threshold repeated from
    ``start_velocity`` until it moves by less than 1 deg/s; starts and ends of saccades at local minima below their
    thresholds; an oscillation where speed crosses the end's threshold again within the shortest fixation's duration;
    the rest is fixation where it is long enough.

    Parameters
    ----------
    recording : Recording
    **parameters
        Fields of :class:`NystromHolmqvist`.

    Returns
    -------
    events : DataFrame
        See :func:`cogmodels.gaze.events.tabulate_events`.

    Raises
    ------
    DataError
        A parameter is unknown or wrong.

    Notes
    -----
    Nystrom and Holmqvist (2010), Behavior Research Methods 42, 188-204.
    """
    options = read_parameters(NystromHolmqvist, parameters, "nystrom_holmqvist")
    rate, n = recording.sampling_rate, recording.n_samples
    x, y = gaze_degrees(recording)
    speed = np.hypot(*velocity(x, y, rate, "savgol", gaps=recording.gaps))
    noise = np.zeros(n, np.bool_)
    if np.isfinite(speed).any():
        calm = 2 * float(np.nanmedian(speed))
        limits = (options.max_velocity, options.max_acceleration, calm)
        adaptive_kernels.mark_noise(speed, _acceleration(x, y, rate), *limits, noise)
    seen = np.where(noise, np.nan, speed)
    peak, onset = peak_threshold(seen, options)
    events = np.empty((n + 2, 3), np.int64)
    window = max(2, round(options.minimum_fixation_s * rate))
    shortest, longest = max(1, round(options.minimum_saccade_s * rate)), round(options.max_pso_s * rate)
    count = adaptive_kernels.adaptive_saccades(
        seen, peak, onset, options.offset_share, window, shortest, longest, events
    )
    found = events[:count]
    labels = np.where((recording.lost != 0) | noise, kernels.NONE, kernels.FIXATION).astype(np.int8)
    for start, stop, _ in found:
        labels[start:stop] = kernels.NONE
    rest, kinds = np.empty((2, n), np.int64), np.empty(n, np.int8)
    rest = rest[:, : kernels.runs_of_labels(labels, recording.gaps, rest[0], rest[1], kinds)]
    lasts = recording.time[rest[1] - 1] - recording.time[rest[0]] + 1.000001 / rate
    rest = rest[:, lasts >= options.minimum_fixation_s]
    starts, stops = np.concatenate([found[:, :2].T, rest], axis=1)
    codes = np.concatenate([found[:, 2], np.full(rest.shape[1], kernels.FIXATION)])
    return assemble_events(recording, speed, starts, stops, codes)


def peak_threshold(speed: np.ndarray, options: NystromHolmqvist | None = None) -> tuple[float, float]:
    """Peak and onset threshold of speeds (n,), NaN left out: mean + 6 and + 3 sd of those below the peak threshold.

    Infinite where no speed lies below it.
    """
    options = options or NystromHolmqvist()
    speed = speed[np.isfinite(speed)]
    peak = options.start_velocity
    for _ in range(1000):
        slow = speed[speed < peak]
        if len(slow) < 2:
            return np.inf, np.inf
        mean, sd = float(slow.mean()), float(slow.std(ddof=1))
        last, peak = peak, mean + options.peak_sd * sd
        if abs(last - peak) < 1 or peak == 0:
            break
    return peak, mean + options.onset_sd * sd


def _acceleration(x: np.ndarray, y: np.ndarray, rate: float) -> np.ndarray:
    """Size of the acceleration, deg/s^2; NaN near losses and the ends."""
    from scipy.signal import savgol_coeffs

    window = max(5, 2 * (int(0.019 * rate) // 2) + 1)
    weights = savgol_coeffs(window, SAVGOL_DEGREE, deriv=2, use="dot") * rate**2
    result = np.full((2, len(x)), np.nan)
    if len(x) >= window:
        half = window // 2
        for row, values in zip(result, (x, y), strict=True):
            row[half : len(x) - half] = np.correlate(values, weights, mode="valid")
    return np.hypot(*result)
