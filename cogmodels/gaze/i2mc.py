"""Fixations in noisy data by 2-means clustering of moving windows (I2MC)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.gaze import _i2mc_kernels as i2mc_kernels
from cogmodels.gaze import _kernels as kernels
from cogmodels.gaze._i2mc_gaps import fill_gaps, stretches
from cogmodels.gaze.events import assemble_events, pieces
from cogmodels.gaze.parameters import check_not_negative, read_parameters
from cogmodels.gaze.recording import Recording
from cogmodels.gaze.velocity import speed as speed_of

_RIPPLE_DB = 0.05


@dataclass(frozen=True)
class I2MC:
    """Parameters of I2MC; the defaults are those of the reference (2.2.8).

    ``interpolated_s``: gaps up to this are filled where ``edge_samples`` lie on both sides and gaze moves no farther
    than ``max_displacement`` of the screen's width. ``window_s``, ``step_s``: moving windows. ``downsamples``: coarser
    versions, those that divide the sampling rate. ``cheby_order``: of their low pass, lower where a window is short.
    ``max_failures``: windows without a clustering. ``cutoff_sd``: fixations weigh less than mean + so many sd.
    ``edge_mad``: they start and end within so many MAD of their median. ``merge_distance_px``, ``merge_gap_s``,
    ``minimum_fixation_s``: of fixations. ``seed``: of the clustering's starts.
    """

    interpolated_s: float = 0.1
    edge_samples: int = 2
    max_displacement: float = 0.2 * np.sqrt(2)
    window_s: float = 0.2
    step_s: float = 0.02
    downsamples: Sequence[int] = (2, 5, 10)
    cheby_order: int = 8
    max_failures: int = 100
    cutoff_sd: float = 2.0
    edge_mad: float = 3.0
    merge_distance_px: float = 30.0
    merge_gap_s: float = 0.03
    minimum_fixation_s: float = 0.04
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "downsamples", tuple(self.downsamples))
        check_not_negative(self, "i2mc", positive=("window_s", "edge_samples", "cheby_order"))
        if any(int(k) != k or k < 2 for k in self.downsamples):
            raise DataError(f"`downsamples` is {self.downsamples}", where="detector i2mc", remedy="Give factors from 2")


def detect_i2mc(recording: Recording, other_eye: Recording | None = None, **parameters: float) -> pd.DataFrame:
    """Find the fixations of a recording, its blinks and losses; what lies between fixations is in no event.

    Parameters
    ----------
    recording : Recording
    other_eye : Recording, optional
        The same samples of the other eye. Each eye is clustered by itself; positions are the mean of those seen.
    **parameters
        Fields of :class:`I2MC`.

    Returns
    -------
    events : DataFrame
        See :func:`cogmodels.gaze.events.tabulate_events`; here ``x``, ``y`` of a fixation are medians. With two eyes
        measures are of the mean position, and a loss is one of both.

    Raises
    ------
    DataError
        A parameter is unknown or negative, the eyes differ in their times, or windows hold too few samples.

    Notes
    -----
    Hessels, Niehorster, Kemner and Hooge (2017), Behavior Research Methods 49, 1802-1823.
    """
    options = read_parameters(I2MC, parameters, "i2mc")
    eyes = [recording] if other_eye is None else [recording, other_eye]
    if other_eye is not None:
        recording = _mean_eye(recording, other_eye)
    width, found = recording.screen.resolution_px[0], [np.empty((2, 0), np.int64)]
    for a, b in pieces(recording):
        positions = [(eye.x[a:b], eye.y[a:b]) for eye in eyes]
        if any(np.isfinite(x).any() for x, _ in positions):
            found.append(
                a + np.array(i2mc_fixations(recording.time[a:b], positions, recording.sampling_rate, width, options))
            )
    starts, stops = np.concatenate(found, axis=1)
    kinds = np.full(len(starts), kernels.FIXATION)
    events = assemble_events(recording, speed_of(recording), starts, stops, kinds)
    for row in np.flatnonzero(events["event"] == "fixation"):
        span = slice(events["start_sample"][row], events["stop_sample"][row])
        events.loc[row, ["x", "y"]] = np.nanmedian(recording.x[span]), np.nanmedian(recording.y[span])
    return events


def i2mc_fixations(
    time: np.ndarray,
    eyes: Sequence[tuple[np.ndarray, np.ndarray]],
    sampling_rate: float,
    width_px: float,
    options: I2MC | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Fixations of one stretch of evenly spaced samples, by the definition of I2MC 2.2.8.

    Parameters
    ----------
    time : (n,) float
        s.
    eyes : one or two (x, y)
        Positions of each eye, every one (n,), px; NaN where lost.
    sampling_rate : float
        Hz, as the tracker states it.
    width_px : float
        Width of the screen.
    options : I2MC, optional

    Returns
    -------
    starts, stops : (n_fixations,) int
        First sample of each fixation and the one after its last. They start and end at recorded samples; lost ones
        inside were interpolated.

    Raises
    ------
    DataError
        More clusterings fail than ``max_failures``.

    Notes
    -----
    Differs from the reference where that fails: versions that do not divide the sampling rate, or would have fewer
    than 3 samples a window, are left out; the filter's order falls until it fits the window. Stretches shorter than
    two windows hold no fixation.
    """
    options = options or I2MC()
    time = np.asarray(time, dtype=float)
    if len(time) < 3:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    rate = float(sampling_rate)
    eyes = [tuple(np.array(values, dtype=float) for values in eye) for eye in eyes]
    for x, y in eyes:
        x[np.isnan(y)], y[np.isnan(x)] = np.nan, np.nan
    mean = _mean(eyes)
    missing = np.isnan(mean[0])
    gaps = (options.interpolated_s, options.edge_samples, rate)
    x, y = fill_gaps(*mean, *gaps, options.max_displacement * width_px)
    # With two eyes the reference tests the displacement over a gap in their mean only.
    limit = options.max_displacement * width_px if len(eyes) == 1 else np.inf
    weights = np.stack([_weights(*fill_gaps(*eye, *gaps, limit), rate, options) for eye in eyes])
    tested = ~np.isnan(weights)
    weights = np.where(tested.any(axis=0), np.nansum(weights, axis=0) / np.maximum(tested.sum(axis=0), 1), np.nan)
    if np.isfinite(weights).sum() < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    fixations = _candidates(weights, x, y, options)
    fixations = _merged(fixations, time, x, y, options)
    fixations = _trimmed(fixations, missing)
    step = 1 / rate
    ends = np.append(time, time[-1])
    kept = [(a, b) for a, b in fixations if not ends[b + 1] - time[a] < options.minimum_fixation_s - 1e-6 * step]
    starts, lasts = np.array(kept, dtype=np.int64).reshape(-1, 2).T
    return starts, lasts + 1


