"""The table of events that every detector fills."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.gaze import _kernels as kernels
from cogmodels.gaze.geometry import gaze_degrees
from cogmodels.gaze.recording import MISSING, Recording

EVENT_COLUMNS = [
    "event", "onset", "duration", "start_sample", "stop_sample", "x", "y", "start_x", "start_y", "end_x", "end_y",
    "amplitude_deg", "direction_deg", "dispersion_deg", "peak_velocity", "mean_velocity", "complete",
]  # fmt: skip
NAMES = {
    kernels.FIXATION: "fixation",
    kernels.SACCADE: "saccade",
    kernels.LOST: "lost",
    kernels.PSO: "pso",
    kernels.PURSUIT: "pursuit",
}
GAZE_EVENTS = ("fixation", "saccade", "pso", "pursuit")
# A loss of an eye this long is called a blink (pymovements' blink detector, 0.28), s.
BLINK_S = (0.05, 0.5)


def tabulate_events(
    recording: Recording, speed: np.ndarray, starts: np.ndarray, stops: np.ndarray, kinds: np.ndarray
) -> pd.DataFrame:
    """Measure events and write them as a table.

    Parameters
    ----------
    recording : Recording
    speed : (n,) float
        Angular speed of gaze, deg/s.
    starts, stops : (n_events,) int
        First sample of each event and the one after its last.
    kinds : (n_events,) int
        Codes of ``NAMES``.

    Returns
    -------
    events : DataFrame
        ``event``: fixation, saccade, pso (oscillation after a saccade), pursuit, blink (the tracker saw no eye for
        50 to 500 ms) or lost. ``onset``, ``duration``:
        s, the last sample's period included. ``x``, ``y``: mean position of fixations, px. ``start_x`` to ``end_y``:
        first and last position seen, px. ``amplitude_deg``, ``direction_deg``: from the first to the last position (0
        right, 90 up). ``dispersion_deg``: range of x plus range of y. ``peak_velocity``, ``mean_velocity``: deg/s.
        ``complete``: 1, or 0 where a loss, a pause or the recording's end cuts the event. NaN where it does not apply.
    """
    starts, stops = np.asarray(starts, dtype=np.int64), np.asarray(stops, dtype=np.int64)
    x, y = gaze_degrees(recording)
    measures = np.full((len(starts), kernels.N_MEASURES), np.nan)
    kernels.measure_events(starts, stops, recording.x, recording.y, x, y, np.asarray(speed), measures)
    names = np.array([NAMES[kind] for kind in kinds], dtype=object)
    names[_blinks(recording, starts, stops, names)] = "blink"
    gazing, fixating = np.isin(names, GAZE_EVENTS), names == "fixation"
    columns = {
        "event": names.astype(str),
        "onset": recording.time[starts],
        "duration": recording.time[stops - 1] - recording.time[starts] + 1 / recording.sampling_rate,
        "start_sample": starts,
        "stop_sample": stops,
        "x": np.where(fixating, measures[:, kernels.MEAN_X], np.nan),
        "y": np.where(fixating, measures[:, kernels.MEAN_Y], np.nan),
    }
    named = {
        "start_x": kernels.START_X,
        "start_y": kernels.START_Y,
        "end_x": kernels.END_X,
        "end_y": kernels.END_Y,
        "amplitude_deg": kernels.AMPLITUDE,
        "direction_deg": kernels.DIRECTION,
        "dispersion_deg": kernels.DISPERSION,
        "peak_velocity": kernels.PEAK,
        "mean_velocity": kernels.MEAN,
    }
    columns |= {name: np.where(gazing, measures[:, column], np.nan) for name, column in named.items()}
    columns["complete"] = _complete(recording, starts, stops, gazing).astype(np.int64)
    return pd.DataFrame(columns)[EVENT_COLUMNS]


def assemble_events(
    recording: Recording, speed: np.ndarray, starts: np.ndarray, stops: np.ndarray, kinds: np.ndarray
) -> pd.DataFrame:
    """The table of what a detector found, in any order, and of the losses that none of it covers.

    Parameters and result as those of :func:`tabulate_events`.
    """
    n = recording.n_samples
    starts, stops, kinds = (np.asarray(values, dtype=np.int64) for values in (starts, stops, kinds))
    edges = np.zeros(n + 1, np.int64)
    np.add.at(edges, starts, 1)
    np.add.at(edges, stops, -1)
    labels = np.where((np.cumsum(edges)[:n] == 0) & (recording.lost != 0), kernels.LOST, kernels.NONE).astype(np.int8)
    lost = np.empty((2, n), np.int64)
    count = kernels.runs_of_labels(labels, recording.gaps, lost[0], lost[1], np.empty(n, np.int8))
    starts = np.concatenate([starts, lost[0, :count]])
    stops = np.concatenate([stops, lost[1, :count]])
    kinds = np.concatenate([kinds, np.full(count, kernels.LOST)])
    order = np.argsort(starts, kind="stable")
    return tabulate_events(recording, speed, starts[order], stops[order], kinds[order])


def pieces(recording: Recording) -> list[tuple[int, int]]:
    """First sample of each stretch without a pause, and the one after its last."""
    bounds = [*np.flatnonzero(recording.gaps).tolist(), recording.n_samples]
    return list(zip(bounds[:-1], bounds[1:], strict=True))


def typed_events(events: pd.DataFrame, columns: Sequence[str] = EVENT_COLUMNS) -> pd.DataFrame:
    """Events as numbers and names, whatever a text file made of them (an empty one has text columns alone).

    Raises
    ------
    DataError
        One of ``columns`` is missing, or holds what is no number.
    """
    missing = [name for name in columns if name not in events]
    if missing:
        raise DataError(
            f"the events lack column `{missing[0]}`; there are {', '.join(map(str, events.columns))}",
            where="gaze events",
            remedy="Detect the events anew",
        )
    kinds = {"event": str, "start_sample": np.int64, "stop_sample": np.int64, "complete": np.int64}
    try:
        return events.astype({name: kinds.get(name, float) for name in columns})
    except ValueError as error:
        raise DataError(f"an event holds no number ({error})", where="gaze events", remedy="Detect them anew") from None


def _blinks(recording: Recording, starts: np.ndarray, stops: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Which events are losses whose missing core lasts as long as a blink."""
    found = np.zeros(len(starts), dtype=bool)
    for event in np.flatnonzero(names == "lost"):
        core = starts[event] + np.flatnonzero(recording.lost[starts[event] : stops[event]] == MISSING)
        if len(core):
            length = recording.time[core[-1]] - recording.time[core[0]] + 1 / recording.sampling_rate
            found[event] = BLINK_S[0] <= length <= BLINK_S[1]
    return found


def _complete(recording: Recording, starts: np.ndarray, stops: np.ndarray, gazing: np.ndarray) -> np.ndarray:
    """Which events have a sample right before and right after them (a seen one, where gaze is seen)."""
    n, gaps = recording.n_samples, recording.gaps
    seen = recording.lost == 0
    before, after = np.maximum(starts - 1, 0), np.minimum(stops, n - 1)
    joined = (starts > 0) & ~gaps[starts] & (stops < n) & ~gaps[after]
    return joined & (~gazing | (seen[before] & seen[after]))
