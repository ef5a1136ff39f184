"""MNE's sample recording, its EEG: tones left and right, checkerboards left and right, one person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, write_description
from cogmodels.data.eeg import write_eeg
from cogmodels.data.eeg_formats import open_recording
from cogmodels.data.electrodes import write_positions
from cogmodels.errors import DataError

TASK = "audiovisual"
FILE = "MEG/sample/sample_audvis_raw.fif"
STIM = "STI 014"
CONDITIONS = {1: "auditory_left", 2: "auditory_right", 3: "visual_left", 4: "visual_right", 5: "face"}
BUTTON = 32
_README = """# MNE sample, EEG

The EEG of MNE's sample recording (MGH/HMS/MIT Athinoula A. Martinos Center): 60 channels and one of eye movements while
one person heard tones in the left or right ear, saw checkerboards in the left or right field, and pressed a button when
a smiling face came up.

- MEG channels are left out. Channels keep their names (EEG 001 ...), which are none of the 10-20 system: positions are
  in `_electrodes.tsv`. The bad channel that the file names (EEG 053) is bad in `_channels.tsv`.
- Events are the codes 1 to 5 of `STI 014`. Button presses (32) have no rows; their number is in `_eeg.json`.
- The file's projections are not applied.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write the EEG as BrainVision, with positions and bad channels; the files written are returned.

    Raises
    ------
    DataError
        The file is missing, damaged, or without EEG, trigger channel or events.
    """
    import mne

    found = sorted(Path(source).rglob(Path(FILE).name))
    if not found:
        raise DataError(
            f"there is no {Path(FILE).name}",
            where=source,
            remedy="Fetch it with `mne.datasets.sample.data_path()`, and copy it here",
        )
    raw = open_recording(found[0])
    if STIM not in raw.ch_names or "eeg" not in raw.get_channel_types():
        raise DataError(
            f"there is no EEG channel, or no `{STIM}`", where=found[0], remedy="Give the raw file of the sample data"
        )
    events, buttons = _events(raw, found[0])
    eeg = raw.copy().pick(mne.pick_types(raw.info, meg=False, eeg=True, eog=True, exclude=[]))
    kinds = [kind.upper() for kind in eeg.get_channel_types()]
    path = bids_path(root, "eeg", subject=subject, task=TASK, suffix="eeg", extension=".vhdr")
    written = write_eeg(
        path,
        eeg.get_data(),
        sampling_rate=eeg.info["sfreq"],
        channel_names=eeg.ch_names,
        channel_types=kinds,
        bads=eeg.info["bads"],
        events=events,
        sidecar={
            "TaskName": TASK,
            "EEGReference": "n/a",
            "PowerLineFrequency": 60,
            "ButtonPressesLeftOut": buttons,
        },
        events_sidecar=_EVENTS,
    )
    places = {
        channel["ch_name"]: channel["loc"][:3]
        for channel, kind in zip(eeg.info["chs"], kinds, strict=True)
        if kind == "EEG"
    }
    return written + write_positions(path, places)


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject."""
    write_description(
        root,
        name="MNE sample, EEG",
        readme=_README,
        authors=["n/a"],
        participants=pd.DataFrame({"participant_id": ["sub-01"]}),
    )


def _events(raw, where: Path) -> tuple[pd.DataFrame, int]:
    """Stimuli by condition, and the number of button presses."""
    import mne

    found = mne.find_events(raw, stim_channel=STIM, shortest_event=1, verbose="error")
    unknown = sorted(set(found[:, 2]) - set(CONDITIONS) - {BUTTON})
    stimuli = found[np.isin(found[:, 2], list(CONDITIONS))]
    if unknown or not len(stimuli):
        raise DataError(
            f"code {unknown[0]} is unknown" if unknown else f"`{STIM}` has no event",
            where=where,
            remedy="Give the raw file of the sample data",
        )
    return pd.DataFrame(
        {
            "onset": (stimuli[:, 0] - raw.first_samp) / raw.info["sfreq"],
            "duration": 0.0,
            "trial_type": [CONDITIONS[code] for code in stimuli[:, 2]],
            "code": stimuli[:, 2],
        }
    ), int((found[:, 2] == BUTTON).sum())


_EVENTS = {
    "onset": {"Description": "Trigger of the stimulus, from the first sample", "Units": "s"},
    "duration": {"Description": "Not known: 0", "Units": "s"},
    "trial_type": {
        "Description": "What was presented",
        "Levels": {
            "auditory_left": "Tone in the left ear",
            "auditory_right": "Tone in the right ear",
            "visual_left": "Checkerboard in the left visual field",
            "visual_right": "Checkerboard in the right visual field",
            "face": "Smiling face, to be answered by a button",
        },
    },
    "code": {"Description": "Trigger"},
}
