"""The three EyeLink recordings that the eyelinkio package brings for its own tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import write_description
from cogmodels.data.gaze_files.bids import trials_of, write_gaze
from cogmodels.data.gaze_files.edf import read_edf
from cogmodels.data.gaze_files.file import GazeFile
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
    file = read_edf(Path(source) / FILES[subject])
    return write_gaze(
        file,
        root,
        {"subject": subject, "task": TASK},
        screen=_screen(file),
        trials=trials_of(file),
        sidecar={
            "Manufacturer": "SR Research",
            "ManufacturersModelName": str(file.header["camera"]),
            "DeviceSerialNumber": str(file.header["serial"]),
            "EyeTrackingMethod": "video-based, pupil and corneal reflection",
            "SourceFile": FILES[subject],
        },
    )


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


def _screen(file: GazeFile) -> dict[str, object]:
    width, height = file.screen_resolution
    pitch = ASSUMED_WIDTH / width
    # Near the centre, one degree spans distance x tan(1 degree).
    distance = float(np.mean(file.pixels_per_degree)) * pitch / np.tan(np.radians(1.0))
    return {
        "ScreenDistance": round(distance, 4),
        "ScreenOrigin": ["top", "left"],
        "ScreenResolution": [width, height],
        "ScreenSize": [ASSUMED_WIDTH, round(height * pitch, 4)],
        "ScreenDistanceAssumed": True,
        "ScreenSizeAssumed": True,
        "PixelsPerDegreeAtCentre": list(file.pixels_per_degree),
        "Assumption": _ASSUMPTION,
    }
