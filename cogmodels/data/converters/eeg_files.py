"""Any folder of EEG files that one pattern names: BrainVision, EEGLAB, EDF, BDF, EGI, fif, XDF, with their markers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path
from cogmodels.data.eeg import write_eeg
from cogmodels.data.eeg_formats import open_recording
from cogmodels.data.gaze_files.bids import trials_of, write_gaze
from cogmodels.data.own_files import bids_screen, describe_files, files_of_subject
from cogmodels.data.xdf import SUFFIXES, read_xdf
from cogmodels.data.xdf_recordings import eeg_of_streams, gaze_of_streams
from cogmodels.errors import DataError

if TYPE_CHECKING:
    import mne

    from cogmodels.data.gaze_files.file import GazeFile

# Notes of recorders and of MNE that stand for no event.
_NO_EVENTS = ("New Segment/", "BAD", "EDGE")
_KINDS = {"eeg": "EEG", "eog": "EOG", "ecg": "ECG", "emg": "EMG", "stim": "TRIG"}
_README = """# {title}

{description}

Converted from files of EEG. Time is s from each recording's first sample; `trial_type` is the condition that the data
spec gives a marker, `marker` the marker in the file.
"""


def convert(source: Path, root: Path, subject: str, options: Mapping[str, Any]) -> list[Path]:
    """Write one person's recordings as BrainVision in BIDS; the files written are returned.

    Parameters
    ----------
    options : mapping
        The section ``eeg_files`` of the data spec.

    Raises
    ------
    DataError
        No file of this subject; one that cannot be read; channels or a marker channel that it lacks; two channels of
        one name; no marker, or none of those that are wanted; gaze of a file that is no XDF.
    """
    mine = files_of_subject(source, options["files"], subject, folders=True)
    written = []
    for path, found in mine:
        raw, markers, gaze = _opened(path, options)
        kept, names, kinds = channels_of(raw, options, path)
        place = {
            "subject": subject,
            "session": found.get("session"),
            "task": options["task"],
            "run": found.get("run"),
        }
        written += write_eeg(
            bids_path(root, "eeg", **place, suffix="eeg", extension=".vhdr"),
            raw.get_data(picks=kept),
            sampling_rate=raw.info["sfreq"],
            channel_names=names,
            channel_types=kinds,
            bads=[new for old, new in zip(kept, names, strict=True) if old in raw.info["bads"]],
            events=events_of(raw, options, path, markers),
            sidecar={
                "TaskName": options["task"],
                "EEGReference": options["reference"],
                "PowerLineFrequency": options["line_hz"] or "n/a",
                "SourceFile": path.relative_to(source).as_posix(),
            },
        )
        if gaze is not None:
            about = options["gaze"]
            written += write_gaze(
                gaze,
                root,
                place,
                screen=bids_screen(about["screen"]),
                trials=trials_of(gaze, start=about["trial_start"], end=about["trial_end"]),
                sidecar={"SourceFile": path.relative_to(source).as_posix()},
            )
    return written


def _opened(path: Path, options: Mapping[str, Any]) -> tuple[mne.io.Raw, pd.DataFrame | None, GazeFile | None]:
    """Recording; markers and gaze where the file is an XDF, whose streams hold them."""
    if path.suffix.lower() in SUFFIXES:
        streams = read_xdf(path)
        raw, markers = eeg_of_streams(streams, options, path)
        if options["gaze"] is None:
            return raw, markers, None
        return raw, markers, gaze_of_streams(streams, options["gaze"], options["marker_streams"], path)
    if options["gaze"] is not None:
        raise DataError(
            "only XDF files hold gaze beside EEG", where=path, remedy="Leave `gaze` out, and convert the gaze by itself"
        )
    return open_recording(path), None, None


def describe(source: Path, root: Path, options: Mapping[str, Any]) -> None:
    """Write the files that belong to no subject."""
    describe_files(source, root, options, _README, folders=True)


def channels_of(raw: mne.io.Raw, options: Mapping[str, Any], where: object) -> tuple[list[str], list[str], list[str]]:
    """Channels that are kept (names in the file), their new names, and their BIDS types."""
    named = {*options["types"], *options["rename"], *options["drop"]} | ({options["markers"]} - {None})
    missing = sorted(named - set(raw.ch_names))
    if missing:
        raise DataError(
            f"there is no channel {missing[0]}; there are {', '.join(raw.ch_names[:12])}",
            where=where,
            remedy="Correct `types`, `rename`, `drop` or `markers` of `eeg_files`",
        )
    own = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    left_out = {*options["drop"], options["markers"]}
    kept = [name for name in raw.ch_names if name not in left_out]
    names = [options["rename"].get(name, name) for name in kept]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"two channels are called {twice}", where=where, remedy="Correct `rename`, or `drop` one")
    return kept, names, [options["types"].get(name, _KINDS.get(own[name], "MISC")) for name in kept]


def events_of(
    raw: mne.io.Raw, options: Mapping[str, Any], where: object, markers: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Events (``onset``, ``duration``, ``trial_type``, ``marker``) from a recording's markers, or those given."""
    if options["markers"]:
        found = _channel_markers(raw, options["markers"])
    else:
        found = _noted_markers(raw) if markers is None else markers
    if len(found):
        previous = found.groupby("marker")["onset"].shift()
        found = found[~(found["onset"] - previous <= options["minimum_gap_s"])]
    wanted = options["events"]
    kept = found[found["marker"].isin(list(wanted))] if wanted else found
    if not len(kept):
        there = ", ".join(found["marker"].drop_duplicates().head(12)) or "none at all"
        raise DataError(
            f"there is no marker{' of `events`' if wanted else ''}; there are: {there}",
            where=where,
            remedy="Correct `events`, or name the channel that holds the markers (`markers`)",
        )
    conditions = kept["marker"].map(wanted) if wanted else kept["marker"]
    table = pd.DataFrame({"onset": kept["onset"], "duration": kept["duration"], "trial_type": conditions})
    return table.assign(marker=kept["marker"]).reset_index(drop=True)


def _noted_markers(raw: mne.io.Raw) -> pd.DataFrame:
    notes = raw.annotations
    frame = pd.DataFrame(
        {
            "onset": np.round(notes.onset - raw.first_time if raw.info["meas_date"] else notes.onset, 6),
            "duration": notes.duration,
            # BrainVision's "Stimulus/S  1" is S1.
            "marker": [re.sub(r"\s+", "", name.rsplit("/", 1)[-1]) for name in notes.description],
        }
    )
    events = [not name.upper().startswith(tuple(n.upper() for n in _NO_EVENTS)) for name in notes.description]
    return frame[events].sort_values("onset", kind="stable", ignore_index=True)


def _channel_markers(raw: mne.io.Raw, channel: str) -> pd.DataFrame:
    """Where a channel of integer codes rises from 0 or changes to another code."""
    codes = np.rint(raw.get_data(picks=[channel])[0]).astype(np.int64)
    starts = np.flatnonzero((np.diff(codes, prepend=0) != 0) & (codes != 0))
    frame = {"onset": np.round(starts / raw.info["sfreq"], 6), "duration": 0.0, "marker": codes[starts].astype(str)}
    return pd.DataFrame(frame)
