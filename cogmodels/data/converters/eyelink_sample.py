"""The three EyeLink recordings that the eyelinkio package brings for its own tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, write_description, write_json, write_tsv
from cogmodels.data.gaze_files.edf import read_edf
from cogmodels.data.gaze_files.file import GazeFile, calibration
from cogmodels.data.physio import write_physio
from cogmodels.errors import DataError

FILES = {"01": "test_raw.edf", "02": "test_2_raw.edf", "03": "test_raw_binocular.edf"}
TASK = "viewing"

# A 24-inch 16:9 display. The recordings tell pixels per degree, hence the ratio of the screen's size to its distance,
# but neither of the two: whatever size is assumed, visual angles come out as the tracker had them.
ASSUMED_WIDTH = 0.531
_ASSUMPTION = (
    "The recording holds no size and no distance of the screen, only its resolution and its pixels per degree. "
    "The size is assumed (24-inch, 16:9); the distance is what makes pixels per degree at the screen's centre right. "
    "Visual angles do not depend on the assumption; lengths in m do."
)
_README = """# EyeLink sample recordings

Three real recordings (SR Research EyeLink) that come with the Python package eyelinkio 0.3.0, where they serve its
tests: gaze and pupil, the tracker's own fixations, saccades and blinks, and every message of the recording.

- Who was recorded, and what people did, is not documented. Each file is a subject of its own; whether two files are of
  one person is unknown. The task is called `viewing` for want of a better name.
- 01 and 02: left eye, 1000 Hz, desktop EyeLink CL; 20 and 40 trials of about 3 s. 02 has no validation.
- 03: both eyes, 500 Hz, 15 trials of films shown frame by frame. **Its calibration is poor**: three points, and the
  drift check before the first trial failed with errors of 36.7 and 28.6 degrees in the left eye (1.9 and 1.1 in the
  right). 36 % of the left and 22 % of the right eye's samples are lost. Use it to test software, not to study gaze.
- Time is the tracker's, in s from the first sample. Recording paused between blocks: the time stamps jump there.
- Size and distance of the screen are assumed; see `StimulusPresentation` in the `_events.json` files.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one recording as BIDS eye tracking; the files written are returned.

    Raises
    ------
    DataError
        No such subject; the recording is cut short or damaged; eyelinkio is missing.
    """
    if subject not in FILES:
        raise DataError(f"there is no subject {subject}", where=source, remedy=f"Choose from {', '.join(FILES)}")
    edf = read_edf(Path(source) / FILES[subject])
    written = []
    for number, eye in enumerate(edf.eyes, start=1):
        path = bids_path(
            root, "beh", subject=subject, task=TASK, recording=f"eye{number}", suffix="physio", extension=".tsv.gz"
        )
        written += write_physio(
            path,
            _samples(edf, eye),
            _sidecar(edf, eye, FILES[subject]),
            events=_tracker_events(edf, eye),
            events_sidecar=_TRACKER_EVENTS,
        )
    events = bids_path(root, "beh", subject=subject, task=TASK, suffix="events", extension=".tsv")
    write_tsv(events, trial_events(edf))
    write_json(events.with_suffix(".json"), _events_sidecar(edf))
    return [*written, events, events.with_suffix(".json")]


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject."""
    write_description(
        root,
        name="EyeLink sample recordings of eyelinkio",
        readme=_README,
        authors=["The eyelinkio developers"],
        license="BSD-3-Clause for the package; none is stated for the recordings",
        participants=pd.DataFrame(
            {"participant_id": [f"sub-{subject}" for subject in FILES], "source_file": list(FILES.values())}
        ),
        participants_description={"source_file": {"Description": "Name of the recording in the package"}},
    )


