"""XDF files written here byte by byte: clocks, jitter, markers, gaze, and what is refused."""

import gzip
import struct

import numpy as np
import pytest

from cogmodels.config.eeg_files import EegFiles
from cogmodels.data.bids import find_sidecar, read_events
from cogmodels.data.converters.eeg_files import convert
from cogmodels.data.eeg import read_eeg
from cogmodels.data.physio import read_physio
from cogmodels.data.xdf import read_xdf
from cogmodels.errors import DataError

RATE, SECONDS = 250.0, 40.0
# The EEG's computer: its clock is 1234.5 s behind the recorder's and gains 40 ppm.
LAG, DRIFT = 1234.5, 40e-6
RNG = np.random.default_rng(3)
DATA = RNG.normal(0, 20, (int(RATE * SECONDS), 3)).astype("<f4")
MARKS = {2.0: "TRIALID 1", 2.5: "face", 12.0: "TRIALID 2", 13.25: "car", 30.0: "é", 500.0: "late"}
ABOUT = {"title": "Mine", "description": "", "licence": "own"}
SCREEN = {"width_px": 1000, "height_px": 800, "width_m": 0.5, "height_m": 0.4, "distance_m": 0.6}


def number(value: int) -> bytes:
    return b"\x01" + bytes([value]) if value < 256 else b"\x04" + struct.pack("<I", value)


def chunk(tag: int, content: bytes) -> bytes:
    body = struct.pack("<H", tag) + content
    return number(len(body)) + body


def header(stream: int, name: str, kind: str, fmt: str, rate: float, labels, unit: str = "") -> bytes:
    channels = "".join(f"<channel><label>{x}</label><unit>{unit}</unit></channel>" for x in labels)
    told = f"<desc><channels>{channels}</channels></desc>" if labels[0] else ""
    xml = (
        f"<?xml version='1.0'?><info><name>{name}</name><type>{kind}</type><channel_count>{len(labels)}</channel_count>"
        f"<nominal_srate>{rate}</nominal_srate><channel_format>{fmt}</channel_format>{told}</info>"
    )
    return chunk(2, struct.pack("<I", stream) + xml.encode())


def samples(stream: int, times, rows: list[bytes]) -> bytes:
    """A chunk; a time of None is left to the reader."""
    body = number(len(rows))
    for time, row in zip(times, rows, strict=True):
        body += b"\x00" + row if time is None else b"\x08" + struct.pack("<d", time) + row
    return chunk(3, struct.pack("<I", stream) + body)


def text(value: str) -> bytes:
    return number(len(value.encode())) + value.encode()


def offset(stream: int, at: float, value: float) -> bytes:
    return chunk(4, struct.pack("<Idd", stream, at, value))


