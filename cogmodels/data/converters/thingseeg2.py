"""THINGS-EEG2 (Gifford et al. 2022): pictures of objects in rapid series, 10 people, raw EEG as released."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, write_description
from cogmodels.data.eeg import write_eeg
from cogmodels.data.pickled import read_pickled_dictionary
from cogmodels.errors import DataError

#: BIDS task -> file of a session, split of its trials, keys of its pictures in image_metadata.npy, their number.
PARTITIONS = {
    "training": ("raw_eeg_training.npy", "train", "train_img_files", "train_img_concepts", 16540),
    "test": ("raw_eeg_test.npy", "test", "test_img_files", "test_img_concepts", 200),
}
STIM = "stim"
TARGET = 99999  # code of the pictures that were to be answered
PICTURE_S = 0.1  # how long each was shown
_README = """# THINGS-EEG2

Raw EEG of 10 people who saw pictures of objects of THINGS, one each 200 ms for 100 ms (Gifford, Dwivedi, Roig and Cichy
2022, NeuroImage 264, 119754). Each of four sessions has a training part (`task-training`: 8270 pictures, twice) and a
test part (`task-test`: 200 pictures of other concepts, 20 times); `split` in the events says which.

- Channels as in the files `raw_eeg_training.npy` and `raw_eeg_test.npy` (63 at 1000 Hz), without the channel `stim`,
  whose codes are the events: the number of the picture, from 1.
- **Events of target pictures (code 99999), to be answered, are left out**; their number is in each `_eeg.json`.
- `stimulus_id` is the picture's file and `trial_type` its concept where `image_metadata.npy` is in the source, else
  the part of the data set with the picture's number, and `picture`.
- The parts of a training session were joined by the authors: there are breaks in the recording that no marker tells.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's sessions as BrainVision; the files written are returned.

    Parameters
    ----------
    subject : str
        As in the folder ``sub-<subject>``, such as 01.

    Raises
    ------
    DataError
        No session of this subject; a file that is damaged, holds more than arrays, or does not fit its description.
    """
    folders = sorted(Path(source).rglob(f"sub-{subject}/ses-*"))
    if not folders:
        raise DataError(
            f"there are no sessions of subject {subject}",
            where=source,
            remedy=f"Put the released files into sub-{subject}/ses-01/ and so on",
        )
    names, written = _picture_names(Path(source)), []
    for folder in folders:
        for task, (name, split, *_) in PARTITIONS.items():
            written += _convert_part(folder / name, root, subject, folder.name.removeprefix("ses-"), task, split, names)
    return written


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject."""
    subjects = sorted({path.name for path in Path(source).rglob("sub-*") if path.is_dir()})
    write_description(
        root,
        name="THINGS-EEG2",
        readme=_README,
        authors=["Alessandro T. Gifford", "Kshitij Dwivedi", "Gemma Roig", "Radoslaw M. Cichy"],
        license="CC-BY-4.0",
        participants=pd.DataFrame({"participant_id": subjects}),
    )


def _convert_part(
    path: Path, root: Path, subject: str, session: str, task: str, split: str, names: dict[str, pd.DataFrame]
) -> list[Path]:
    part = read_pickled_dictionary(path)
    data, channels, rate = _checked(part, path)
    pass_band = {"high-pass (Hz)": part.get("highpass"), "low-pass (Hz)": part.get("lowpass")}
    row = channels.index(STIM)
    events, targets = _events(data[row], rate, task, split, names, path)
    kept = [k for k in range(len(channels)) if k != row]
    return write_eeg(
        bids_path(root, "eeg", subject=subject, session=session, task=task, suffix="eeg", extension=".vhdr"),
        data[kept],
        sampling_rate=rate,
        channel_names=[channels[k] for k in kept],
        channel_types=["EEG"] * len(kept),
        events=events,
        sidecar={
            "TaskName": task,
            "EEGReference": "n/a",
            "PowerLineFrequency": 50,
            "HardwareFilters": {"Bandpass": pass_band},
            "TargetEventsLeftOut": targets,
        },
        events_sidecar=_EVENTS,
    )


