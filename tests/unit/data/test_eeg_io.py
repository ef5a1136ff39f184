"""EEG recordings: what is written comes back, what is broken is named."""

import subprocess
import sys

import mne
import numpy as np
import pandas as pd
import pytest
from bids_validator import BIDSValidator

from cogmodels.data.bids import read_json
from cogmodels.data.eeg import as_saved, read_eeg, read_raw, write_eeg, write_raw
from cogmodels.errors import DataError
from cogmodels.files import digest

NAMES, TYPES = ["Fp1", "Cz", "AF1", "HEOG"], ["EEG", "EEG", "EEG", "EOG"]


def write(path, data):
    events = pd.DataFrame({"onset": [1.0], "duration": [0.5], "trial_type": ["a"]})
    return write_eeg(
        path, data, sampling_rate=250.0, channel_names=NAMES, channel_types=TYPES, events=events,
        sidecar={"TaskName": "x", "EEGReference": "none", "PowerLineFrequency": 50},
    )  # fmt: skip


@pytest.fixture
def recording(tmp_path):
    data = np.random.default_rng(0).normal(size=(4, 1000)) * 2e-5
    path = tmp_path / "sub-01" / "eeg" / "sub-01_task-x_eeg.vhdr"
    return path, data, write(path, data)


def test_a_recording_comes_back_with_types_and_positions(recording, tmp_path):
    path, data, files = recording
    raw = read_eeg(path)
    assert np.abs(raw.get_data() - data).max() < 1e-8
    assert raw.get_channel_types() == ["eeg", "eeg", "eeg", "eog"]
    placed = {name for name, place in raw.get_montage().get_positions()["ch_pos"].items() if np.isfinite(place).all()}
    assert {"Fp1", "Cz"} <= placed
    for file in files:
        assert BIDSValidator().is_bids("/" + file.relative_to(tmp_path).as_posix()), file.name
    sidecar = read_json(path.with_suffix(".json"))
    assert (sidecar["EEGChannelCount"], sidecar["EOGChannelCount"]) == (3, 1)


def test_two_writes_are_the_same_bytes(recording):
    path, data, files = recording
    before = [digest(file) for file in files]
    assert [digest(file) for file in write(path, data)] == before


def test_missing_parts_are_named(recording):
    path, _, _ = recording
    path.with_suffix(".eeg").unlink()
    with pytest.raises(DataError, match=r"x_eeg.vhdr: the recording is damaged") as caught:
        read_eeg(path)
    assert "three" in str(caught.value)
    path.unlink()
    with pytest.raises(DataError, match="does not exist"):
        read_eeg(path)


def test_names_and_rows_that_do_not_agree_are_refused(tmp_path):
    with pytest.raises(DataError, match="3 rows of data for 4 names"):
        write(tmp_path / "sub-01_task-x_eeg.vhdr", np.zeros((3, 10)))


def test_recordings_are_read_and_timed_without_numba(tmp_path):
    """Half of a short job was numba's start for a division; the times are MNE's own bits."""
    from mne.utils._numerics_numba import _arange_div as compiled

    rate = 600.614990234375
    path = tmp_path / "a_raw.fif"
    info = mne.create_info(["Cz", "Pz"], rate, "eeg")
    mne.io.RawArray(np.zeros((2, 999)), info, verbose="error").save(path, verbose="error")
    found = subprocess.run(
        [
            sys.executable, "-c",
            "import sys; from pathlib import Path; from cogmodels.data.eeg import read_raw\n"
            f"times = read_raw(Path({str(path)!r})).times\n"
            "assert 'numba' not in sys.modules\nprint(times.tobytes().hex())",
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert np.array_equal(np.frombuffer(bytes.fromhex(found.stdout.strip())), compiled(999, rate))


def test_what_is_kept_in_memory_is_what_a_file_would_hold(recording, tmp_path):
    raw = read_eeg(recording[0])
    write_raw(tmp_path / "kept_eeg.fif", raw)
    saved, read = as_saved(raw), read_raw(tmp_path / "kept_eeg.fif")
    np.testing.assert_array_equal(saved.get_data(), read.get_data())
    # Single precision is no double one.
    assert (saved.get_data() != raw.get_data()).any()
    assert saved.annotations == read.annotations
    assert saved.filenames == raw.filenames
