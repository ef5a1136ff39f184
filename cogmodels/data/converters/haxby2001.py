"""Haxby et al. (2001), the slice and the coarse volume of one subject that come with PyMVPA 2.6.5."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_name, bids_path, write_description, write_json, write_tsv
from cogmodels.errors import DataError
from cogmodels.files import whole

TASK = "objectviewing"
TASK_NAME = "object viewing"
ACQUISITIONS = {"1slice": "bold_1slice.nii.gz", "25mm": "bold_25mm.nii.gz"}
RUNS = [f"{run:02d}" for run in range(1, 13)]
REPETITION_TIME = 2.5
MASKS = {"brain": "mask", "gray": "mask", "white": "mask", "vt": "mask", "hoc": "dseg"}
MOTION = ["rot_x", "rot_y", "rot_z", "trans_x", "trans_y", "trans_z"]
PIPELINE = "derivatives/pymvpa"
CATEGORIES = {
    "house": "Houses",
    "scrambledpix": "Scrambled pictures",
    "cat": "Cats",
    "shoe": "Shoes",
    "bottle": "Bottles",
    "scissors": "Scissors",
    "chair": "Chairs",
    "face": "Faces",
}
_README = """# Haxby et al. (2001), one subject, reduced

Twelve runs of one subject of Haxby et al. (2001), as reduced by the authors of PyMVPA for their tests (PyMVPA 2.6.5,
`mvpa2/data/haxby2001`). In each run 8 categories were shown in one block of 22.5 s each, between rests.

- `acq-1slice`: one axial slice, 40 x 20 x 1 voxels of 3.1 x 3.75 x 3.75 mm.
- `acq-25mm`: the whole brain at 25 mm, 6 x 10 x 10 voxels.
- 121 volumes a run, TR 2.5 s. The images are copied as they are.
- **The images are motion-corrected** (MCFLIRT, by the PyMVPA authors) and not detrended: do not realign them again.
- The estimated motion and the 25 mm masks are in `derivatives/pymvpa`.
- Onsets are those of the OpenFMRI model files, names those of its `condition_key.txt`. PyMVPA's other file,
  `attributes.txt`, numbers the categories differently.
- Not here: other subjects, the anatomical image at full resolution, pictures of the stimuli, responses.

Data: CC BY-SA 3.0, copyright by the authors of Haxby et al. (2001).
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write BOLD and events, and motion and masks as derivatives; the files written are returned.

    Raises
    ------
    DataError
        A file of the source is missing or not as expected.
    """
    folder = Path(source) / f"sub{subject}"
    if not folder.is_dir():
        raise DataError(f"there is no subject {subject}", where=source, remedy="This source has subject 001 only")
    names = condition_names(Path(source) / "models" / "model001" / "condition_key.txt")
    written = []
    for run in RUNS:
        number = f"task001_run0{run}"
        events = read_onsets(folder / "model" / "model001" / "onsets" / number, names)
        for acquisition, name in ACQUISITIONS.items():
            labels = {"subject": subject, "task": TASK, "acquisition": acquisition, "run": run}
            bold = bids_path(root, "func", suffix="bold", extension=".nii.gz", **labels)
            _copy(folder / "BOLD" / number / name, bold)
            write_json(bold.with_name(bold.name.replace(".nii.gz", ".json")), _bold_sidecar(acquisition))
            table = bids_path(root, "func", suffix="events", extension=".tsv", **labels)
            write_tsv(table, events)
            written += [bold, bold.with_name(bold.name.replace(".nii.gz", ".json")), table]
        written += _write_motion(folder / "BOLD" / number / "bold_moest.txt", root, subject, run)
    for mask, suffix in MASKS.items():
        target = Path(root) / PIPELINE / f"sub-{subject}" / "masks"
        target /= bids_name(subject=subject, acquisition="25mm", description=mask, suffix=suffix, extension=".nii.gz")
        _copy(folder / "masks" / "25mm" / f"{mask}.nii.gz", target)
        written.append(target)
    return written


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject."""
    root = Path(root)
    write_json(
        root / f"task-{TASK}_events.json",
        {
            "onset": {"Description": "Start of the block from the first volume", "Units": "s"},
            "duration": {"Description": "Length of the block", "Units": "s"},
            "trial_type": {"Description": "Category shown throughout the block", "Levels": CATEGORIES},
        },
    )
    write_json(
        root / PIPELINE / "dataset_description.json",
        {
            "Name": "Motion and masks of the PyMVPA sample of Haxby et al. (2001)",
            "BIDSVersion": "1.11.1",
            "DatasetType": "derivative",
            "License": "CC-BY-SA-3.0",
            "GeneratedBy": [{"Name": "PyMVPA", "Version": "2.6.5"}],
        },
    )
    write_description(
        root,
        name="Haxby et al. (2001), one subject, reduced by PyMVPA",
        readme=_README,
        authors=[
            *["James V. Haxby", "M. Ida Gobbini", "Maura L. Furey", "Alumit Ishai"],
            *["Jennifer L. Schouten", "Pietro Pietrini"],
        ],
        license="CC-BY-SA-3.0",
        participants=pd.DataFrame({"participant_id": ["sub-001"]}),
    )


