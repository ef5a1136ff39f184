"""From raw samples to samples that can be trusted: losses, spikes, both eyes to one, filled blinks, another rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from cogmodels.errors import DataError
from cogmodels.gaze import _filter_kernels as filters
from cogmodels.gaze._kernels import mark_padding
from cogmodels.gaze.geometry import degrees_to_pixels, pixels_to_degrees
from cogmodels.gaze.recording import MISSING, OFF_SCREEN, PADDING, SEEN, Recording

#: Share of the new rate above which resampling to a lower rate lets nothing through (half is the limit of Nyquist).
_PASSED = 0.4


def clean(
    eyes: Sequence[Recording],
    *,
    padding_s: float = 0.05,
    padded_from_s: float = 0.02,
    off_screen_margin_deg: float = 1.0,
    spike_filter: bool = False,
    interpolate_blinks_s: float = 0.0,
    resample_hz: float | None = None,
) -> Recording:
    """One clean recording of one eye, or of both: losses, then spikes, then both eyes to one, filled blinks, rate.

    Parameters
    ----------
    eyes : sequence of Recording
        One, or left and right, which become their :func:`cyclopean` eye.
    padding_s, padded_from_s, off_screen_margin_deg
        Of :func:`mark_lost`, for each eye.
    spike_filter : bool
        Whether :func:`filter_spikes` runs.
    interpolate_blinks_s : float
        Longest loss that :func:`interpolate_blinks` fills, s; 0 for none.
    resample_hz : float, optional
        Rate of :func:`resample`.

    Raises
    ------
    DataError
        As these functions.
    """
    marked = [
        mark_lost(
            eye,
            padding_s=padding_s,
            padded_from_s=padded_from_s,
            off_screen_margin_deg=off_screen_margin_deg,
        )
        for eye in eyes
    ]
    if spike_filter:
        marked = [filter_spikes(eye) for eye in marked]
    recording = marked[0] if len(marked) == 1 else cyclopean(*marked)
    if interpolate_blinks_s:
        recording = interpolate_blinks(recording, interpolate_blinks_s)
    return recording if resample_hz is None else resample(recording, resample_hz)


def mark_lost(
    recording: Recording,
    *,
    padding_s: float = 0.05,
    padded_from_s: float = 0.02,
    off_screen_margin_deg: float = 1.0,
) -> Recording:
    """Set every sample without trustworthy gaze to NaN and note why in ``Recording.lost``.

    In this order: missing (no position, or a pupil of size 0 where the tracker measures pupils); off the screen; then
    the padding on both sides of each loss in which the tracker saw no eye, because a lid that closes or opens drags
    the measured gaze before it hides the pupil. Samples off the screen that adjoin such a loss belong to it; an
    excursion off the screen by itself is lost, but not padded.

    Parameters
    ----------
    recording : Recording
    padding_s : float
        Seconds dropped before and after a loss.
    padded_from_s : float
        Shorter losses are dropouts, not blinks, and get no padding. The value of REMoDNaV (Dar, Wagner and Hanke
        2021, Behavior Research Methods 53, 399-414).
    off_screen_margin_deg : float
        Gaze up to this far beyond the screen's edge is kept: a tracker's accuracy is no better.

    Returns
    -------
    Recording
        Same samples; lost ones NaN. Doing it again changes nothing.

    Raises
    ------
    DataError
        A parameter is negative, or no sample is left.
    """
    for name, value in (
        ("padding_s", padding_s),
        ("padded_from_s", padded_from_s),
        ("off_screen_margin_deg", off_screen_margin_deg),
    ):
        if not value >= 0:
            raise DataError(f"`{name}` is {value}", where="gaze cleaning", remedy="Give 0 or more")
    lost = recording.lost.copy()
    if recording.pupil is not None and (recording.pupil > 0).any():
        lost[(lost == SEEN) & ~(recording.pupil > 0)] = MISSING
    lost[(lost == SEEN) & off_screen(recording, off_screen_margin_deg)] = OFF_SCREEN
    mark_padding(recording.time, lost, 1 / recording.sampling_rate, padding_s, padded_from_s)
    if not (lost == SEEN).any():
        raise DataError(
            f"no sample of {recording.n_samples} is left: {int((lost == MISSING).sum())} missing, "
            f"{int((lost == OFF_SCREEN).sum())} off the screen",
            where=recording.source or "recording",
            remedy="Check the screen's geometry and origin, or leave the recording out",
        )
    return recording.with_lost(lost)


def off_screen(recording: Recording, margin_deg: float = 0.0) -> np.ndarray:
    """Samples (n,) bool whose gaze lies more than a margin (degrees) beyond the screen's edge; lost ones are not."""
    width, height = recording.screen.resolution_px
    # A pixel reaches half a pixel beyond its centre.
    left, top = pixels_to_degrees(-0.5, -0.5, recording.screen)
    x0, y0 = degrees_to_pixels(left - margin_deg, top - margin_deg, recording.screen)
    x1, y1 = (width - 1) - x0, (height - 1) - y0
    x, y = recording.x, recording.y
    return (x < x0) | (x > x1) | (y < y0) | (y > y1)


