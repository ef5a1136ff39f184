"""A folder of EEG files that are no BIDS: recordings with markers, written here, and what is refused."""

import mne
import numpy as np
import pybv
import pytest

from cogmodels.config.eeg_files import EegFiles
from cogmodels.data.bids import find_sidecar, read_events, read_tsv
from cogmodels.data.converters.eeg_files import convert, describe
from cogmodels.data.eeg import read_eeg
from cogmodels.errors import DataError

RATE, NAMES = 200.0, ["FP1", "CZ", "EYE", "AUX"]
DATA = np.random.default_rng(0).normal(0, 20e-6, (4, 2000))
# Samples of the markers; 21 is the second edge of the first pulse.
MARKS = {20: 1, 21: 1, 400: 2, 900: 1, 1500: 7}
ABOUT = {"title": "Mine", "description": "Two recordings.", "licence": "own"}


@pytest.fixture
def source(tmp_path):
    """BrainVision with markers beside it, and fif with a channel of markers."""
    folder = tmp_path / "files"
    events = [{"onset": at, "duration": 1, "description": code, "type": "Stimulus"} for at, code in MARKS.items()]
    for run in ("1", "2"):
        (folder / "p01").mkdir(parents=True, exist_ok=True)
        pybv.write_brainvision(
            data=DATA, sfreq=RATE, ch_names=NAMES, fname_base=run, folder_out=str(folder / "p01"), events=events
        )
    codes = np.zeros((1, 2000))
    for at, code in MARKS.items():
        codes[0, at : at + 3] = code
    info = mne.create_info([*NAMES, "STI"], RATE, ["eeg"] * 4 + ["stim"])
    raw = mne.io.RawArray(np.vstack([DATA, codes]), info, first_samp=500, verbose="error")
    raw.info["bads"] = ["CZ"]
    (folder / "p02").mkdir()
    raw.save(folder / "p02" / "1_raw.fif", verbose="error")
    return folder


def options(**changes):
    given = {"files": "{subject}/{run}.vhdr", "task": "see", "types": {"EYE": "EOG"}, "drop": ["AUX"], "line_hz": 50}
    return EegFiles(**given | {"rename": {"FP1": "Fp1", "CZ": "Cz"}} | changes).model_dump() | ABOUT


def test_recordings_with_markers_beside_them(source, tmp_path):
    wanted = options(events={"S1": "face", "S2": "car"}, minimum_gap_s=0.01)
    written = convert(source, tmp_path / "bids", "p01", wanted)
    describe(source, tmp_path / "bids", wanted)
    headers = [path for path in written if path.suffix == ".vhdr"]
    assert [path.name for path in headers] == [f"sub-p01_task-see_run-{run}_eeg.vhdr" for run in ("1", "2")]
    raw = read_eeg(headers[0])
    assert raw.ch_names == ["Fp1", "Cz", "EYE"]
    assert raw.get_channel_types() == ["eeg", "eeg", "eog"]
    np.testing.assert_allclose(raw.get_data(), DATA[:3], atol=1e-9)
    events = read_events(headers[0].with_name("sub-p01_task-see_run-1_events.tsv"))
    assert events["onset"].tolist() == [0.1, 2.0, 4.5]
    assert events["trial_type"].tolist() == ["face", "car", "face"]
    assert events["marker"].tolist() == ["S1", "S2", "S1"]
    assert find_sidecar(headers[0])["PowerLineFrequency"] == 50
    assert read_tsv(tmp_path / "bids" / "participants.tsv")["participant_id"].tolist() == ["sub-p01"]


def test_recordings_with_a_channel_of_markers(source, tmp_path):
    wanted = options(files="{subject}/{run}_raw.fif", markers="STI")
    header = next(p for p in convert(source, tmp_path / "bids", "p02", wanted) if p.suffix == ".vhdr")
    events = read_events(header.with_name(header.name.replace("_eeg.vhdr", "_events.tsv")))
    # Pulses that touch are one; every code is a condition.
    assert events["onset"].tolist() == [0.1, 2.0, 4.5, 7.5]
    assert events["trial_type"].astype(str).tolist() == ["1", "2", "1", "7"]
    assert read_eeg(header).info["bads"] == ["Cz"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"drop": ["ECG"]}, "there is no channel ECG; there are FP1"),
        ({"markers": "STI"}, "there is no channel STI"),
        ({"events": {"S9": "face"}}, "no marker of `events`; there are: S1, S2, S7"),
        ({"rename": {"FP1": "CZ"}}, "two channels are called CZ"),
        ({"files": "{subject}/{run}.edf"}, "no file of subject p01 is called"),
        ({"files": "{subject}/{run}.eeg"}, "Name the .vhdr file beside it"),
    ],
)
def test_what_does_not_fit_is_named(source, tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        convert(source, tmp_path / "bids", "p01", options(**changes))
