"""ERP CORE (Kappenman et al. 2021), the N170 experiment: faces, cars, and both scrambled; EEGLAB files in BIDS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, read_events, write_description
from cogmodels.data.eeg import write_eeg
from cogmodels.data.eeg_formats import open_recording
from cogmodels.errors import DataError

TASK = "N170"
EOG = {"HEOG_left": "HEOG", "HEOG_right": "HEOG", "VEOG_lower": "VEOG"}
#: First and last code -> condition, as in the data set's task-N170_events.json.
CONDITIONS = {(1, 40): "face", (41, 80): "car", (101, 140): "scrambled_face", (141, 180): "scrambled_car"}
RESPONSES = {201: "correct", 202: "error"}
DELAY_S = 0.026  # from the trigger to the picture on the monitor, measured by the authors with a photosensor
_README = """# ERP CORE, N170

Pictures of faces and cars, whole or scrambled, of which people said whether they are an object or a texture (Kappenman,
Farrens, Zhang, Stewart and Luck 2021, NeuroImage 225, 117465). 30 scalp channels and three of eye movements, 1024 Hz,
without a reference (`EEGReference: CMS`): re-reference before use.

- **Onsets are those of the files plus 26 ms**, the delay of the monitor that the authors measured and correct for.
- One row a picture. The first response before the next picture is in `response` (correct, error) and `response_time`;
  responses have no rows of their own. `code` is the trigger.
- Channels are named in the modern case (FP1 -> Fp1). Events are those of `_events.tsv`, not those inside of the EEGLAB
  file.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's recording as BrainVision; the files written are returned.

    Raises
    ------
    DataError
        No file of this subject; a part that is missing or damaged; a code that the experiment does not have.
    """
    name = f"sub-{subject}_task-{TASK}"
    found = [
        path
        for path in sorted(Path(source).rglob(f"sub-{subject}*_eeg.set"))
        if f"_task-{TASK}_" in path.name and path.name.split("_")[0] == f"sub-{subject}"
    ]
    if not found:
        raise DataError(
            f"there is no recording {name}_eeg.set",
            where=source,
            remedy="Fetch the data set again, or correct `subjects` in the data spec",
        )
    raw = open_recording(found[0])
    table = read_events(
        found[0].with_name(found[0].name.replace("_eeg.set", "_events.tsv")), required=("onset", "value")
    )
    names = list(raw.ch_names)
    missing = [channel for channel in EOG if channel not in names]
    if missing:
        raise DataError(f"there is no channel {missing[0]}", where=found[0], remedy="Fetch the file again")
    return write_eeg(
        bids_path(root, "eeg", subject=subject, task=TASK, suffix="eeg", extension=".vhdr"),
        raw.get_data(),
        sampling_rate=raw.info["sfreq"],
        channel_names=[channel.replace("FP", "Fp") for channel in names],
        channel_types=[EOG.get(channel, "EEG") for channel in names],
        events=conditions_of(table, found[0]),
        sidecar={
            "TaskName": TASK,
            "EEGReference": "CMS",
            "PowerLineFrequency": 60,
            "Manufacturer": "Biosemi",
            "SourceFile": found[0].relative_to(source).as_posix(),
        },
        events_sidecar=_EVENTS,
    )


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject."""
    subjects = sorted({path.name.split("_")[0] for path in Path(source).rglob(f"sub-*_task-{TASK}_eeg.set")})
    write_description(
        root,
        name="ERP CORE, N170",
        readme=_README,
        authors=["Emily S. Kappenman", "Jaclyn L. Farrens", "Wendy Zhang", "Andrew X. Stewart", "Steven J. Luck"],
        license="CC-BY-4.0",
        participants=pd.DataFrame({"participant_id": subjects}),
    )


def conditions_of(table: pd.DataFrame, where: object) -> pd.DataFrame:
    """Events by condition from the codes of an ``_events.tsv``.

    Parameters
    ----------
    table : DataFrame
        Columns ``onset`` (s) and ``value``: codes of pictures and responses.
    where : object
        File, for messages.

    Returns
    -------
    events : DataFrame
        One row a picture: ``onset``, ``duration``, ``trial_type``, ``stimulus_id``, ``code``, ``response``,
        ``response_time``.

    Raises
    ------
    DataError
        A code that is neither picture nor response, or no picture.
    """
    table = table.sort_values("onset", kind="stable", ignore_index=True)
    codes = pd.to_numeric(table["value"], errors="coerce")
    names = pd.Series(None, index=table.index, dtype=object)
    for (first, last), name in CONDITIONS.items():
        names[codes.between(first, last)] = name
    unknown = names.isna() & ~codes.isin(list(RESPONSES))
    if unknown.any() or names.isna().all():
        row = int(np.flatnonzero(unknown)[0]) if unknown.any() else 0
        raise DataError(
            f"code `{table['value'].iloc[row]}` at {table['onset'].iloc[row]:g} s is neither picture nor response"
            if unknown.any()
            else "there is no picture among the events",
            where=where,
            remedy="Check that the events are of the N170 experiment",
        )
    rows = []
    pictures = np.flatnonzero(names.notna())
    for at, following in zip(pictures, [*pictures[1:], len(table)], strict=True):
        answers = table.iloc[at + 1 : following]
        first = int(codes[at + 1]) if len(answers) else None
        rows.append(
            {
                "onset": table["onset"][at] + DELAY_S,
                "duration": 0.3,
                "trial_type": names[at],
                "stimulus_id": f"{names[at]}-{_number(int(codes[at])):02d}",
                "code": int(codes[at]),
                "response": RESPONSES.get(first),
                "response_time": table["onset"][at + 1] - table["onset"][at] - DELAY_S if len(answers) else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _number(code: int) -> int:
    """Number of a picture in its condition, from 1."""
    return next(code - first + 1 for first, last in CONDITIONS if first <= code <= last)


_EVENTS = {
    "onset": {"Description": "Start of the picture on the monitor: the trigger and 26 ms", "Units": "s"},
    "duration": {"Description": "How long the picture was shown", "Units": "s"},
    "trial_type": {
        "Description": "What was shown",
        "Levels": {
            "face": "Face",
            "car": "Car",
            "scrambled_face": "Scrambled face",
            "scrambled_car": "Scrambled car",
        },
    },
    "stimulus_id": {"Description": "Picture: its condition and number"},
    "code": {"Description": "Trigger"},
    "response": {
        "Description": "First response before the next picture",
        "Levels": {"correct": "Correct", "error": "Error"},
    },
    "response_time": {"Description": "From the picture to the response", "Units": "s"},
}
