"""A recording of one eye: samples in pixels and the screen they were taken on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.errors import DataError

# Why a sample has no position; the codes of ``Recording.lost``.
SEEN, MISSING, OFF_SCREEN, PADDING = 0, 1, 2, 3
LOSSES = {MISSING: "missing", OFF_SCREEN: "off_screen", PADDING: "padding"}
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}
LENGTH_UNITS = {"m": 1.0, "cm": 1e-2, "mm": 1e-3}
RATE_TOLERANCE = 0.05
DISTANCE_WINDOW_S = 0.5
_EYES = {"left": "left", "right": "right", "cyclopean": "cyclopean"}


@dataclass(frozen=True)
class Screen:
    """The screen: resolution (width, height) in px, size (width, height) in m, distance of the eye in m."""

    resolution_px: tuple[float, float]
    size_m: tuple[float, float]
    distance_m: float

    def __post_init__(self) -> None:
        values = np.array([*self.resolution_px, *self.size_m, self.distance_m], dtype=float)
        if values.shape != (5,) or not np.isfinite(values).all() or (values <= 0).any():
            raise DataError(
                f"a screen of {_pair(self.resolution_px)} px and {_pair(self.size_m)} m at {self.distance_m} m is "
                "no screen",
                where="screen",
                remedy="Give ScreenResolution in px, ScreenSize and ScreenDistance in m, all above 0",
            )
        if self.distance_m > 20 or max(self.size_m) > 20:
            raise DataError(
                f"a screen of {_pair(self.size_m)} m at {self.distance_m} m is not given in metres",
                where="screen",
                remedy="Give ScreenSize and ScreenDistance in m (BIDS), not in cm or mm",
            )

    @classmethod
    def from_bids(cls, screen: Mapping[str, Any], *, where: object = "screen") -> Screen:
        """Screen of a BIDS ``StimulusPresentation`` (or of an ``_events.json`` that holds one)."""
        screen = screen.get("StimulusPresentation", screen)
        names = ("ScreenResolution", "ScreenSize", "ScreenDistance")
        missing = [name for name in names if screen.get(name) is None]
        if missing:
            raise DataError(
                f"the screen lacks `{missing[0]}`: pixels cannot become degrees",
                where=where,
                remedy="Describe the screen under StimulusPresentation in the events.json beside the recording",
            )
        origin = list(screen.get("ScreenOrigin", ["top", "left"]))
        if origin != ["top", "left"]:
            raise DataError(
                f"the screen's origin is {origin}, not its top left",
                where=where,
                remedy='Convert the samples so that ScreenOrigin is ["top", "left"]',
            )
        resolution, size, distance = (screen[name] for name in names)
        return cls(tuple(map(float, resolution)), tuple(map(float, size)), float(distance))


@dataclass(frozen=True)
class Recording:
    """Samples of one eye.

    ``time`` (n,) s, strictly increasing, on the clock of the events; ``x``, ``y`` (n,) px (right and down from the
    screen's top left, 0-based), NaN where there is no position; ``pupil`` (n,) in the tracker's unit, or None;
    ``lost`` (n,) int8, why a sample has no position (0 seen, 1 missing, 2 off the screen, 3 beside a blink).
    ``interpolated`` (n,) bool: samples whose position was filled in, not seen; they are never counted as data.
    ``distance_m`` (n,) m: viewing distance of each sample where the tracker recorded it, else None.
    """

    time: np.ndarray
    x: np.ndarray
    y: np.ndarray
    sampling_rate: float
    screen: Screen
    pupil: np.ndarray | None = None
    lost: np.ndarray | None = None
    interpolated: np.ndarray | None = None
    distance_m: np.ndarray | None = None
    eye: str = "unknown"
    subject: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("time", "x", "y"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.float64))
        if self.pupil is not None:
            object.__setattr__(self, "pupil", np.ascontiguousarray(self.pupil, dtype=np.float64))
        lost = np.zeros(len(self.x), np.int8) if self.lost is None else np.array(self.lost, dtype=np.int8)
        object.__setattr__(self, "lost", lost)
        filled = np.zeros(len(self.x), bool) if self.interpolated is None else np.array(self.interpolated, dtype=bool)
        object.__setattr__(self, "interpolated", filled)
        if self.distance_m is not None:
            distance = np.array(self.distance_m, dtype=np.float64)
            distance[~(distance > 0)] = self.screen.distance_m
            object.__setattr__(self, "distance_m", distance)
        _check(self)
        # A sample is seen on both axes or lost on both.
        lost[(lost == SEEN) & ~np.isfinite(self.x + self.y)] = MISSING
        for name in ("x", "y"):
            object.__setattr__(self, name, np.where(lost == SEEN, getattr(self, name), np.nan))
        filled &= lost == SEEN

    @property
    def n_samples(self) -> int:
        """Number of samples, seen or lost."""
        return len(self.time)

    @property
    def gaps(self) -> np.ndarray:
        """(n,) bool: samples that more than 1.5 sampling periods separate from the one before; True at the first."""
        gaps = np.ones(self.n_samples, dtype=bool)
        gaps[1:] = np.diff(self.time) > 1.5 / self.sampling_rate
        return gaps

    def with_lost(self, lost: np.ndarray) -> Recording:
        """The same samples with other losses; x and y become NaN wherever ``lost`` is not 0."""
        return replace(self, lost=lost)

    def to_samples(self) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Samples (time, x, y, lost; pupil, interpolated, distance where there are any), and what else there is."""
        columns = {"time": self.time, "x": self.x, "y": self.y}
        if self.pupil is not None:
            columns["pupil"] = self.pupil
        if self.interpolated.any():
            columns["interpolated"] = self.interpolated
        if self.distance_m is not None:
            columns["distance"] = self.distance_m
        facts = {
            "sampling_rate": self.sampling_rate,
            "screen": {
                "ScreenResolution": list(self.screen.resolution_px),
                "ScreenSize": list(self.screen.size_m),
                "ScreenDistance": self.screen.distance_m,
            },
            "eye": self.eye,
            "subject": self.subject,
            "source": self.source,
        }
        return pd.DataFrame(columns | {"lost": self.lost}), facts

    @classmethod
    def from_samples(cls, samples: pd.DataFrame, facts: Mapping[str, Any]) -> Recording:
        """Rebuild a recording from what :meth:`to_samples` gave."""
        return cls(
            time=samples["time"].to_numpy(),
            x=samples["x"].to_numpy(),
            y=samples["y"].to_numpy(),
            pupil=samples["pupil"].to_numpy() if "pupil" in samples else None,
            lost=samples["lost"].to_numpy(),
            interpolated=samples["interpolated"].to_numpy() if "interpolated" in samples else None,
            distance_m=samples["distance"].to_numpy() if "distance" in samples else None,
            sampling_rate=float(facts["sampling_rate"]),
            screen=Screen.from_bids(facts["screen"], where=facts["source"] or "samples"),
            eye=facts["eye"],
            subject=facts["subject"],
            source=facts["source"],
        )


def recording_from_physio(
    samples: pd.DataFrame,
    sidecar: Mapping[str, Any],
    screen: Mapping[str, Any],
    *,
    subject: str = "",
    source: str = "",
) -> Recording:
    """Recording from a BIDS 1.11 eye-tracking file.

    Time is ``(timestamp - first timestamp) * unit + StartTime``, the clock of the events. The unit is the sidecar's
    ``timestamp.Units`` (s, ms, us); where it is not stated, it is the one that agrees with ``SamplingFrequency``.

    Parameters
    ----------
    samples : DataFrame
        Columns timestamp, x_coordinate, y_coordinate and, where recorded, pupil_size and distance; NaN where lost.
    sidecar : mapping
        Contents of ``_physio.json``.
    screen : mapping
        ``StimulusPresentation`` of ``_events.json``.
    subject, source : str
        Where the samples come from, for messages.

    Raises
    ------
    DataError
        Columns or fields are missing; gaze not in pixels of the screen; time that does not increase; a sampling rate
        that differs from the time stamps by more than 5 %; no sample with a position; a screen without size.
    """
    where = source or (f"subject {subject}" if subject else "recording")
    for name in ("timestamp", "x_coordinate", "y_coordinate"):
        if name not in samples:
            raise DataError(
                f"column `{name}` is missing; there are {', '.join(map(str, samples.columns))}",
                where=where,
                remedy="List the columns under `Columns` in the physio.json",
            )
    rate = sidecar.get("SamplingFrequency")
    if not rate or not np.isfinite(rate) or rate <= 0:
        raise DataError(
            "there is no sampling rate", where=where, remedy="Add `SamplingFrequency` (Hz) to the physio.json"
        )
    for name in ("x_coordinate", "y_coordinate"):
        unit = str(sidecar.get(name, {}).get("Units", "pixel"))
        if not unit.startswith(("pixel", "px")):
            raise DataError(
                f"`{name}` is in {unit}, not in pixels", where=where, remedy="Convert the samples to pixels"
            )
    stamps = samples["timestamp"].to_numpy(dtype=np.float64)
    unit = _time_unit(stamps, float(rate), sidecar, where)
    return Recording(
        time=(stamps - stamps[0]) * unit + float(sidecar.get("StartTime") or 0.0),
        x=samples["x_coordinate"].to_numpy(dtype=np.float64),
        y=samples["y_coordinate"].to_numpy(dtype=np.float64),
        pupil=samples["pupil_size"].to_numpy(dtype=np.float64) if "pupil_size" in samples else None,
        distance_m=_viewing_distance(samples, sidecar, float(rate), where),
        sampling_rate=float(rate),
        screen=Screen.from_bids(screen, where=where),
        eye=_EYES.get(str(sidecar.get("RecordedEye", "")).lower(), "unknown"),
        subject=subject,
        source=source,
    )


def _viewing_distance(
    samples: pd.DataFrame, sidecar: Mapping[str, Any], rate: float, where: object
) -> np.ndarray | None:
    """Viewing distance (n,) m: the running median of half a second, for heads move slowly and trackers tremble."""
    if "distance" not in samples or not samples["distance"].notna().any():
        return None
    unit = dict(sidecar.get("distance") or {}).get("Units", "m")
    if unit not in LENGTH_UNITS:
        raise DataError(f"distances in `{unit}`", where=where, remedy="Give `distance.Units` as m, cm or mm")
    metres = samples["distance"].astype(float) * LENGTH_UNITS[unit]
    window = max(1, round(DISTANCE_WINDOW_S * rate))
    return metres.rolling(window, center=True, min_periods=1).median().to_numpy()


def _time_unit(stamps: np.ndarray, rate: float, sidecar: Mapping[str, Any], where: object) -> float:
    """Seconds per unit of the time stamps."""
    if len(stamps) < 2 or not np.isfinite(stamps).all():
        raise DataError(
            f"{len(stamps)} samples, {int((~np.isfinite(stamps)).sum())} of them without a time stamp",
            where=where,
            remedy="Restore the recording; every sample needs a time stamp",
        )
    declared = dict(sidecar.get("timestamp") or {}).get("Units")
    if declared is not None and declared not in TIME_UNITS:
        raise DataError(f"time stamps in `{declared}`", where=where, remedy="Give `timestamp.Units` as s, ms or us")
    if declared is not None:
        return TIME_UNITS[declared]
    step = float(np.median(np.diff(stamps)))
    for unit in ("s", "ms", "us"):
        if abs(step * TIME_UNITS[unit] * rate - 1) <= RATE_TOLERANCE:
            return TIME_UNITS[unit]
    raise DataError(
        f"time stamps that step by {step:g} fit {rate:g} Hz in no unit",
        where=where,
        remedy="Correct `SamplingFrequency`, or state `timestamp.Units` (s, ms, us) in the physio.json",
    )


def _check(recording: Recording) -> None:
    """Refuse samples that would give wrong events rather than none."""
    where = recording.source or (f"subject {recording.subject}" if recording.subject else "recording")
    n = len(recording.time)
    columns = (
        recording.x, recording.y, recording.pupil, recording.lost, recording.interpolated, recording.distance_m
    )  # fmt: skip
    given = [a for a in columns if a is not None]
    if n < 2 or any(a.shape != (n,) for a in given):
        raise DataError(
            f"time has {n} samples, the other columns {sorted({a.size for a in given})}",
            where=where,
            remedy="Give two samples or more, as many of each column",
        )
    steps = np.diff(recording.time)
    wrong = np.flatnonzero(~(steps > 0))
    if len(wrong):
        raise DataError(
            f"time does not increase at sample {wrong[0] + 1} ({recording.time[wrong[0]]:.6f} s, then "
            f"{recording.time[wrong[0] + 1]:.6f} s; {len(wrong)} such steps)",
            where=where,
            remedy="Sort the samples by time and remove repeated ones",
        )
    measured = 1 / float(np.median(steps))
    if not abs(recording.sampling_rate / measured - 1) <= RATE_TOLERANCE:
        raise DataError(
            f"the sampling rate is given as {recording.sampling_rate:g} Hz, but time stamps step at {measured:g} Hz",
            where=where,
            remedy="Correct `SamplingFrequency`, or the unit of the time stamps: velocities would be wrong by as much",
        )
    if not np.isfinite(recording.x + recording.y).any():
        raise DataError(
            f"all {n} samples are lost",
            where=where,
            remedy="Leave the recording out, or correct what the tracker writes for a lost sample",
        )


def _pair(values: tuple[float, ...]) -> str:
    return " x ".join(f"{value:g}" for value in values)
