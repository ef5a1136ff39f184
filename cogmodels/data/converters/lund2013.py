"""Lund2013 (Larsson et al. 2013; Andersson et al. 2017): gaze samples that two people labelled by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, write_description, write_json, write_tsv
from cogmodels.data.physio import write_physio
from cogmodels.errors import DataError

TASKS = ("img", "dots")
CODERS = ("RA", "MN")
LABELS = {1: "fixation", 2: "saccade", 3: "pso", 4: "pursuit", 5: "blink", 6: "undefined"}
# An obvious mistake of coder MN, corrected by Zemblys et al. (2018).
CORRECTED = {"UH29_img_Europe": "fix_by_Zemblys2018/UH29_img_Europe_labelled_FIX_MN.mat"}
_README = """# Lund2013

Gaze of people who looked at images (task `img`) or at moving dots (task `dots`), each sample labelled by two human
coders, RA and MN: columns `label_RA` and `label_MN` of the gaze files (fixation, saccade, pso = post-saccadic
oscillation, pursuit, blink, undefined).

- One file a recording; `acq-` is the image, or the trial of the dots. Which eye was recorded is not in the source.
- Position (0, 0) means lost: n/a here. Time is the sample's number over the sampling rate, for the source's time stamps
  are missing in all dots.
- 500 Hz, except UH47 (Europe) and UL47 (konijntjes), whose time stamps tell 200 Hz, whatever their header says.
- Two recordings (TH34 vy, UL27 trial17) differ by a sample or two between coders and are cut to the shorter.
- Of UH29 (Europe), MN's labels are the corrected ones of Zemblys et al. (2018).
- Pupils are not converted. The recordings of videos are not in the source used.
- **GPL-3**: keep apart from permissively licensed work.

Andersson, Larsson, Holmqvist, Stridh, Nystrom (2017), Behavior Research Methods 49, 616-637. Larsson, Nystrom, Stridh
(2013), IEEE Transactions on Biomedical Engineering 60, 2484-2493. Zemblys, Niehorster, Komogortsev, Holmqvist (2018),
Behavior Research Methods 50, 160-181.
"""


@dataclass(frozen=True)
class CodedGaze:
    """One recording: ``x``, ``y`` (n,) px, NaN where lost; ``labels``: coder -> (n,) codes of ``LABELS``.

    ``sampling_rate`` Hz; ``resolution`` px, ``size`` m, ``distance`` m of the screen.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    labels: dict[str, np.ndarray]
    sampling_rate: float
    resolution: tuple[int, int]
    size: tuple[float, float]
    distance: float


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's recordings as BIDS eye tracking; the files written are returned.

    Raises
    ------
    DataError
        No such subject; a file is missing, damaged or not as described.
    """
    found = {task: [name for name in names(source, task) if name.startswith(f"{subject}_")] for task in TASKS}
    if not any(found.values()):
        raise DataError(f"there is no subject {subject}", where=source, remedy="Choose one that the files name")
    written = []
    for task, name in ((task, name) for task, those in found.items() for name in those):
        gaze = read_coded(source, task, name)
        labels = {"subject": subject, "task": task, "acquisition": name.split("_")[-1]}
        samples = pd.DataFrame(
            {
                "timestamp": (np.arange(len(gaze.x)) / gaze.sampling_rate).round(6),
                "x_coordinate": gaze.x.round(4),
                "y_coordinate": gaze.y.round(4),
            }
            | {f"label_{coder}": [LABELS[code] for code in codes] for coder, codes in gaze.labels.items()}
        )
        path = bids_path(root, "beh", **labels, recording="eye1", suffix="physio", extension=".tsv.gz")
        written += write_physio(path, samples, _sidecar(gaze, task))
        events = bids_path(root, "beh", **labels, suffix="events", extension=".tsv")
        length = len(gaze.x) / gaze.sampling_rate
        write_tsv(
            events,
            pd.DataFrame({"onset": [0.0], "duration": [length], "trial": [1], "stimulus_id": [name.split("_")[-1]]}),
        )
        write_json(events.with_suffix(".json"), _events_sidecar(gaze))
        written += [events, events.with_suffix(".json")]
    return written


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject."""
    people = sorted({name.split("_")[0] for task in TASKS for name in names(source, task)})
    write_description(
        root,
        name="Lund2013",
        readme=_README,
        authors=["Richard Andersson", "Linnea Larsson", "Kenneth Holmqvist", "Martin Stridh", "Marcus Nystrom"],
        license="GPL-3.0",
        participants=pd.DataFrame({"participant_id": [f"sub-{person}" for person in people]}),
    )