def write(path, *, unit="microvolts", drop=(), extra=b"", rate=RATE, leap=0.0, gaze=True):
    """EEG with jitter on its own clock, markers and gaze on the recorder's; the EEG begins at 100 s."""
    true = 100 + np.arange(len(DATA)) / RATE
    own = (true - LAG) * (1 + DRIFT)
    own = own + np.random.default_rng(0).exponential(2e-3, len(own))
    parts = [b"XDF:", chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>")]
    parts += [header(7, "Amp", "EEG", "float32", rate, ["Fz", "Cz", "Eye"], unit)]
    parts += [header(9, "Marks", "Markers", "string", 0, [""])]
    for at in np.arange(100, 100 + SECONDS, 5.0):
        mine = (at - LAG) * (1 + DRIFT)
        # One of them was delayed by the network.
        late = 0.004 if at == 115 else 0.0
        parts.append(offset(7, mine, at - mine + late + (leap if at > 120 else 0)))
    for start in range(0, len(DATA), 100):
        rows = [row.tobytes() for row in DATA[start : start + 100]]
        times = list(own[start : start + 100])
        # Recorders leave out times that follow from the one before.
        times[1:100:3] = [None] * len(times[1:100:3])
        if start not in drop:
            parts.append(samples(7, times, rows))
    parts.append(samples(9, [100 + at for at in MARKS], [text(mark) for mark in MARKS.values()]))
    if gaze:
        parts.append(header(11, "Eye", "Gaze", "double64", 500, ["gx", "gy", "size"]))
        n = int(500 * SECONDS)
        look = np.column_stack([np.linspace(0, 1, n), np.linspace(1, 0, n), np.full(n, 3.0)])
        look[50, 0] = -1
        parts.append(samples(11, 99.5 + np.arange(n) / 500, [row.tobytes() for row in look]))
    parts += [chunk(6, struct.pack("<I", 7) + b"<info/>"), chunk(5, b"\x00" * 16), extra]
    content = b"".join(parts)
    path.write_bytes(gzip.compress(content) if path.suffix == ".xdfz" else content)
    return path


def options(**changes):
    return EegFiles(files="{subject}.xdf", task="see", types={"Eye": "EOG"}, **changes).model_dump() | ABOUT


GAZE = {"screen": SCREEN, "x": "gx", "y": "gy", "pupil": "size", "coordinates": "fraction", "lost": [-1]}


@pytest.mark.parametrize("suffix", [".xdf", ".xdfz"])
def test_streams_come_to_one_clock_without_jitter(suffix, tmp_path):
    eeg, marks, gaze = read_xdf(write(tmp_path / f"a{suffix}"))
    assert (eeg.name, eeg.kind, eeg.rate, eeg.labels) == ("Amp", "EEG", RATE, ["Fz", "Cz", "Eye"])
    np.testing.assert_array_equal(eeg.values, DATA)
    # The mean delay of 2 ms stays, what varies goes; the times left out (a third) have the delay of those before them.
    wrong = eeg.times - (100 + np.arange(len(DATA)) / RATE)
    assert np.abs(wrong - 2e-3).max() < 3e-4
    assert np.diff(eeg.times).std() < 1e-9
    # 40 ppm of drift are corrected: in 40 s they would be 1.6 ms.
    assert abs(np.ptp(eeg.times) / (len(DATA) - 1) * RATE - 1) < 1e-5
    assert marks.texts() == list(MARKS.values())
    np.testing.assert_allclose(marks.times, [100 + at for at in MARKS])
    np.testing.assert_allclose(gaze.times, 99.5 + np.arange(len(gaze.times)) / 500, atol=1e-9)


def test_eeg_markers_and_gaze_become_bids(tmp_path):
    write(tmp_path / "p1.xdf")
    files = convert(tmp_path, tmp_path / "bids", "p1", options(gaze=GAZE))
    path = next(file for file in files if file.suffix == ".vhdr")
    raw = read_eeg(path)
    assert raw.info["sfreq"] == RATE
    assert raw.get_channel_types() == ["eeg", "eeg", "eog"]
    np.testing.assert_allclose(raw.get_data() * 1e6, DATA.T, atol=1e-3)
    events = read_events(path.with_name("sub-p1_task-see_events.tsv"))
    # The marker at 500 s lies behind the EEG.
    assert events["marker"].tolist() == list(MARKS.values())[:-1]
    np.testing.assert_allclose(events["onset"], list(MARKS)[:-1], atol=3e-3)
    samples, sidecar = read_physio(next(file for file in files if file.name.endswith("_physio.tsv.gz")))[:2]
    assert sidecar["SamplingFrequency"] == 500
    assert np.isnan(samples["x_coordinate"][50])
    np.testing.assert_allclose(samples["x_coordinate"].iloc[-1], 1000)
    np.testing.assert_allclose(samples["y_coordinate"].iloc[0], 800)
    trials = read_events(next(file for file in files if file.name.endswith("see_events.tsv") and "beh" in file.parts))
    assert trials["trial"].astype(str).tolist() == ["1", "2"]
    # On the gaze's clock, which began half a second earlier.
    np.testing.assert_allclose(trials["onset"], [2.5, 12.5])
    assert find_sidecar(path)["SourceFile"] == "p1.xdf"


def test_units_that_the_file_does_not_tell_are_asked_for(tmp_path):
    write(tmp_path / "p1.xdf", unit="", gaze=False)
    with pytest.raises(DataError, match="the file tells no unit"):
        convert(tmp_path, tmp_path / "bids", "p1", options())
    files = convert(tmp_path, tmp_path / "bids", "p1", options(unit="mV"))
    raw = read_eeg(next(file for file in files if file.suffix == ".vhdr"))
    np.testing.assert_allclose(raw.get_data() * 1e3, DATA.T, atol=1e-3)


@pytest.mark.parametrize(
    ("given", "changes", "message"),
    [
        ({"drop": range(2000, 2800, 100)}, {}, "samples are missing: 3.2. s pass after"),
        ({"rate": 300.0}, {}, "stream Amp: the stream says 300 Hz, its times"),
        ({"leap": 30.0}, {}, "clock was restarted"),
        ({"unit": "furlongs"}, {}, "unit `furlongs` is unknown"),
        ({"extra": b"\x04\xff\xff\xff\x00\x03"}, {}, "ends within a chunk"),
        ({}, {"stream": "Other"}, "0 streams are called `Other`; there are: Amp .EEG., Eye .Gaze."),
        ({}, {"marker_streams": ["Other"]}, "no marker stream is called `Other`; there are: Marks"),
        ({}, {"gaze": GAZE | {"y": "gz"}}, "has no channel `gz`; there are gx, gy, size"),
        ({"gaze": False}, {"gaze": GAZE}, "0 streams are of type Gaze"),
        ({}, {"events": {"x": "y"}}, "no marker of `events`; there are: TRIALID 1"),
    ],
)
def test_files_that_do_not_fit_are_refused(given, changes, message, tmp_path):
    write(tmp_path / "p1.xdf", **given)
    with pytest.raises(DataError, match=message):
        convert(tmp_path, tmp_path / "bids", "p1", options(**changes))


def test_what_is_no_xdf_is_refused(tmp_path):
    path = tmp_path / "p1.xdf"
    with pytest.raises(DataError, match="does not exist"):
        read_xdf(path)
    path.write_bytes(b"EDF:....")
    with pytest.raises(DataError, match="damaged, or no XDF .*`XDF:`"):
        read_xdf(path)
