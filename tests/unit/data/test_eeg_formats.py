"""Small recordings in every format that is read, written here byte by byte: values, units, and what is refused."""

import struct

import mne
import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from cogmodels.data.bids import discover
from cogmodels.data.eeg import events_path, read_eeg, write_eeg
from cogmodels.data.eeg_formats import format_of, open_recording
from cogmodels.data.electrodes import write_positions
from cogmodels.errors import DataError

NAMES, RATE, SECONDS = ["Fz", "Cz", "Pz", "Oz"], 100, 3
DATA = np.random.default_rng(0).normal(0, 20, (4, RATE * SECONDS)).round(1)  # uV


def write_edf(path, unit: str = "uV", data=DATA):
    """EDF of 16, BDF of 24 bits, one record a second; limits of -3276.8 to 3276.7 in the unit."""
    wide = path.suffix == ".bdf"
    low, high = (-8388608, 8388607) if wide else (-32768, 32767)
    n = len(data)

    def field(text, width):
        return str(text).ljust(width)[:width].encode()

    first = b"\xffBIOSEMI" if wide else field("0", 8)
    head = first + field("X X X X", 80) + field("Startdate X X X X", 80) + b"01.01.0100.00.00"
    head += field(256 * (n + 1), 8) + field("24BIT" if wide else "", 44) + field(SECONDS, 8) + field(1, 8) + field(n, 4)
    columns = [(NAMES, 16), ([""] * n, 80), ([unit] * n, 8), ([-3276.8] * n, 8), ([3276.7] * n, 8)]
    columns += [([low] * n, 8), ([high] * n, 8), ([""] * n, 80), ([RATE] * n, 8), ([""] * n, 32)]
    head += b"".join(field(value, width) for values, width in columns for value in values)
    span = (3276.7 + 3276.8) / (high - low)
    digital = np.rint((data + 3276.8) / span + low).astype("<i4")
    records = digital.reshape(n, SECONDS, RATE).transpose(1, 0, 2).reshape(-1)
    body = records.view(np.uint8).reshape(-1, 4)[:, : 3 if wide else 2].tobytes()
    path.write_bytes(head + body)


def write_set(path, trials: int = 1):
    chanlocs = np.array([(name, "EEG") for name in NAMES], dtype=[("labels", "O"), ("type", "O")])
    points = DATA.shape[1] // trials
    DATA.astype("<f4").T.tofile(path.with_suffix(".fdt"))
    eeg = {
        "setname": "x", "nbchan": 4, "pnts": points, "trials": trials, "srate": RATE, "xmin": 0.0,
        "xmax": (points - 1) / RATE, "data": path.with_suffix(".fdt").name, "chanlocs": chanlocs, "event": [],
        "epoch": [], "icaweights": [], "icawinv": [], "icasphere": [], "icaact": [], "ref": "common",
    }  # fmt: skip
    savemat(path, {"EEG": eeg}, appendmat=False)


def write_egi(path):
    """EGI's simple binary, version 4 (floats, uV)."""
    head = struct.pack(">i6hi5hi", 4, 2020, 1, 1, 0, 0, 0, 0, RATE, 4, 1, 0, 0, DATA.shape[1]) + struct.pack(">h", 0)
    path.write_bytes(head + DATA.T.astype(">f4").tobytes())


def write_vhdr(path):
    write_eeg(
        path, DATA * 1e-6, sampling_rate=RATE, channel_names=NAMES, channel_types=["EEG"] * 4, events=one_event(),
        sidecar={"TaskName": "x"},
    )  # fmt: skip


def write_fif(path):
    info = mne.create_info(NAMES, RATE, "eeg")
    mne.io.RawArray(DATA * 1e-6, info, verbose="error").save(path, fmt="double", verbose="error")


def one_event():
    return pd.DataFrame({"onset": [0.5], "duration": [0.0], "trial_type": ["a"]})