def names(source: Path, task: str) -> list[str]:
    """Recordings of a task, such as ``UH29_img_Europe``, in order."""
    return sorted(path.stem.removesuffix("_labelled_RA") for path in (Path(source) / task).glob("*_labelled_RA.mat"))


def read_coded(source: Path, task: str, name: str, *, corrected: bool = True) -> CodedGaze:
    """One recording with the labels of both coders, cut to the shorter.

    ``corrected``: take the corrected labels of coder MN, where there are some.

    Raises
    ------
    DataError
        A file is missing, damaged or not as described; the coders' files hold different gaze.
    """
    files = {coder: Path(source) / task / f"{name}_labelled_{coder}.mat" for coder in CODERS}
    if corrected and name in CORRECTED:
        files["MN"] = Path(source) / CORRECTED[name]
    both = {coder: _read(path) for coder, path in files.items()}
    n = min(len(samples) for samples, _ in both.values())
    first, screen = both["RA"]
    if not np.array_equal(first[:n, 3:5], both["MN"][0][:n, 3:5]):
        raise DataError("the coders' files hold different gaze", where=files["MN"], remedy="Fetch the files again")
    x, y = first[:n, 3].copy(), first[:n, 4].copy()
    lost = (x == 0) & (y == 0)
    x[lost] = y[lost] = np.nan
    # Times of the dots files are missing, and two files of images are not sampled at the rate they state.
    step = np.median(np.diff(first[:, 0])) * 1e-6
    rate = float(round(1 / step)) if step > 0 else screen["sampFreq"]
    return CodedGaze(
        name=name,
        x=x,
        y=y,
        labels={coder: samples[:n, 5].astype(np.int64) for coder, (samples, _) in both.items()},
        sampling_rate=rate,
        resolution=tuple(int(side) for side in screen["screenRes"]),
        size=tuple(float(side) for side in screen["screenDim"]),
        distance=float(screen["viewDist"]),
    )


def _read(path: Path) -> tuple[np.ndarray, dict[str, object]]:
    from scipy.io import loadmat

    if not path.is_file():
        raise DataError("the file does not exist", where=path, remedy="Fetch the data set again")
    try:
        data = loadmat(path, simplify_cells=True)["ETdata"]
        samples = np.asarray(data["pos"], dtype=float)
        screen = {name: data[name] for name in ("sampFreq", "viewDist", "screenDim", "screenRes")}
    except Exception as error:  # scipy's readers fail in many ways
        raise DataError(
            f"the recording cannot be read ({type(error).__name__})", where=path, remedy="Fetch the file again"
        ) from None
    if samples.ndim != 2 or samples.shape[1] != 6 or not np.isin(samples[:, 5], list(LABELS)).all():
        raise DataError(f"samples of shape {samples.shape}", where=path, remedy="Fetch the file again")
    return samples, screen


def _sidecar(gaze: CodedGaze, task: str) -> dict[str, object]:
    label = {"Description": "Event that the sample belongs to, by a human coder", "Levels": _LEVELS}
    return {
        "SamplingFrequency": gaze.sampling_rate,
        "StartTime": 0.0,
        "PhysioType": "eyetrack",
        "RecordedEye": "n/a",
        "SampleCoordinateSystem": "gaze-on-screen",
        "timestamp": {"Description": "Number of the sample over the sampling rate", "Units": "s"},
        "x_coordinate": {"Description": "Gaze, to the right from the left edge", "Units": "pixel"},
        "y_coordinate": {"Description": "Gaze, downwards from the top edge", "Units": "pixel"},
        **{f"label_{coder}": label for coder in CODERS},
        "Manufacturer": "SensoMotoric Instruments",
        "ManufacturersModelName": "Hi-Speed 1250",
        "TaskName": task,
        "SourceFile": f"{task}/{gaze.name}_labelled_RA.mat",
    }


def _events_sidecar(gaze: CodedGaze) -> dict[str, object]:
    return {
        "StimulusPresentation": {
            "ScreenDistance": gaze.distance,
            "ScreenOrigin": ["top", "left"],
            "ScreenResolution": list(gaze.resolution),
            "ScreenSize": list(gaze.size),
        },
        "trial": {"Description": "The recording is one trial"},
        "stimulus_id": {"Description": "Image, or trial of the dots"},
    }


_LEVELS = {
    "fixation": "Gaze rests",
    "saccade": "Gaze jumps",
    "pso": "Post-saccadic oscillation: the eye rings after a saccade",
    "pursuit": "Gaze follows a moving target",
    "blink": "The lid hides the pupil",
    "undefined": "None of these",
}
