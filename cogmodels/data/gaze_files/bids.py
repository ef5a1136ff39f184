"""A GazeFile as BIDS 1.11 eye tracking: samples, the tracker's own events, trials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, write_json, write_tsv
from cogmodels.data.gaze_files.file import GazeFile, calibration
from cogmodels.data.physio import write_physio

_TRIAL_COLUMNS = ["onset", "duration", "trial_type", "trial", "stimulus_onset", "stimulus_duration"]


def write_gaze(
    file: GazeFile,
    root: Path,
    entities: Mapping[str, str | None],
    *,
    screen: Mapping[str, Any],
    trials: pd.DataFrame,
    sidecar: Mapping[str, Any],
) -> list[Path]:
    """Write a recording: of each eye samples and the tracker's events (``recording-eye<n>``); trials and screen.

    Parameters
    ----------
    file : GazeFile
    root : path
        The data set.
    entities : mapping
        ``subject``, ``task``, and as they apply ``session``, ``acquisition``, ``run``.
    screen : mapping
        ``StimulusPresentation``: ScreenDistance, ScreenOrigin, ScreenResolution, ScreenSize and further notes.
    trials : DataFrame
        As :func:`trials_of`.
    sidecar : mapping
        Further fields of each eye's sidecar: Manufacturer and the like.

    Returns
    -------
    list of the files written.
    """
    written = []
    for number, eye in enumerate(file.eyes, start=1):
        path = bids_path(root, "beh", **entities, recording=f"eye{number}", suffix="physio", extension=".tsv.gz")
        written += write_physio(
            path,
            _samples(file, eye),
            {**_sidecar(file, eye), "TaskName": entities["task"], **sidecar},
            events=_tracker_events(file, eye),
            events_sidecar=_TRACKER_EVENTS,
        )
    events = bids_path(root, "beh", **entities, suffix="events", extension=".tsv")
    write_tsv(events, trials)
    write_json(events.with_suffix(".json"), {"StimulusPresentation": dict(screen), **_TRIALS})
    return [*written, events, events.with_suffix(".json")]


def trials_of(
    file: GazeFile,
    *,
    start: str = "TRIALID",
    end: str = "TRIAL_RESULT",
    shown: tuple[str, ...] = ("STIM_ONSET", "SYNCTIME"),
    gone: tuple[str, ...] = ("BLANK_SCREEN",),
) -> pd.DataFrame:
    """Trials of a recording, from its messages: onset, duration, trial_type, trial, stimulus_onset, stimulus_duration.

    A trial lasts from its ``start`` message, whose next word is its name, to ``end``, the next ``start`` or the last
    sample, whichever is first; its stimulus from ``shown`` to ``gone`` or the end of the trial, NaN where no message
    tells. Without a ``start`` message the recording is one trial.
    """
    last = float(file.times[-1]) + 1.0 / file.sampling_rate
    starts = [
        (onset, (message[len(start) :].split() or ["n/a"])[0])
        for onset, message in zip(file.messages["onset"], file.messages["message"], strict=True)
        if message.startswith(start + " ") or message == start
    ]
    rows = []
    for (onset, name), following in zip(
        starts, [*(onset for onset, _ in starts[1:]), np.inf][: len(starts)], strict=True
    ):
        limit = min(following, last)
        inside = file.messages[(file.messages["onset"] >= onset) & (file.messages["onset"] < limit)]
        stop = _first(inside, end, limit)
        seen = _first(inside, shown, np.nan)
        unseen = min(_first(inside, gone, stop), stop)
        rows.append((onset, stop - onset, "trial", name, seen, unseen - seen))
    if not rows:
        rows.append((0.0, last, "trial", "1", np.nan, np.nan))
    return pd.DataFrame(rows, columns=_TRIAL_COLUMNS).round(4)


def _first(messages: pd.DataFrame, beginning: str | tuple[str, ...], default: float) -> float:
    """Time of the first message that begins so."""
    found = messages.loc[messages["message"].str.startswith(beginning), "onset"]
    return float(found.iloc[0]) if len(found) else default


def _samples(file: GazeFile, eye: str) -> pd.DataFrame:
    # EyeLinks store gaze in tenths of a pixel and time in ms (halves at 2000 Hz); others tell us.
    x, y, pupil = file.eyes[eye].T
    columns = {"timestamp": file.times.round(6), "x_coordinate": x.round(2), "y_coordinate": y.round(2)}
    if np.isfinite(pupil).any():
        columns["pupil_size"] = pupil
    if file.distance_m is not None:
        columns["distance"] = file.distance_m.round(4)
    return pd.DataFrame(columns)


def _tracker_events(file: GazeFile, eye: str) -> pd.DataFrame | None:
    """Events of an eye and all messages, by time; None for a file without any."""
    if file.events.empty and file.messages.empty:
        return None
    own = file.events[file.events["eye"] == eye].drop(columns="eye")
    messages = file.messages.assign(message=[" ".join(text.split()) for text in file.messages["message"]])
    both = pd.concat([messages, own], ignore_index=True)
    return both.sort_values("onset", kind="stable", ignore_index=True).round({"onset": 4, "duration": 4})


def _sidecar(file: GazeFile, eye: str) -> dict[str, object]:
    fields: dict[str, object] = {
        "SamplingFrequency": file.sampling_rate,
        "StartTime": 0.0,
        "PhysioType": "eyetrack",
        "RecordedEye": eye,
        "SampleCoordinateSystem": "gaze-on-screen",
        "timestamp": {
            "Description": "The tracker's clock, from the first sample; it jumps between blocks",
            "Units": "s",
        },
        "x_coordinate": {"Description": "Gaze, to the right from the left edge", "Units": "pixel"},
        "y_coordinate": {"Description": "Gaze, downwards from the top edge", "Units": "pixel"},
    }
    if np.isfinite(file.eyes[eye][:, 2]).any():
        kind = file.header.get("pupil_unit", "unknown")
        kind = "size" if kind == "unknown" else kind
        fields["pupil_size"] = {"Description": f"Pupil {kind} as the tracker reports it", "Units": "arbitrary"}
    if file.distance_m is not None:
        fields["distance"] = {"Description": "Viewing distance of the sample, as the tracker reports it", "Units": "m"}
    return fields | calibration(file, eye)


_TRIALS = {
    "trial_type": {
        "Description": "What the row stands for",
        "Levels": {
            "trial": "From the message that starts it to the one that ends it, the next start, or the last sample"
        },
    },
    "trial": {"Description": "The trial's name in the message that starts it"},
    "stimulus_onset": {"Description": "Time of the message that tells it; n/a without one", "Units": "s"},
    "stimulus_duration": {"Description": "To the message that ends it, or the end of the trial", "Units": "s"},
}
_TRACKER_EVENTS = {
    "Description": "Events that the tracker found while recording, and all messages of the file",
    "OnsetSource": "timestamp",
    "onset": {"Description": "Time from the first sample; negative before it", "Units": "s"},
    "duration": {"Description": "Through the event's last sample; n/a for messages", "Units": "s"},
    "trial_type": {
        "Description": "Kind of event; n/a for messages",
        "Levels": {
            "fixation": "Fixation, by the tracker",
            "saccade": "Saccade, by the tracker; one that holds a blink is an artefact of it",
            "blink": "Pupil lost, by the tracker",
        },
    },
    "message": {"Description": "Text of the message, blanks and line ends squeezed; n/a for events"},
}