def filter_spikes(recording: Recording) -> Recording:
    """Replace every sample that both its neighbours lie on one side of by the nearer one, each axis by itself.

    The first heuristic filter of Stampe (1993), Behavior Research Methods, Instruments, & Computers 25, 137-142, with
    which REMoDNaV begins too: it takes impulses of one sample out and leaves edges where they are. Lost samples and
    gaps of the recording have no neighbours.
    """
    x, y = recording.x.copy(), recording.y.copy()
    for start, stop in _pieces(recording):
        filters.filter_spikes(x[start:stop])
        filters.filter_spikes(y[start:stop])
    return replace(recording, x=x, y=y)


def interpolate_blinks(
    recording: Recording, maximum_s: float = 0.3, method: Literal["pchip", "linear"] = "pchip"
) -> Recording:
    """Fill losses up to a length from the samples around them, and flag each filled sample as ``interpolated``.

    Only what the tracker missed and its padding is filled: gaze off the screen was somewhere else. Losses that a gap of
    the recording, its beginning or its end bounds stay. Filled samples take part in detection, but count as lost in
    the quality.

    Parameters
    ----------
    recording : Recording
        After :func:`mark_lost`: unpadded edges of blinks would bend what is filled in.
    maximum_s : float
        Longer losses stay. Blinks last 0.1 to 0.4 s with their padding.
    method : {"pchip", "linear"}
        Monotone cubic (Fritsch and Carlson 1980, SIAM Journal on Numerical Analysis 17, 238-246), which never
        overshoots, or a straight line.

    Raises
    ------
    DataError
        An unknown method, or a length that is not above 0.
    """
    from scipy.interpolate import PchipInterpolator

    if method not in ("pchip", "linear") or not maximum_s > 0:
        raise DataError(
            f"method `{method}`, up to {maximum_s} s",
            where="blink interpolation",
            remedy="Use pchip or linear, and a length above 0",
        )
    lost = recording.lost.copy()
    seen = lost == SEEN
    filled = np.zeros(len(lost), bool)
    step = 1 / recording.sampling_rate
    for start, stop in _runs(~seen):
        inside = start > 0 and stop < len(lost) and not recording.gaps[start : stop + 1].any()
        if inside and np.isin(lost[start:stop], (MISSING, PADDING)).all() and (stop - start) * step <= maximum_s + 1e-9:
            filled[start:stop] = True
    values = {"x": recording.x.copy(), "y": recording.y.copy()}
    if recording.pupil is not None:
        values["pupil"] = recording.pupil.copy()
    for column in values.values():
        known = seen & np.isfinite(column)
        if known.sum() < 2 or not filled.any():
            continue
        time, there = recording.time[known], recording.time[filled]
        column[filled] = (
            PchipInterpolator(time, column[known], extrapolate=False)(there)
            if method == "pchip"
            else np.interp(there, time, column[known])
        )
    lost[filled] = SEEN
    return replace(recording, **values, lost=lost, interpolated=recording.interpolated | filled)