def condition_names(path: Path) -> dict[str, str]:
    """Category of each condition file, such as ``cond001`` -> ``house``."""
    try:
        rows = [line.split() for line in Path(path).read_text().splitlines() if line.strip()]
        names = {condition: name for _, condition, name in rows}
    except (OSError, ValueError):
        raise DataError(
            "the table of conditions is missing or damaged", where=path, remedy="Fetch the data set again"
        ) from None
    if set(names.values()) != set(CATEGORIES):
        raise DataError(f"unexpected conditions {sorted(names.values())}", where=path, remedy="Fetch PyMVPA 2.6.5")
    return names


def read_onsets(folder: Path, names: dict[str, str]) -> pd.DataFrame:
    """Blocks of one run in order: onset, duration (s), trial_type."""
    rows = []
    for condition, name in names.items():
        path = Path(folder) / f"{condition}.txt"
        for onset, duration, _ in _table(path, 3):
            rows.append({"onset": onset, "duration": duration, "trial_type": name})
    return pd.DataFrame(rows).sort_values("onset", ignore_index=True)


def _write_motion(path: Path, root: Path, subject: str, run: str) -> list[Path]:
    name = bids_name(subject=subject, task=TASK, run=run, description="motion", suffix="timeseries", extension=".tsv")
    table = Path(root) / PIPELINE / f"sub-{subject}" / "func" / name
    write_tsv(table, pd.DataFrame(_table(path, 6), columns=MOTION))
    axes = {"x": "first", "y": "second", "z": "third"}
    note = (
        "Column order and units are not stated beside the file. PyMVPA documents three rotations, then three "
        "translations, estimated with MCFLIRT, whose units are radians and mm; the sizes agree."
    )
    columns = {
        f"{kind}_{axis}": {"Description": f"{label} estimate, {axes[axis]} axis", "Units": unit}
        for kind, label, unit in (("rot", "Rotation", "rad"), ("trans", "Translation", "mm"))
        for axis in "xyz"
    }
    sidecar = table.with_suffix(".json")
    write_json(sidecar, {"SamplingFrequency": 1 / REPETITION_TIME, "Assumption": note, **columns})
    return [table, sidecar]


def _table(path: Path, columns: int) -> np.ndarray:
    try:
        values = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise DataError(f"the table cannot be read ({error})", where=path, remedy="Fetch the data set again") from None
    if values.shape[1] != columns or not np.isfinite(values).all():
        raise DataError(f"{columns} columns of numbers are expected", where=path, remedy="Fetch the data set again")
    return values


def _bold_sidecar(acquisition: str) -> dict[str, object]:
    return {
        "TaskName": TASK_NAME,
        "RepetitionTime": REPETITION_TIME,
        "Description": {
            "1slice": "One axial slice at native resolution, motion-corrected (MCFLIRT), not detrended",
            "25mm": "Whole brain resampled to 25 mm, motion-corrected (MCFLIRT), not detrended",
        }[acquisition],
    }


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise DataError("the file does not exist", where=source, remedy="Fetch the data set again")
    with whole(target) as temporary:
        shutil.copyfile(source, temporary)
