"""Fixations, pursuit, saccades and their oscillations: velocity measured against the slow movement below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from cogmodels.gaze import _kernels as kernels
from cogmodels.gaze import _relative_velocity_kernels as own_kernels
from cogmodels.gaze._filter_kernels import running_median
from cogmodels.gaze.events import assemble_events, pieces
from cogmodels.gaze.geometry import gaze_degrees
from cogmodels.gaze.parameters import check_not_negative, read_parameters
from cogmodels.gaze.recording import Recording
from cogmodels.gaze.velocity import SAVGOL_DEGREE
from cogmodels.gaze.velocity import speed as speed_of

# Standard deviation of a normal variable whose median absolute deviation is 1.
_SD_OF_MAD = 1.4826022185056018


@dataclass(frozen=True)
class RelativeVelocity:
    """Parameters, s, deg and deg/s.

    ``coarse_s``, ``fine_s``: windows of the Savitzky-Golay velocities that find saccades and their edges. ``slow_s``:
    window of the running median that is the slow movement. ``peak_velocity``, ``peak_sd``: a saccade exceeds both this
    speed and this many robust standard deviations of the recording's noise; ``edge_*`` and ``pso_*``: likewise where
    it begins and ends, and an oscillation after it. ``max_pso_s``, ``pso_pause_s``: longest oscillation, and calm
    within it. ``pursuit_velocity``, ``pursuit_deg``, ``min_pursuit_s``: a period between saccades is pursuit if it
    exceeds all three, or if it is faster than ``fast_pursuit_velocity``.
    """

    coarse_s: float = 0.023
    fine_s: float = 0.007
    slow_s: float = 0.3
    peak_velocity: float = 20.0
    peak_sd: float = 12.0
    edge_velocity: float = 6.0
    edge_sd: float = 5.0
    pso_velocity: float = 4.0
    pso_sd: float = 4.0
    min_saccade_s: float = 0.01
    min_pso_s: float = 0.004
    max_pso_s: float = 0.04
    pso_pause_s: float = 0.008
    min_fixation_s: float = 0.02
    pursuit_velocity: float = 2.0
    pursuit_deg: float = 1.0
    min_pursuit_s: float = 0.3
    fast_pursuit_velocity: float = 8.0

    def __post_init__(self) -> None:
        check_not_negative(self, "relative_velocity", positive=("coarse_s", "fine_s", "slow_s", "peak_velocity"))


class _Limits(NamedTuple):
    """What the kernels need: speeds (deg/s), lengths in samples."""

    peak: float
    edge: float
    oscillation: float
    saccade: int
    shortest_pso: int
    longest_pso: int
    pause: int
    shortest_fixation: int
    pursuit: float
    pursuit_extent: float
    shortest_pursuit: int
    fast_pursuit: float
    rate: float


def detect_relative_velocity(recording: Recording, **parameters: float) -> pd.DataFrame:
    """Divide a recording into fixations, pursuit, saccades, oscillations after saccades (pso), blinks and losses.

    The running median of velocity over ``slow_s`` is the slow movement (pursuit, drift); what exceeds it is measured
    in robust standard deviations of the whole recording, so that neither pursuit nor the share of saccades moves the
    thresholds. A stronger filter decides where there is a saccade, a weaker one where it begins and ends; both edges
    run on to the foot of the slope. Waves after a saccade that stand above the noise are its oscillation. A period
    between saccades is pursuit if a line fitted to it moves on far, fast and long enough.

    Parameters
    ----------
    recording : Recording
        Cleaned by :func:`cogmodels.gaze.cleaning.mark_lost`: the lid's movement beside a blink looks like a saccade.
    **parameters
        Fields of :class:`RelativeVelocity`.

    Returns
    -------
    events : DataFrame
        See :func:`cogmodels.gaze.events.tabulate_events`.

    Raises
    ------
    DataError
        A parameter is unknown or negative.

    Notes
    -----
    A detector of cogmodels. It follows Engbert and Kliegl (2003), Vision Research 43, 1035-1045 (robust thresholds per
    recording), Nystrom and Holmqvist (2010), Behavior Research Methods 42, 188-204 (oscillations), and Larsson,
    Nystrom, Andersson and Stridh (2015), Biomedical Signal Processing and Control 18, 145-152 (pursuit by the shape of
    whole periods). The defaults were chosen on the `dots` recordings of Lund2013 (Andersson et al. 2017) and judged on
    its `img` recordings; `docs/gaze.md` has the numbers.
    """
    options = read_parameters(RelativeVelocity, parameters, "relative_velocity")
    rate = recording.sampling_rate
    x, y = gaze_degrees(recording)
    coarse = _relative_speed(x, y, recording, options.coarse_s, options.slow_s)
    fast = _relative_speed(x, y, recording, options.fine_s, options.slow_s)
    calm, noise = _calm(fast)
    limits = _Limits(
        peak=max(options.peak_velocity, np.dot(_calm(coarse), (1, options.peak_sd))),
        edge=max(options.edge_velocity, calm + options.edge_sd * noise),
        oscillation=max(options.pso_velocity, calm + options.pso_sd * noise),
        saccade=max(1, round(options.min_saccade_s * rate)),
        shortest_pso=max(1, round(options.min_pso_s * rate)),
        longest_pso=round(options.max_pso_s * rate),
        pause=round(options.pso_pause_s * rate),
        shortest_fixation=max(1, round(options.min_fixation_s * rate)),
        pursuit=options.pursuit_velocity,
        pursuit_extent=options.pursuit_deg,
        shortest_pursuit=max(2, round(options.min_pursuit_s * rate)),
        fast_pursuit=options.fast_pursuit_velocity,
        rate=rate,
    )
    labels = np.where(recording.lost == 0, kernels.FIXATION, kernels.NONE).astype(np.int8)
    for first, last in pieces(recording):
        part = slice(first, last)
        own_kernels.label_saccades(coarse[part], fast[part], calm, limits, labels[part])
        labels[part][recording.lost[part] != 0] = kernels.NONE
        own_kernels.label_periods(x[part], y[part], limits, labels[part])
    runs, kinds = np.empty((2, len(x)), np.int64), np.empty(len(x), np.int8)
    count = kernels.runs_of_labels(labels, recording.gaps, runs[0], runs[1], kinds)
    return assemble_events(recording, speed_of(recording), runs[0, :count], runs[1, :count], kinds[:count])


def _relative_speed(x: np.ndarray, y: np.ndarray, recording: Recording, window_s: float, slow_s: float) -> np.ndarray:
    """Speed (n,) above the running median of velocity, deg/s; NaN near losses and pauses."""
    from scipy.signal import savgol_coeffs

    rate = recording.sampling_rate
    window, size = (2 * (int(seconds * rate) // 2) + 1 for seconds in (window_s, slow_s))
    weights = savgol_coeffs(max(window, 3), SAVGOL_DEGREE, deriv=1, use="dot") * rate
    half = len(weights) // 2
    speeds = np.full((2, len(x)), np.nan)
    for first, last in pieces(recording):
        if last - first < len(weights):
            continue
        for row, values in zip(speeds, (x, y), strict=True):
            row[first + half : last - half] = np.correlate(values[first:last], weights, mode="valid")
            slow = np.empty(last - first)
            running_median(row[first:last], max(size, 3), slow)
            row[first:last] -= slow
    return np.hypot(*speeds)


def _calm(speed: np.ndarray) -> tuple[float, float]:
    """Median and robust standard deviation; 0 where there is none."""
    speed = speed[np.isfinite(speed)]
    if not len(speed):
        return 0.0, 0.0
    median = float(np.median(speed))
    return median, _SD_OF_MAD * float(np.median(np.abs(speed - median)))