WRITERS = {
    "x_eeg.vhdr": write_vhdr, "x_eeg.edf": write_edf, "x_eeg.bdf": write_edf, "x_eeg.set": write_set,
    "x.raw": write_egi, "x_eeg.fif": write_fif,
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_values_are_volt_in_every_format(name, tmp_path):
    path = tmp_path / name
    WRITERS[name](path)
    raw = open_recording(path)
    values = raw.get_data(raw.ch_names[:4])[:, : DATA.shape[1]]
    assert raw.info["sfreq"] == RATE
    # EDF holds tenths of a microvolt.
    np.testing.assert_allclose(values * 1e6, DATA, atol=0.06)
    assert format_of(path)


def test_the_unit_of_a_header_is_read(tmp_path):
    write_edf(tmp_path / "mv.edf", "mV")
    np.testing.assert_allclose(open_recording(tmp_path / "mv.edf").get_data() * 1e3, DATA, atol=0.06)


def test_bids_recordings_of_all_formats_are_found_and_their_events_are_beside(tmp_path):
    folder = tmp_path / "sub-01" / "eeg"
    folder.mkdir(parents=True)
    for suffix in ("vhdr", "edf", "bdf", "set", "fif"):
        path = folder / f"sub-01_task-{suffix}_eeg.{suffix}"
        path.touch()
        assert events_path(path).name == f"sub-01_task-{suffix}_events.tsv"
    assert len(discover(tmp_path)) == 5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.xdf", "no format of EEG that is read.*converter `eeg_files`"),
        ("x.vmrk", "Name the .vhdr file"),
        ("x.fdt", "Name the .set file"),
        ("x.cnt", r"`.cnt` is no format of EEG that is read; these are: .vhdr \(BrainVision\)"),
        ("x", "`no suffix`"),
    ],
)
def test_other_files_are_refused_with_what_to_do(name, message, tmp_path):
    (tmp_path / name).touch()
    with pytest.raises(DataError, match=message):
        open_recording(tmp_path / name)


def test_damaged_files_and_missing_parts_are_named(tmp_path):
    for name in ("x.edf", "x.set", "x.raw", "x.fif"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
        with pytest.raises(DataError, match=f"{name}: the recording is damaged, or no"):
            open_recording(tmp_path / name)
    write_set(tmp_path / "y.set")
    (tmp_path / "y.fdt").unlink()
    with pytest.raises(DataError, match="y.set: the recording is damaged.*FileNotFound"):
        open_recording(tmp_path / "y.set")
    write_set(tmp_path / "z.set", trials=3)
    with pytest.raises(DataError, match="holds epochs, not a continuous recording"):
        open_recording(tmp_path / "z.set")


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    (tmp_path / "x.mff").mkdir()
    monkeypatch.setattr("cogmodels.data.eeg_formats.find_spec", lambda name: None)
    with pytest.raises(DataError, match="package `defusedxml`, which is not installed.*Install defusedxml"):
        open_recording(tmp_path / "x.mff")


def test_electrode_positions_of_the_head_are_read_and_others_are_not_taken_for_them(tmp_path):
    path = tmp_path / "sub-01" / "eeg" / "sub-01_task-x_eeg.vhdr"
    write_vhdr(path)
    places = {name: np.array([0.01 * k, 0.02, 0.09]) for k, name in enumerate(NAMES)}
    files = write_positions(path, places)
    assert [file.name for file in files] == ["sub-01_electrodes.tsv", "sub-01_coordsystem.json"]
    found = read_eeg(path).get_montage().get_positions()
    assert found["coord_frame"] == "head"
    np.testing.assert_allclose([found["ch_pos"][name] for name in NAMES], list(places.values()), atol=1e-7)
    write_positions(path, places, system="Other")
    template = read_eeg(path).get_montage().get_positions()["ch_pos"]["Fz"]
    assert np.linalg.norm(template - places["Fz"]) > 0.01
    write_positions(path, places)
    files[1].write_text(files[1].read_text().replace('"m"', '"furlong"'))
    with pytest.raises(DataError, match="`EEGCoordinateUnits` is furlong"):
        read_eeg(path)
