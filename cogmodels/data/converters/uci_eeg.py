"""UCI EEG Database (Begleiter), the small training part: 20 people, 30 one-second trials each."""

from __future__ import annotations

import gzip
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, write_description
from cogmodels.data.eeg import write_eeg
from cogmodels.errors import DataError

TASK = "pictures"
SAMPLING_RATE = 256.0
SAMPLES = 256
EOG = ("X", "Y")
DROPPED = ("nd",)  # no scalp signal
CONDITIONS = {"S1 obj": "S1_obj", "S2 match": "S2_match", "S2 nomatch": "S2_nomatch"}
GROUPS = {"a": "alcoholic", "c": "control"}
_FOLDER = "SMNI_CMI_TRAIN"
_COLUMNS = ["trial", "channel", "sample", "value"]
_README = """# UCI EEG Database, small training part

One-second EEG trials of 20 people (10 of an alcoholic group, 10 controls) who saw one or two line drawings
(Snodgrass and Vanderwart 1980): a single first picture (S1), or a second one that matched the first or did not (S2).
30 trials a person, 10 a condition; each recording here is one person's trials in order, joined end to end.

- **Epochs, not a continuous recording**: there is a break every 1.0 s. Do not filter across it.
- No baseline before the picture is declared. Sample 0 looks like picture onset (a deflection at 0.16 s over the back of
  the head); this is inferred, not documented. The files speak of 416 samples, 256 are present.
- 61 scalp channels, and X, Y (eye movements, typed EOG). The channel `nd` is dropped.
- Names are as in the files, in the modern case (FP1 -> Fp1, CZ -> Cz). AF1, AF2, PO1, PO2 are names of an older system:
  they are kept, and the positions that the 10-05 system gives these names may not be where the electrodes were.
- S1 trials have even numbers; the S2 trial that followed has the next odd one. Trials that are missing were not in the
  source. In co2c0000340, 14 files are numbered one above the trial that they hold: the number inside is used.
- Reference, filters and amplifier are not stated with the files. Power-line frequency: recorded in New York, 60 Hz.

Begleiter, H., Neurodynamics Laboratory, State University of New York Health Center at Brooklyn.
"""


@dataclass(frozen=True)
class Trial:
    """One trial: ``values`` (n_channels, n_samples) in microvolt."""

    subject: str
    number: int
    condition: str
    channels: tuple[str, ...]
    values: np.ndarray
    file: str


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's trials as one BrainVision recording; the files written are returned.

    Raises
    ------
    DataError
        No such subject, or a trial that cannot be read or does not fit the others.
    """
    folder = Path(source) / _FOLDER / subject
    files = sorted(folder.glob("*.gz"))
    if not files:
        raise DataError(f"there are no trials of subject {subject}", where=folder, remedy="Fetch the data set again")
    trials = sorted((read_trial(file) for file in files), key=lambda trial: trial.number)
    for trial in trials:
        if trial.channels != trials[0].channels or trial.subject != subject:
            raise DataError(
                "subject or channels differ from those of the other trials",
                where=folder / trial.file,
                remedy="Fetch the file again",
            )
    numbers = [trial.number for trial in trials]
    if len(set(numbers)) != len(numbers):
        raise DataError("two files hold the same trial", where=folder, remedy="Remove one of them")
    kept = [index for index, name in enumerate(trials[0].channels) if name not in DROPPED]
    names = [trials[0].channels[index] for index in kept]
    return write_eeg(
        bids_path(root, "eeg", subject=subject, task=TASK, suffix="eeg", extension=".vhdr"),
        np.concatenate([trial.values[kept] for trial in trials], axis=1) * 1e-6,
        sampling_rate=SAMPLING_RATE,
        channel_names=[modern_name(name) for name in names],
        channel_types=["EOG" if name in EOG else "EEG" for name in names],
        events=_events(trials),
        sidecar={
            "TaskName": TASK,
            "RecordingType": "epoched",
            "EpochLength": SAMPLES / SAMPLING_RATE,
            "EEGReference": "n/a",
            "EEGGround": "n/a",
            "PowerLineFrequency": 60,
            "SoftwareFilters": "n/a",
        },
        events_sidecar=_EVENTS,
    )


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject."""
    subjects = sorted(path.name for path in (Path(source) / _FOLDER).iterdir() if path.is_dir())
    write_description(
        root,
        name="UCI EEG Database, small training part",
        readme=_README,
        authors=["Henri Begleiter", "Lester Ingber"],
        participants=pd.DataFrame(
            {"participant_id": [f"sub-{s}" for s in subjects], "group": [GROUPS[s[3]] for s in subjects]}
        ),
        participants_description={
            "group": {
                "Description": "Group, from the fourth character of the id",
                "Levels": {"alcoholic": "Alcoholic group", "control": "Control group"},
            }
        },
    )