def cyclopean(left: Recording, right: Recording, *, both: bool = False) -> Recording:
    """The eye between both: the mean where both are seen, else the one that is.

    Parameters
    ----------
    left, right : Recording
        Of the same samples on the same screen.
    both : bool
        Whether a sample of one eye alone is lost. Without, gaze jumps by half the disparity of the eyes where one of
        them is lost or found again.

    Raises
    ------
    DataError
        The recordings differ in time, rate or screen.
    """
    if left.screen != right.screen or not np.array_equal(left.time, right.time):
        raise DataError(
            f"the eyes have {left.n_samples} and {right.n_samples} samples"
            + (" at other times" if left.n_samples == right.n_samples else ""),
            where=left.source or "cyclopean eye",
            remedy="Give both eyes of one recording, on one screen",
        )
    seen = np.stack([eye.lost == SEEN for eye in (left, right)])
    count = seen.sum(axis=0)
    lost = np.where(count >= (2 if both else 1), SEEN, np.where(left.lost == SEEN, right.lost, left.lost))
    values = {}
    for name in ("x", "y", "pupil"):
        columns = [getattr(eye, name) for eye in (left, right)]
        if any(column is None for column in columns):
            continue
        known = np.isfinite(columns)
        total = np.where(known, columns, 0.0).sum(axis=0)
        values[name] = np.divide(total, known.sum(axis=0), out=np.full(len(total), np.nan), where=known.any(axis=0))
    filled = (left.interpolated | ~seen[0]) & (right.interpolated | ~seen[1])
    return replace(left, **values, lost=lost.astype(np.int8), interpolated=filled & (lost == SEEN), eye="cyclopean")


def resample(recording: Recording, rate: float) -> Recording:
    """The same recording at another rate, evenly sampled from the first sample on.

    Between seen samples, gaze is a monotone cubic; to a lower rate, each unbroken piece is first freed of frequencies
    above 0.4 of the new rate (Butterworth, order 4, forwards and backwards), so that noise does not fold into it. A new
    sample is seen where the old sample nearest to it is, and lost for the same reason; gaps of the recording stay.

    Parameters
    ----------
    recording : Recording
    rate : float
        Hz.

    Raises
    ------
    DataError
        A rate that is not above 0, or that leaves fewer than two samples.
    """
    from scipy.interpolate import PchipInterpolator
    from scipy.signal import butter, sosfiltfilt

    n = int(np.floor((recording.time[-1] - recording.time[0]) * rate + 1e-6)) + 1 if rate > 0 else 0
    if n < 2:
        raise DataError(f"{n} samples at {rate} Hz", where="resampling", remedy="Give a higher rate")
    time = recording.time[0] + np.arange(n) / rate
    after = np.clip(np.searchsorted(recording.time, time), 1, recording.n_samples - 1)
    nearest = np.where(time - recording.time[after - 1] <= recording.time[after] - time, after - 1, after)
    near = np.abs(recording.time[nearest] - time) <= max(0.75 / recording.sampling_rate, 0.5 / rate)
    time, nearest, n = time[near], nearest[near], int(near.sum())
    lost = recording.lost[nearest]
    smooth = rate < recording.sampling_rate
    sos = butter(4, 2 * _PASSED * rate / recording.sampling_rate, output="sos") if smooth else None
    names = ["x", "y"] + (["pupil"] if recording.pupil is not None else [])
    values = {name: np.full(n, np.nan) for name in names}
    for start, stop in _pieces(recording):
        inside = (nearest >= start) & (nearest < stop) & (lost == SEEN)
        if not inside.any():
            continue
        for name in names:
            column = getattr(recording, name)[start:stop]
            if not np.isfinite(column).all():
                continue
            # Shorter pieces than the filter's ends need stay as they are.
            if smooth and len(column) > 3 * (2 * len(sos) + 1):
                column = sosfiltfilt(sos, column)
            own = np.clip(time[inside], recording.time[start], recording.time[stop - 1])
            values[name][inside] = (
                PchipInterpolator(recording.time[start:stop], column)(own) if len(column) > 1 else column[0]
            )
    distance = None
    if recording.distance_m is not None:
        distance = np.interp(time, recording.time, recording.distance_m)
    return replace(
        recording,
        time=time,
        **values,
        lost=lost,
        interpolated=recording.interpolated[nearest],
        distance_m=distance,
        sampling_rate=float(rate),
    )


def _runs(marked: np.ndarray) -> list[tuple[int, int]]:
    """Start and stop of each run of True."""
    edges = np.flatnonzero(np.diff(np.r_[False, marked, False]))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _pieces(recording: Recording) -> list[tuple[int, int]]:
    """Start and stop of each stretch of seen samples that no gap breaks."""
    pieces = []
    gaps = np.flatnonzero(recording.gaps)
    for start, stop in _runs(recording.lost == SEEN):
        cuts = [start, *gaps[(gaps > start) & (gaps < stop)].tolist(), stop]
        pieces += list(zip(cuts[:-1], cuts[1:], strict=True))
    return pieces
