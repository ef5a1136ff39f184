"""Data quality of a recording: loss, effective rate, precision, and what its events look like.

Precision follows Niehorster, Zemblys, Beelders and Holmqvist (2020), Behavior Research Methods 52, 2515-2534, and
ETDQualitizer 1.2: missing samples stay in as NaN, since deleting them would make distant samples neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.gaze._window_kernels import moment_windows, rms_windows
from cogmodels.gaze.events import typed_events
from cogmodels.gaze.geometry import fick_to_vector, gaze_degrees, pixels_to_fick, vector_to_fick
from cogmodels.gaze.recording import LOSSES, Recording

# Fewer saccades give no main sequence.
MAIN_SEQUENCE_MINIMUM = 10
#: Beyond these a recording deserves a look before it is used; they warn, and nothing is left out because of them. 20 %
#: of lost data is the usual bound of exclusion; half a degree from sample to sample hides all small saccades.
QUALITY_LIMITS = {"data_loss": 0.2, "rms_s2s_window_deg": 0.5}
#: Window of the running precision, s.
WINDOW_S = 0.2


def rms_s2s(x: np.ndarray, y: np.ndarray, *, average: Literal["mean", "median"] = "mean") -> float:
    """Root mean square of the distances between successive samples (RMS-S2S), unit of x and y; NaN without a pair.

    ``median`` in place of the mean is not moved by saccades (ETDQualitizer has both).
    """
    squares = np.diff(np.asarray(x, dtype=float)) ** 2 + np.diff(np.asarray(y, dtype=float)) ** 2
    squares = squares[~np.isnan(squares)]
    if not len(squares):
        return float("nan")
    return float(np.sqrt(squares.mean() if average == "mean" else np.median(squares)))


def std(x: np.ndarray, y: np.ndarray) -> float:
    """Spatial standard deviation, ``hypot(sd_x, sd_y)`` with ddof 0 (as ETDQualitizer; pymovements has ddof 1)."""
    x, y = _seen(x, y)
    return float(np.hypot(x.std(), y.std())) if len(x) else float("nan")


def bcea(x: np.ndarray, y: np.ndarray, probability: float = 0.68) -> float:
    """Area of the ellipse that holds a share of normally distributed gaze (bivariate contour ellipse area).

    ``2 k pi s_x s_y sqrt(1 - rho^2)`` with ``k = -ln(1 - probability)`` and ddof 1 (Crossland and Rubin 2002, Optometry
    and Vision Science 79, 578-587). Squared unit of x and y; NaN for fewer than two samples.
    """
    if not 0 < probability < 1:
        raise DataError(f"a probability of {probability}", where="bcea", remedy="Give one between 0 and 1")
    x, y = _seen(x, y)
    if len(x) < 2:
        return float("nan")
    # The determinant is s_x^2 s_y^2 (1 - rho^2), and holds where an axis does not vary at all.
    determinant = max(float(np.linalg.det(np.cov(x, y))), 0.0)
    return float(-2 * np.log(1 - probability) * np.pi * np.sqrt(determinant))


def moving_window(
    x: np.ndarray, y: np.ndarray, window: int, metric: Literal["rms_s2s", "std", "bcea"] = "rms_s2s"
) -> np.ndarray:
    """A measure of every window of so many samples (n - window + 1,), in O(n); empty where the window is not shorter.

    The same numbers as :func:`rms_s2s`, :func:`std` and :func:`bcea` (P .68) of each window, by running sums; NaN where
    a window has too few samples. Their median is a precision that needs no events (Niehorster et al. 2020).
    """
    x, y = (np.ascontiguousarray(values, dtype=np.float64) for values in (x, y))
    if metric not in ("rms_s2s", "std", "bcea") or window < 2:
        raise DataError(
            f"metric `{metric}`, windows of {window} samples",
            where="moving window",
            remedy="Use rms_s2s, std or bcea, and windows of two samples or more",
        )
    if window >= len(x):
        return np.empty(0)
    n = len(x) - window + 1
    if metric == "rms_s2s":
        found = np.empty(n)
        rms_windows(x, y, window, found)
        return found
    sums, means = np.empty((n, 5)), np.empty((n, 3))
    moment_windows(x, y, window, means, sums)
    count = means[:, 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x, mean_y = sums[:, 0] / count, sums[:, 1] / count
        vx, vy, cxy = (
            sums[:, 2] / count - mean_x**2,
            sums[:, 3] / count - mean_y**2,
            sums[:, 4] / count - mean_x * mean_y,
        )
        if metric == "std":
            return np.where(count > 0, np.sqrt(np.maximum(vx, 0) + np.maximum(vy, 0)), np.nan)
        determinant = np.maximum(vx * vy - cxy**2, 0) * (count / (count - 1)) ** 2
        return np.where(count > 1, -2 * np.log(1 - 0.68) * np.pi * np.sqrt(determinant), np.nan)


def validate(recording: Recording, targets: pd.DataFrame) -> pd.DataFrame:
    """Accuracy and precision at targets that people were told to look at.

    Parameters
    ----------
    recording : Recording
    targets : DataFrame
        ``onset``, ``duration`` (s on the recording's clock), ``x``, ``y`` (px) of each.

    Returns
    -------
    DataFrame
        ``target, x, y, n_samples, accuracy_deg, azimuth_deg, elevation_deg, rms_s2s_deg, std_deg, bcea_deg2``, a row a
        target; NaN where no sample was seen.
    """
    azimuth, elevation = gaze_degrees(recording, "fick")
    rows = []
    for number, target in enumerate(targets.itertuples()):
        inside = (recording.time >= target.onset) & (recording.time < target.onset + target.duration)
        inside &= ~recording.interpolated
        goal = pixels_to_fick(target.x, target.y, recording.screen)
        u, v = azimuth[inside], elevation[inside]
        rows.append(
            (number, target.x, target.y, int(np.isfinite(u).sum()), *accuracy(u, v, *goal))
            + (rms_s2s(u, v), std(u, v), bcea(u, v))
        )
    return pd.DataFrame(
        rows,
        columns=[
            "target", "x", "y", "n_samples", "accuracy_deg", "azimuth_deg", "elevation_deg", "rms_s2s_deg", "std_deg",
            "bcea_deg2",
        ],
    )  # fmt: skip


def accuracy(
    azimuth: np.ndarray, elevation: np.ndarray, target_azimuth: float, target_elevation: float
) -> tuple[float, float, float]:
    """Angle between the mean gaze direction and a target, and its parts along azimuth and elevation.

    Parameters
    ----------
    azimuth, elevation : (n,) float
        Gaze, Fick degrees.
    target_azimuth, target_elevation : float
        Target, Fick degrees.

    Returns
    -------
    offset, azimuth, elevation : float
        Degrees; the parts are those of the mean direction seen from the target's frame.
    """
    azimuth, elevation = _seen(azimuth, elevation)
    if not len(azimuth):
        return (float("nan"),) * 3
    mean = fick_to_vector(azimuth, elevation).mean(axis=0)
    mean /= np.linalg.norm(mean)
    target = fick_to_vector(target_azimuth, target_elevation)
    offset = float(np.degrees(np.arctan2(np.linalg.norm(np.cross(mean, target)), mean @ target)))
    turn, tilt = np.radians(target_azimuth), np.radians(target_elevation)
    about_y = np.array([[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    along, across = vector_to_fick(about_x @ about_y @ mean)
    return offset, float(along), float(across)


def main_sequence(amplitude: np.ndarray, peak_velocity: np.ndarray) -> tuple[float, float]:
    """Power law of peak velocity on amplitude, least squares of the logarithms.

    ``peak_velocity = velocity_at_1deg * amplitude ** slope`` (Lebedev, Van Gelder and Tsui 1996, Investigative
    Ophthalmology & Visual Science 37, 2750-2761; the main sequence of Bahill, Clark and Stark 1975).

    Parameters
    ----------
    amplitude, peak_velocity : (n_saccades,) float
        Degrees and deg/s.

    Returns
    -------
    slope, velocity_at_1deg : float
        NaN for fewer than 10 saccades, or where all have one amplitude.
    """
    amplitude, peak = np.asarray(amplitude, dtype=float), np.asarray(peak_velocity, dtype=float)
    good = (amplitude > 0) & (peak > 0)
    x, y = np.log(amplitude[good]), np.log(peak[good])
    if len(x) < MAIN_SEQUENCE_MINIMUM or np.ptp(x) < 1e-9:
        return float("nan"), float("nan")
    slope, intercept = np.polyfit(x, y, 1)
    return float(slope), float(np.exp(intercept))


def quality(recording: Recording, events: pd.DataFrame | None = None) -> dict[str, Any]:
    """Quality of a recording, ready for JSON; None where a number does not exist.

    Parameters
    ----------
    recording : Recording
    events : DataFrame, optional
        Its events; without them, what needs fixations or saccades is None.

    Returns
    -------
    quality : dict
        ``n_samples``; ``duration_s``, last minus first time stamp plus the median step; ``sampling_rate``;
        ``effective_rate``, samples with a position over the duration, Hz; ``data_loss``, share of samples without a
        position, and its parts ``loss_missing``, ``loss_off_screen``, ``loss_padding``, ``loss_interpolated`` (filled
        samples count as lost); ``loss_from_expected``, 1 - samples with a position over those that the rate and the
        duration promise, pauses included; ``rms_s2s_window_deg``, median over all windows of 200 ms; ``rms_s2s_deg``,
        ``std_deg``, ``bcea_deg2`` (P .68), medians over fixations in Fick degrees; ``n_fixations``, ``n_saccades``,
        ``n_blinks``; ``fixation_rate_hz``, fixations a second of seen gaze; ``median_fixation_ms``; of complete
        saccades ``median_saccade_deg``, and ``main_sequence_slope`` and ``main_sequence_at_1deg`` of
        :func:`main_sequence`.
    """
    data = (recording.lost == 0) & ~recording.interpolated
    n, seen = recording.n_samples, int(data.sum())
    duration = recording.time[-1] - recording.time[0] + float(np.median(np.diff(recording.time)))
    found: dict[str, Any] = {
        "n_samples": n,
        "duration_s": duration,
        "sampling_rate": recording.sampling_rate,
        "effective_rate": seen / duration,
        "data_loss": float(1 - data.mean()),
    }
    found |= {f"loss_{name}": float((recording.lost == code).mean()) for code, name in LOSSES.items()}
    found["loss_interpolated"] = float(recording.interpolated.mean())
    found["loss_from_expected"] = 1 - seen / (duration * recording.sampling_rate)
    found["rms_s2s_window_deg"] = _median(running_precision(recording))
    found |= _event_quality(recording, events, seen)
    return {name: _plain(value) for name, value in found.items()}


def beyond_limits(quality: Mapping[str, Any]) -> list[str]:
    """Names of the measures that are beyond ``QUALITY_LIMITS``."""
    return [name for name, limit in QUALITY_LIMITS.items() if (quality.get(name) or 0.0) > limit]


def running_precision(recording: Recording) -> np.ndarray:
    """RMS-S2S (degrees) of every window of 200 ms, by :func:`moving_window`; filled samples count as lost."""
    azimuth, elevation = (np.where(recording.interpolated, np.nan, v) for v in gaze_degrees(recording, "fick"))
    return moving_window(azimuth, elevation, max(2, int(WINDOW_S * recording.sampling_rate)))


def _event_quality(recording: Recording, events: pd.DataFrame | None, seen: int) -> dict[str, Any]:
    names = [
        "rms_s2s_deg", "std_deg", "bcea_deg2", "n_fixations", "n_saccades", "n_blinks", "fixation_rate_hz",
        "median_fixation_ms", "median_saccade_deg", "main_sequence_slope", "main_sequence_at_1deg",
    ]  # fmt: skip
    if events is None:
        return dict.fromkeys(names)
    events = typed_events(events)
    fixations = events[events["event"] == "fixation"]
    saccades = events[events["event"] == "saccade"]
    whole = saccades[saccades["complete"] == 1]
    x, y = (np.where(recording.interpolated, np.nan, v) for v in gaze_degrees(recording, "fick"))
    parts = [slice(a, b) for a, b in zip(fixations["start_sample"], fixations["stop_sample"], strict=True)]
    slope, at_1deg = main_sequence(whole["amplitude_deg"], whole["peak_velocity"])
    values = [
        *(_median([measure(x[part], y[part]) for part in parts]) for measure in (rms_s2s, std, bcea)),
        len(fixations),
        len(saccades),
        int((events["event"] == "blink").sum()),
        len(fixations) / (seen / recording.sampling_rate),
        _median(fixations["duration"] * 1000),
        _median(whole["amplitude_deg"]),
        slope,
        at_1deg,
    ]
    return dict(zip(names, values, strict=True))


def _seen(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The samples that have both axes."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    kept = ~(np.isnan(x) | np.isnan(y))
    return x[kept], y[kept]


def _median(values: Any) -> float:
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    return float(np.median(values)) if len(values) else float("nan")


def _plain(value: Any) -> Any:
    """A number as JSON has it: built-in types, None for NaN."""
    if value is None or not np.isfinite(value):
        return None
    return int(value) if isinstance(value, int | np.integer) else float(value)
