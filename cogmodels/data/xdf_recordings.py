"""EEG, markers and gaze from the streams of an XDF file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.data.gaze_files.file import GazeFile
from cogmodels.data.xdf import Stream
from cogmodels.errors import DataError

if TYPE_CHECKING:
    import mne

# Units as headers write them (lower case) -> V.
_UNITS = {
    "microvolts": 1e-6, "microvolt": 1e-6, "uv": 1e-6, "µv": 1e-6, "μv": 1e-6, "millivolts": 1e-3, "millivolt": 1e-3,
    "mv": 1e-3, "volts": 1.0, "volt": 1.0, "v": 1.0,
}  # fmt: skip


def choose_stream(streams: Sequence[Stream], kind: str, name: str | None, where: object) -> Stream:
    """The stream of a name, or else the only one of a type that has samples.

    Raises
    ------
    DataError
        None, or several.
    """
    numeric = [one for one in streams if one.format != "string" and len(one.times)]
    fitting = [one for one in numeric if (one.name == name if name else one.kind.lower() == kind.lower())]
    if len(fitting) != 1:
        there = ", ".join(f"{one.name} ({one.kind})" for one in numeric) or "none with samples"
        wanted = f"called `{name}`" if name else f"of type {kind}"
        raise DataError(
            f"{len(fitting)} streams are {wanted}; there are: {there}",
            where=where,
            remedy="Name the stream in the data spec",
        )
    return fitting[0]


def markers_of(streams: Sequence[Stream], names: Sequence[str], where: object) -> pd.DataFrame:
    """Markers (``time`` on the recorder's clock, s; ``marker``) of all marker streams, or of those that are named.

    Raises
    ------
    DataError
        A named stream that is none of markers.
    """
    known = {one.name: one for one in streams if one.is_marker}
    missing = [name for name in names if name not in known]
    if missing:
        raise DataError(
            f"no marker stream is called `{missing[0]}`; there are: {', '.join(known) or 'none'}",
            where=where,
            remedy="Correct `marker_streams` of the data spec",
        )
    chosen = [one for one in streams if one.is_marker and (not names or one.name in names)]
    rows = [(time, text) for one in chosen for time, text in zip(one.times, one.texts(), strict=True)]
    table = pd.DataFrame(rows, columns=["time", "marker"]).astype({"time": float})
    return table.sort_values("time", kind="stable", ignore_index=True)


def eeg_of_streams(
    streams: Sequence[Stream], options: Mapping[str, Any], where: object
) -> tuple[mne.io.Raw, pd.DataFrame]:
    """The EEG stream as a recording, and the markers on its samples.

    Parameters
    ----------
    streams : sequence of Stream
    options : mapping
        ``stream`` (name or None), ``unit`` (of channels whose unit the file does not tell, or None),
        ``marker_streams``.

    Returns
    -------
    raw : mne Raw
        V, at the stream's nominal rate: its samples are the clock, so that recordings of one device have one rate.
    markers : DataFrame
        ``onset`` (s of that clock), ``duration`` (0), ``marker``; those outside of the stream are left out.

    Raises
    ------
    DataError
        No such stream, an irregular one, or one that marks nothing; an unknown unit; two channels of one name.
    """
    import mne

    chosen = choose_stream(streams, "EEG", options["stream"], where)
    if not chosen.rate or len(chosen.times) < 2:
        raise DataError(
            f"stream {chosen.name} is irregular",
            where=where,
            remedy="EEG needs a nominal rate: choose another `stream`",
        )
    units = [unit.strip().lower() or (options["unit"] or "").lower() for unit in chosen.units]
    unknown = [unit for unit in units if unit not in _UNITS]
    if unknown:
        raise DataError(
            f"stream {chosen.name}: " + (f"unit `{unknown[0]}` is unknown" if unknown[0] else "the file tells no unit"),
            where=where,
            remedy="Set `unit` of `eeg_files` to uV, mV or V (for channels without one), or drop the stream",
        )
    names = [label.strip() or f"EEG{k:03d}" for k, label in enumerate(chosen.labels, start=1)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"two channels are called {twice}", where=where, remedy="Correct the stream's labels")
    data = np.asarray(chosen.values, dtype=float).T * np.array([_UNITS[unit] for unit in units])[:, None]
    raw = mne.io.RawArray(data, mne.create_info(names, chosen.rate, "eeg"), verbose="error")
    found = markers_of(streams, options["marker_streams"], where)
    first, last, n = chosen.times[0], chosen.times[-1], len(chosen.times)
    onsets = (found["time"] - first) / (last - first) * (n - 1) / chosen.rate
    table = pd.DataFrame({"onset": onsets.round(6), "duration": 0.0, "marker": found["marker"]})
    return raw, table[table["onset"].between(0, (n - 1) / chosen.rate)].reset_index(drop=True)


def gaze_of_streams(
    streams: Sequence[Stream], options: Mapping[str, Any], marker_streams: Sequence[str], where: object
) -> GazeFile:
    """The gaze stream as a recording whose messages are the file's markers.

    Parameters
    ----------
    streams : sequence of Stream
    options : mapping
        ``stream`` (name or None), ``x``, ``y``, ``pupil`` (labels of channels; pupil may be None), ``coordinates`` (px
        or fraction), ``lost`` (values of lost samples), ``screen``.

    Raises
    ------
    DataError
        No such stream or channel; time that does not increase.
    """
    chosen = choose_stream(streams, "Gaze", options["stream"], where)
    columns = []
    for role in ("x", "y", "pupil"):
        label = options[role]
        if label is None:
            columns.append(np.full(len(chosen.times), np.nan))
        elif label in chosen.labels:
            columns.append(np.asarray(chosen.values, dtype=float)[:, chosen.labels.index(label)])
        else:
            raise DataError(
                f"stream {chosen.name} has no channel `{label}`; there are {', '.join(chosen.labels)}",
                where=where,
                remedy=f"Correct `gaze.{role}` of `eeg_files`",
            )
    values = np.column_stack(columns)
    values[np.isin(values[:, :2], options["lost"]).any(axis=1)] = np.nan
    if options["coordinates"] == "fraction":
        values[:, :2] *= options["screen"]["width_px"], options["screen"]["height_px"]
    steps = np.diff(chosen.times)
    if not len(steps) or not (steps > 0).all():
        raise DataError(
            f"time of stream {chosen.name} does not increase", where=where, remedy="Record again, or leave the gaze out"
        )
    start = chosen.times[0]
    found = markers_of(streams, marker_streams, where)
    return GazeFile(
        times=chosen.times - start,
        eyes={"cyclopean": values},
        sampling_rate=chosen.rate or float(round(1 / np.median(steps), 3)),
        messages=pd.DataFrame({"onset": found["time"] - start, "message": found["marker"]}),
    )