def _mean_eye(left: Recording, right: Recording) -> Recording:
    if left.n_samples != right.n_samples or not np.array_equal(left.time, right.time):
        raise DataError("the eyes differ in their times", where="detector i2mc", remedy="Give both on the same times")
    x, y = _mean([(left.x, left.y), (right.x, right.y)])
    given = {field.name: getattr(left, field.name) for field in fields(left)}
    return Recording(**given | {"x": x, "y": y, "lost": np.minimum(left.lost, right.lost), "eye": "cyclopean"})


def _mean(eyes: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Mean position of the eyes that are seen."""
    if len(eyes) == 1:
        return eyes[0][0].copy(), eyes[0][1].copy()
    return tuple(np.where(np.isnan(a), b, np.where(np.isnan(b), a, (a + b) / 2)) for a, b in zip(*eyes, strict=True))


def _weights(x: np.ndarray, y: np.ndarray, rate: float, options: I2MC) -> np.ndarray:
    """Clustering weight of every sample; NaN where no window tested it."""
    size, step = int(options.window_s * rate + 1e-6), max(1, int(options.step_s * rate + 1e-6))
    weights, tests = np.zeros(len(x)), np.zeros(len(x))
    if size >= 3:
        starts = _window_starts(np.isnan(x), size, step)
        versions = tuple(
            int(k) for k in options.downsamples if abs(rate / k - round(rate / k)) < 1e-2 and size // k >= 3
        )
        filters, rows = _filters(size, versions, min(int(options.cheby_order), (size - 1) // 3))
        failures = i2mc_kernels.window_weights(
            x, y, starts, size, filters, rows, np.array(versions, np.int64), options.seed, weights, tests
        )
        if failures > options.max_failures:
            raise DataError(
                f"{failures} of {len(starts) * (1 + len(versions))} clusterings do not converge",
                where="detector i2mc",
                remedy="Leave the recording out, or use another detector",
            )
    return np.where((tests > 0) & ~np.isnan(x), weights / np.maximum(tests, 1), np.nan)


def _window_starts(missing: np.ndarray, size: int, step: int) -> np.ndarray:
    """First samples of the windows: every ``step`` from the start of each seen stretch, and one that ends with it."""
    n, found = len(missing), [np.empty(0, np.int64)]
    for start, stop in stretches(~missing):
        # The reference leaves the last sample of a recording out.
        end = stop if stop < n or stop - start == size else n - 1
        # ... and the seen start of a recording if it is a sample longer than a window.
        if end - start < size or (start == 0 and stop < n and stop < size + 1):
            continue
        last = end - size
        found += [np.arange(start, last, step), np.array([last])]
    return np.concatenate(found)


@lru_cache(maxsize=8)
def _filters(size: int, versions: tuple[int, ...], order: int) -> tuple[np.ndarray, np.ndarray]:
    """What the low pass and the choice of samples of each version do to a window, as one matrix; rows of each."""
    from scipy.signal import cheby1, filtfilt

    parts = []
    for k in versions:
        b, a = cheby1(order, _RIPPLE_DB, 0.8 / k)
        response = filtfilt(b, a, np.eye(size), axis=0, padlen=3 * order)
        parts.append(response[np.arange(size, 0, -k)[::-1] - 1])
    rows = np.array([len(part) for part in parts], dtype=np.int64)
    return np.ascontiguousarray(np.concatenate(parts)) if parts else np.empty((0, size)), rows


def _candidates(weights: np.ndarray, x: np.ndarray, y: np.ndarray, options: I2MC) -> list[list[int]]:
    """First and last samples of stretches of low weight, moved inwards until gaze is near their median."""
    cutoff = np.nanmean(weights) + options.cutoff_sd * np.nanstd(weights, ddof=1)
    found = []
    for start, stop in stretches(weights < cutoff):
        here_x, here_y = x[start:stop], y[start:stop]
        distance = np.hypot(here_x - np.median(here_x), here_y - np.median(here_y))
        near = np.flatnonzero(distance <= np.median(distance) * options.edge_mad)
        found.append([start + int(near[0]) if start > 0 else 0, start + int(near[-1])])
    return found


def _merged(found: list[list[int]], time: np.ndarray, x: np.ndarray, y: np.ndarray, options: I2MC) -> list[list[int]]:
    """Neighbours near in time and place joined, from the last to the first."""
    middle = [(np.median(x[a : b + 1]), np.median(y[a : b + 1])) for a, b in found]
    for p in range(len(found) - 1, 0, -1):
        before, here = found[p - 1], found[p]
        if not time[here[0]] - time[before[1]] < options.merge_gap_s:
            continue
        if np.hypot(middle[p][0] - middle[p - 1][0], middle[p][1] - middle[p - 1][1]) < options.merge_distance_px:
            before[1] = here[1]
            joined = slice(before[0], before[1] + 1)
            middle[p - 1] = (np.median(x[joined]), np.median(y[joined]))
            del found[p], middle[p]
    return found


def _trimmed(found: list[list[int]], missing: np.ndarray) -> list[tuple[int, int]]:
    """Fixations without interpolated samples at their ends; those of nothing else dropped."""
    kept = []
    for first, last in found:
        seen = np.flatnonzero(~missing[first : last + 1])
        if not len(seen):
            continue
        # The reference takes one seen sample more from an end that was interpolated.
        end = last if not missing[last] else first + int(seen[-1]) - 1
        if end >= first + seen[0]:
            kept.append((first + int(seen[0]), end))
    return kept