def _checked(part: dict[str, Any], path: Path) -> tuple[np.ndarray, list[str], float]:
    """Data (channels, samples), names and Hz of a released file."""
    missing = [key for key in ("raw_eeg_data", "ch_names", "ch_types", "sfreq") if key not in part]
    if missing:
        raise DataError(
            f"the file lacks `{missing[0]}`", where=path, remedy="Give the raw files, not the preprocessed ones"
        )
    data, channels = np.asarray(part["raw_eeg_data"], dtype=np.float64), [str(name) for name in part["ch_names"]]
    rate = float(part["sfreq"])
    if data.ndim != 2 or len(data) != len(channels) or STIM not in channels or not rate > 0:
        raise DataError(
            f"data of shape {data.shape} for {len(channels)} channels at {rate:g} Hz, "
            f"with{'' if STIM in channels else 'out'} `{STIM}`",
            where=path,
            remedy="Fetch the file again",
        )
    return data, channels, rate


def _events(
    stim: np.ndarray, rate: float, task: str, split: str, names: dict[str, pd.DataFrame], path: Path
) -> tuple[pd.DataFrame, int]:
    """Pictures that were shown, and how many targets were among them."""
    at = np.flatnonzero(stim)
    codes = stim[at].astype(int)
    most = PARTITIONS[task][4]
    wrong = (codes != stim[at]) | (codes < 1) | ((codes > most) & (codes != TARGET))
    if not len(at) or wrong.any():
        raise DataError(
            f"code {stim[at][wrong][0]:g} is no picture of 1 to {most}" if wrong.any() else "no picture was shown",
            where=path,
            remedy="Fetch the file again; check that training and test files were not exchanged",
        )
    target = codes == TARGET
    at, codes = at[~target], codes[~target]
    known = names.get(task)
    files = [f"{task}-{code:05d}" for code in codes] if known is None else known["file"].to_numpy()[codes - 1]
    events = pd.DataFrame(
        {
            "onset": at / rate,
            "duration": PICTURE_S,
            "trial_type": "picture" if known is None else known["concept"].to_numpy()[codes - 1],
            "stimulus_id": files,
            "trial": np.arange(len(codes)),
            "picture": codes,
            "split": split,
        }
    )
    return events, int(target.sum())


def _picture_names(source: Path) -> dict[str, pd.DataFrame]:
    """Task -> file and concept of each picture, in order; nothing where image_metadata.npy is not there."""
    found = sorted(source.rglob("image_metadata.npy"))
    if not found:
        return {}
    names = read_pickled_dictionary(found[0])
    tables = {}
    for task, (_, _, files, concepts, number) in PARTITIONS.items():
        lengths = [len(names.get(key, ())) for key in (files, concepts)]
        if lengths != [number, number]:
            raise DataError(
                f"{lengths[0]} files and {lengths[1]} concepts of {task} pictures, {number} are expected",
                where=found[0],
                remedy="Fetch the file again",
            )
        concept = [re.sub(r"^\d+_", "", str(name)) for name in names[concepts]]
        tables[task] = pd.DataFrame({"file": [str(name) for name in names[files]], "concept": concept})
    return tables


_EVENTS = {
    "onset": {"Description": "Start of the picture", "Units": "s"},
    "duration": {"Description": "How long the picture was shown", "Units": "s"},
    "trial_type": {"Description": "Concept of the picture"},
    "stimulus_id": {"Description": "File of the picture, or its part of the data set and number"},
    "trial": {"Description": "Number of the picture in the recording, targets left out, from 0"},
    "picture": {"Description": "Number of the picture in its part of the data set, from 1; the code of the trigger"},
    "split": {"Description": "Part of the data set", "Levels": {"train": "Training pictures", "test": "Test pictures"}},
}