def trial_events(edf: GazeFile) -> pd.DataFrame:
    """Trials of a recording, from its messages: onset, duration, trial_type, trial, stimulus_onset, stimulus_duration.

    A trial lasts from its TRIALID to TRIAL_RESULT, the next TRIALID or the last sample, whichever is first; its
    stimulus from STIM_ONSET or SYNCTIME to BLANK_SCREEN or the end of the trial, NaN where no message tells.
    """
    last = float(edf.times[-1]) + 1.0 / edf.sampling_rate
    starts = [
        (onset, message.split()[1])
        for onset, message in zip(edf.messages["onset"], edf.messages["message"], strict=True)
        if message.startswith("TRIALID ")
    ]
    rows = []
    for (start, name), following in zip(starts, [*(onset for onset, _ in starts[1:]), np.inf], strict=True):
        limit = min(following, last)
        inside = edf.messages[(edf.messages["onset"] >= start) & (edf.messages["onset"] < limit)]
        end = _first(inside, "TRIAL_RESULT", limit)
        shown = _first(inside, ("STIM_ONSET", "SYNCTIME"), np.nan)
        gone = min(_first(inside, "BLANK_SCREEN", end), end)
        rows.append((start, end - start, "trial", name, shown, gone - shown))
    columns = ["onset", "duration", "trial_type", "trial", "stimulus_onset", "stimulus_duration"]
    return pd.DataFrame(rows, columns=columns).round(4)


def _first(messages: pd.DataFrame, beginning: str | tuple[str, ...], default: float) -> float:
    """Time of the first message that begins so."""
    found = messages.loc[messages["message"].str.startswith(beginning), "onset"]
    return float(found.iloc[0]) if len(found) else default


def _samples(edf: GazeFile, eye: str) -> pd.DataFrame:
    # The file stores gaze in tenths of a pixel and time in ms (halves at 2000 Hz).
    x, y, pupil = edf.eyes[eye].T
    columns = {"timestamp": edf.times.round(4), "x_coordinate": x.round(2), "y_coordinate": y.round(2)}
    return pd.DataFrame({**columns, "pupil_size": pupil})


def _tracker_events(edf: GazeFile, eye: str) -> pd.DataFrame:
    """Events of an eye and all messages, by time."""
    own = edf.events[edf.events["eye"] == eye].drop(columns="eye")
    both = pd.concat([edf.messages, own], ignore_index=True)
    return both.sort_values("onset", kind="stable", ignore_index=True).round({"onset": 4, "duration": 4})


def _sidecar(edf: GazeFile, eye: str, file: str) -> dict[str, object]:
    unit = str(edf.header["pupil_unit"])
    return {
        "SamplingFrequency": edf.sampling_rate,
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
        "pupil_size": {"Description": f"Pupil {unit} as the tracker reports it", "Units": "arbitrary"},
        **calibration(edf, eye),
        "Manufacturer": "SR Research",
        "ManufacturersModelName": str(edf.header["camera"]),
        "DeviceSerialNumber": str(edf.header["serial"]),
        "EyeTrackingMethod": "video-based, pupil and corneal reflection",
        "TaskName": TASK,
        "SourceFile": file,
    }


def _events_sidecar(edf: GazeFile) -> dict[str, object]:
    width, height = edf.screen_resolution
    pitch = ASSUMED_WIDTH / width
    # Near the centre, one degree spans distance x tan(1 degree).
    distance = float(np.mean(edf.pixels_per_degree)) * pitch / np.tan(np.radians(1.0))
    return {
        "StimulusPresentation": {
            "ScreenDistance": round(distance, 4),
            "ScreenOrigin": ["top", "left"],
            "ScreenResolution": [width, height],
            "ScreenSize": [ASSUMED_WIDTH, round(height * pitch, 4)],
            "ScreenDistanceAssumed": True,
            "ScreenSizeAssumed": True,
            "PixelsPerDegreeAtCentre": list(edf.pixels_per_degree),
            "Assumption": _ASSUMPTION,
        },
        "trial_type": {
            "Description": "What the row stands for",
            "Levels": {"trial": "From TRIALID to TRIAL_RESULT, the next TRIALID or the end of the recording"},
        },
        "trial": {"Description": "The trial's name in TRIALID"},
        "stimulus_onset": {"Description": "Time of STIM_ONSET or SYNCTIME; n/a without such a message", "Units": "s"},
        "stimulus_duration": {"Description": "To BLANK_SCREEN or the end of the trial", "Units": "s"},
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
