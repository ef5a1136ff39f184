"""Options of the converter of EEG files that are no BIDS yet."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from cogmodels.config.base import Section
from cogmodels.config.xdf import XdfGaze

ChannelType = Literal["EEG", "EOG", "HEOG", "VEOG", "ECG", "EMG", "TRIG", "MISC"]


class EegFiles(Section):
    """How the `eeg_files` converter reads a folder of EEG files."""

    files: str = Field(
        description="path of a file below the source folder, with `{subject}` and, where they are, `{session}` and "
        "`{run}`: `{subject}/{run}.vhdr`; BrainVision, EEGLAB, EDF, BDF, EGI, fif or XDF"
    )
    task: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+$")] = Field("eeg", description="BIDS task")
    types: dict[str, ChannelType] = Field({}, description="channel (of the file) -> type; none = as the file says")
    rename: dict[str, str] = Field({}, description="channel (of the file) -> name, such as those of the 10-05 system")
    drop: list[str] = Field([], description="channels (of the file) that are left out")
    markers: str | None = Field(
        None, description="channel that holds the markers; none = those that the format keeps beside the signals"
    )
    events: dict[str, str] = Field(
        {}, description="marker -> condition; others are left out. None = every marker is a condition of its name"
    )
    minimum_gap_s: float = Field(
        0.0, ge=0, description="a marker so soon after one of the same name is the same pulse, and is left out, s"
    )
    line_hz: Literal[50, 60] | None = Field(None, description="frequency of the mains, Hz")
    reference: str = Field("n/a", description="reference of the recording, for `_eeg.json`")
    stream: str | None = Field(None, description="XDF: name of the stream of EEG; none = the only one of type EEG")
    unit: Literal["uV", "mV", "V"] | None = Field(
        None, description="XDF: unit of channels whose unit the file does not tell; none = they are refused"
    )
    marker_streams: list[str] = Field([], description="XDF: names of the streams of markers; none = all")
    gaze: XdfGaze | None = Field(None, description="XDF: the stream of gaze; none = it is left out")
