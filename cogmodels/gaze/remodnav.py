"""Fixations, pursuit, saccades and their oscillations in natural viewing: the algorithm of REMoDNaV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.gaze import _filter_kernels as filters
from cogmodels.gaze import _kernels as kernels
from cogmodels.gaze import _remodnav_kernels as remodnav_kernels
from cogmodels.gaze.events import assemble_events, pieces
from cogmodels.gaze.parameters import check_not_negative, read_parameters
from cogmodels.gaze.recording import Recording, Screen
from cogmodels.gaze.velocity import speed as speed_of

LABELS = remodnav_kernels.LABELS
_KINDS = np.array([kernels.FIXATION, kernels.PURSUIT, *[kernels.SACCADE] * 2, *[kernels.PSO] * 4])
_SAVGOL_DEGREE, _BUTTER_ORDER = 2, 5


@dataclass(frozen=True)
class REMoDNaV:
    """Parameters of REMoDNaV; names and defaults of the reference (1.1.2), s, Hz and deg/s.

    ``min_blink_s``: longer losses are widened by ``dilate_nan_s`` on each side. ``median_filter_s``, ``savgol_s``:
    windows of the filters. ``max_velocity``: faster samples are not believed. ``start_velocity``, ``noise_factor``:
    of the saccade threshold. ``max_saccade_rate_hz``: the first pass stops there. ``saccade_context_s``: around each
    saccade, sets its threshold. ``pursuit_velocity``: slower is fixation, after a low pass at ``lowpass_hz``.
    """

    min_blink_s: float = 0.02
    dilate_nan_s: float = 0.01
    median_filter_s: float = 0.05
    savgol_s: float = 0.019
    max_velocity: float = 1000.0
    start_velocity: float = 300.0
    noise_factor: float = 5.0
    min_intersaccade_s: float = 0.04
    min_saccade_s: float = 0.01
    max_saccade_rate_hz: float = 2.0
    saccade_context_s: float = 1.0
    max_pso_s: float = 0.04
    min_fixation_s: float = 0.04
    min_pursuit_s: float = 0.04
    pursuit_velocity: float = 2.0
    lowpass_hz: float = 4.0

    def __post_init__(self) -> None:
        positive = ("max_velocity", "start_velocity", "noise_factor", "saccade_context_s", "lowpass_hz")
        check_not_negative(self, "remodnav", positive=positive)


class _Limits(NamedTuple):
    """What the kernels need: durations in samples, the filter, degrees/s of a pixel a sample."""

    saccade: int
    between: int
    pso: int
    fixation: int
    pursuit: int
    saccade_rate: float
    start_velocity: float
    noise_factor: float
    pursuit_velocity: float
    scale: float
    b: np.ndarray
    a: np.ndarray
    poles: np.ndarray


def detect_remodnav(recording: Recording, **parameters: float) -> pd.DataFrame:
    """Divide a recording into fixations, pursuit, saccades, oscillations after saccades (pso), blinks and losses.

    Parameters
    ----------
    recording : Recording
    **parameters
        Fields of :class:`REMoDNaV`.

    Returns
    -------
    events : DataFrame
        See :func:`cogmodels.gaze.events.tabulate_events`.

    Raises
    ------
    DataError
        A parameter is unknown or negative, or the sampling rate is below twice ``lowpass_hz``.

    Notes
    -----
    Dar, Wagner and Hanke (2021), Behavior Research Methods 53, 399-414. See :func:`remodnav_events` for what differs
    from the reference.
    """
    options = read_parameters(REMoDNaV, parameters, "remodnav")
    scale, rate = degrees_per_pixel(recording.screen), recording.sampling_rate
    found = [
        remodnav_events(recording.x[a:b], recording.y[a:b], scale, rate, options) + np.array([a, a, 0])
        for a, b in pieces(recording)
    ]
    starts, stops, labels = np.concatenate(found).T
    return assemble_events(recording, speed_of(recording), starts, stops, _KINDS[labels])


def degrees_per_pixel(screen: Screen) -> float:
    """Degrees of a pixel if half the screen's width had as many everywhere: the reference's constant, for both axes."""
    return float(np.degrees(np.arctan2(screen.size_m[0] / 2, screen.distance_m)) / (screen.resolution_px[0] / 2))


def remodnav_events(
    x: np.ndarray, y: np.ndarray, degrees_per_pixel: float, sampling_rate: float, options: REMoDNaV | None = None
) -> np.ndarray:
    """Events of one stretch of samples, by the definition of remodnav 1.1.2.

    Parameters
    ----------
    x, y : (n,) float
        Positions, px; NaN where lost.
    degrees_per_pixel, sampling_rate : float
    options : REMoDNaV, optional

    Returns
    -------
    events : (n_events, 3) int
        First sample, the one after the last, and index into ``LABELS``; in order of onset.

    Raises
    ------
    DataError
        The sampling rate is not above twice ``lowpass_hz``.

    Notes
    -----
    Differs from the reference where that fails or is not defined: losses within the first or last window of the
    Savitzky-Golay filter (repeats the edge sample); filter windows of an even number of samples (one more) or below
    3; losses inside windows of the median filter (left out); durations below 1 sample (2 for fixations); the low
    pass of short periods or at high rates, where the reference loses the position to rounding.
    """
    options = options or REMoDNaV()
    limits = _limits(options, degrees_per_pixel, sampling_rate)
    x, y = (np.array(values, dtype=float) for values in (x, y))
    gone = np.isnan(x + y)
    x[gone], y[gone] = np.nan, np.nan
    n = len(x)
    if n < 2 or gone.all():
        return np.empty((0, 3), np.int64)
    x, y, speed, coarse = _prepared(x, y, options, degrees_per_pixel, sampling_rate)
    ordered = np.sort(coarse[~np.isnan(coarse)])
    peak, _ = remodnav_kernels.adaptive_thresholds(ordered, options.start_velocity, options.noise_factor)
    work, events = np.empty((4, n + 1)), np.empty((2 * n + 8, 3), np.int64)
    taken, stack = np.zeros(n, np.bool_), np.empty((n + 8, 2), np.int64)
    found = remodnav_kernels.find_peaks(coarse, 0, n, peak, work[0], work[1], work[2])
    context = max(1, int(options.saccade_context_s * sampling_rate))
    count = remodnav_kernels.detect_saccades(x, y, speed, 0, n, found, context, limits, taken, work, events, 0)
    count = remodnav_kernels.classify_periods(x, y, speed, limits, taken, work, events, count, stack)
    events = events[:count]
    return events[np.argsort(events[:, 0], kind="stable")]


def _limits(options: REMoDNaV, scale: float, rate: float) -> _Limits:
    from scipy.signal import butter

    if not rate > 2 * options.lowpass_hz:
        raise DataError(
            f"{rate:g} Hz is too slow for a low pass at {options.lowpass_hz:g} Hz",
            where="detector remodnav",
            remedy="Use detector idt or i2mc, or a lower `lowpass_hz`",
        )
    b, a = butter(_BUTTER_ORDER, options.lowpass_hz / (rate / 2))
    _, poles, _ = butter(_BUTTER_ORDER, options.lowpass_hz / (rate / 2), output="zpk")
    return _Limits(
        saccade=int(options.min_saccade_s * rate),
        between=int(options.min_intersaccade_s * rate),
        pso=int(options.max_pso_s * rate),
        fixation=max(2, int(options.min_fixation_s * rate)),
        pursuit=max(1, int(options.min_pursuit_s * rate)),
        saccade_rate=options.max_saccade_rate_hz / rate if options.max_saccade_rate_hz > 0 else np.inf,
        start_velocity=options.start_velocity,
        noise_factor=options.noise_factor,
        pursuit_velocity=options.pursuit_velocity,
        scale=scale * rate,
        b=b,
        a=a,
        poles=poles.astype(complex),
    )


def _prepared(
    x: np.ndarray, y: np.ndarray, options: REMoDNaV, scale: float, rate: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Filtered positions, speed, and speed of median-filtered positions (deg/s); x and y are overwritten."""
    n = len(x)
    filters.filter_spikes(x)
    filters.filter_spikes(y)
    by, lost = int(options.dilate_nan_s * rate), np.empty(n, np.bool_)
    if by:
        filters.widen_losses(x, int(options.min_blink_s * rate), by, lost)
        x[lost], y[lost] = np.nan, np.nan
    if options.savgol_s > 0:
        window = max(3, 2 * (int(options.savgol_s * rate) // 2) + 1)
        x, y = _smoothed(x, window), _smoothed(y, window)
    speed = np.zeros(n)
    speed[1:] = np.hypot(np.diff(x), np.diff(y)) * (scale * rate)
    size = int(options.median_filter_s * rate)
    coarse = speed
    if size > 1:
        slow = np.empty((2, n))
        filters.running_median(x, size, slow[0])
        filters.running_median(y, size, slow[1])
        coarse = np.zeros(n)
        coarse[1:] = np.hypot(*np.diff(slow, axis=1)) * (scale * rate)
        filters.widen_losses(coarse, 0, by, lost)
        coarse[lost] = np.nan
    filters.cap_speed(speed, options.max_velocity)
    return x, y, speed, coarse


def _smoothed(values: np.ndarray, window: int) -> np.ndarray:
    from scipy.signal import savgol_filter

    whole = len(values) >= window and np.isfinite(values[:window]).all() and np.isfinite(values[-window:]).all()
    return savgol_filter(values, window, _SAVGOL_DEGREE, mode="interp" if whole else "nearest")
