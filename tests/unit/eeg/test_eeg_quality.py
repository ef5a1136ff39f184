"""Quality of EEG whose faults are known."""

import mne
import numpy as np
import pandas as pd
import pytest

from cogmodels.eeg.outliers import flag_outliers
from cogmodels.eeg.quality import line_level, plus_minus_snr, quality
from cogmodels.errors import DataError
from cogmodels.report.eeg_page import subject_report

RATE, NAMES = 250.0, ["Fz", "Cz", "Pz", "Oz"]
RNG = np.random.default_rng(0)


def recording(line: float = 0.0, bads=()) -> mne.io.RawArray:
    time = np.arange(int(20 * RATE)) / RATE
    data = RNG.normal(0, 5e-6, (4, len(time))) + line * np.sin(2 * np.pi * 50 * time)
    raw = mne.io.RawArray(data, mne.create_info(NAMES, RATE, "eeg"), verbose="error")
    raw.info["bads"] = list(bads)
    return raw


def epochs(signal: float, n: int = 40) -> mne.EpochsArray:
    data = RNG.normal(0, 10e-6, (n, 4, 100)) + signal * np.sin(np.arange(100) / 5)
    return mne.EpochsArray(data, mne.create_info(NAMES, RATE, "eeg"), verbose="error")


def test_noise_has_an_snr_of_one_and_a_signal_of_known_size_its_own():
    assert plus_minus_snr(RNG.normal(size=(40, 30, 200))) == pytest.approx(1.0, abs=0.05)
    # Signal RMS 1, noise of the mean 10 / sqrt(100) = 1: sqrt(1 + 1).
    values = np.sqrt(2) * np.sin(np.arange(500) * 2 * np.pi / 50) + RNG.normal(0, 10, (100, 20, 500))
    assert plus_minus_snr(values) == pytest.approx(np.sqrt(2), rel=0.05)
    assert plus_minus_snr(values[:3]) is None


def test_the_line_is_measured_against_its_neighbours():
    assert line_level(recording(), 50.0) == pytest.approx(0.0, abs=0.5)
    assert line_level(recording(line=2e-5), 50.0) > 20
    # A tenth of the amplitude is 20 dB less.
    loud, soft = line_level(recording(line=1e-3), 50.0), line_level(recording(line=1e-4), 50.0)
    assert loud - soft == pytest.approx(20.0, abs=0.5)
    assert line_level(recording().resample(100.0, verbose="error"), 50.0) is None


def test_measures_of_a_subject():
    raw = recording(line=2e-5)
    found = quality([raw], [recording(bads=["Cz"])], epochs(1e-5), events=50, components=[2, 1], line_hz=50.0)
    assert (found["bad_share"], found["kept_share"], found["components_removed"]) == (0.25, 0.8, 3)
    assert found["snr"] > 2
    assert quality([raw], [raw], epochs(0.0), events=40)["components_removed"] is None
    with pytest.raises(DataError, match="no events"):
        quality([raw], [raw], epochs(0.0), events=0)


def test_outliers_are_those_who_are_worse_alone():
    table = pd.DataFrame({
        "subject": [f"{k}" for k in range(8)], "bad_share": [0.0] * 7 + [0.5], "kept_share": [1.0, 0.2] + [1.0] * 6,
        "snr": [1.5, 1.6, 1.4, 1.5, 9.0, 1.5, 1.6, 1.5], "line_db": [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 30.0, 1.0],
    })  # fmt: skip
    flagged = flag_outliers(table)
    # A very good signal is no fault.
    assert dict(zip(flagged["subject"], flagged["outlier"], strict=True)) == {
        "0": "", "1": "kept_share", "2": "", "3": "", "4": "", "5": "", "6": "line_db", "7": "bad_share",
    }  # fmt: skip
    assert (flag_outliers(table[-4:].reset_index(drop=True))["outlier"] == "").all()


def test_the_page_says_what_was_done(tmp_path):
    raw, clean = recording(line=2e-5), recording(bads=["Cz"])
    measures = quality([raw], [clean], epochs(1e-5), events=50, components=[1], line_hz=50.0)
    channels = pd.DataFrame(
        {"name": NAMES, "status": ["good", "bad", "good", "good"], "status_description": "flat: 0<script>alert(1)"}
    )
    components = pd.DataFrame({"component": [0, 1], "eog_correlation": [0.9, 0.1], "reason": ["eog", None]})
    page = subject_report(
        "SIMULATED, x", [raw], [clean], epochs(1e-5), quality=measures, channels=[channels], components=[components]
    )
    page.save(tmp_path / "page.html", open_browser=False, verbose="error")
    text = (tmp_path / "page.html").read_text()
    for part in ("SIMULATED, x", "flat: 0", "kept_share", "eog", "Spectra", "Evoked responses"):
        assert part in text
    assert "<script>alert(1)" not in text