def read_trial(path: Path) -> Trial:
    """One trial from a file of the database.

    Raises
    ------
    DataError
        The file is damaged, or not of the database's format.
    """
    try:
        text = gzip.decompress(Path(path).read_bytes()).decode("ascii")
        rows = pd.read_csv(io.StringIO(text), sep=" ", comment="#", header=None, names=_COLUMNS)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(
            f"the trial cannot be read ({type(error).__name__})", where=path, remedy="Fetch the file again"
        ) from None
    head = re.findall(r"^#.*$", text, re.MULTILINE)
    named = re.fullmatch(r"# (\w+)\.rd", head[0]) if head else None
    shown = re.fullmatch(r"# (S\d \w+)\s*, trial (\d+)", head[3]) if len(head) > 3 else None
    channels = tuple(line.split()[1] for line in head[4:])
    values = pd.to_numeric(rows["value"], errors="coerce").to_numpy(dtype=float)
    fits = (
        named is not None
        and shown is not None
        and shown.group(1) in CONDITIONS
        and len(channels) > 0
        and len(rows) == len(channels) * SAMPLES
        and bool((rows["channel"].to_numpy() == np.repeat(channels, SAMPLES)).all())
        and bool((rows["sample"].to_numpy() == np.tile(np.arange(SAMPLES), len(channels))).all())
        and bool(np.isfinite(values).all())
    )
    if not fits:
        raise DataError(f"this is no trial of {SAMPLES} samples a channel", where=path, remedy="Fetch the file again")
    return Trial(
        subject=named.group(1),
        number=int(shown.group(2)),
        condition=shown.group(1),
        channels=channels,
        values=values.reshape(len(channels), SAMPLES),
        file=Path(path).name,
    )


def modern_name(name: str) -> str:
    """Channel name in the case of the 10-05 system: FP1 -> Fp1, CPZ -> CPz."""
    if name.startswith("FP"):
        name = "Fp" + name[2:]
    return name[:-1] + "z" if len(name) > 1 and name.endswith("Z") else name


def _events(trials: list[Trial]) -> pd.DataFrame:
    length = SAMPLES / SAMPLING_RATE
    return pd.DataFrame(
        {
            "onset": [index * length for index in range(len(trials))],
            "duration": length,
            "trial_type": [CONDITIONS[trial.condition] for trial in trials],
            "trial": [trial.number for trial in trials],
            "file": [trial.file for trial in trials],
        }
    )


_EVENTS = {
    "onset": {
        "Description": "Start of the trial; presumably picture onset (inferred, not documented)",
        "Units": "s",
    },
    "duration": {"Description": "Length of the trial", "Units": "s"},
    "trial_type": {
        "Description": "What was shown",
        "Levels": {
            "S1_obj": "First picture",
            "S2_match": "Second picture, the same as the first",
            "S2_nomatch": "Second picture, another than the first",
        },
    },
    "trial": {"Description": "Number of the trial in the session, as in the file"},
    "file": {"Description": "File of the source"},
}
