"""The EEG benchmarks with MNE."""

import sys
from pathlib import Path

import mne
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from inputs import RATE, TRIALS, UCI_RATE
from timing import inputs, run

EVERY = 7


def deconvolution():
    given = inputs("overlapping")
    info = mne.create_info(len(given["data"]), RATE, "eeg")
    raw = mne.io.RawArray(given["data"], info, verbose="error")
    events = np.column_stack([given["samples"], np.zeros_like(given["samples"]), given["types"] + 1])

    def work():
        found = mne.stats.linear_regression_raw(raw, events, event_id={"a": 1, "b": 2}, tmin=-0.1, tmax=0.8)
        return np.stack([found[name].data for name in "ab"])

    return work


def preprocessing():
    """The steps as one would write them: low-pass, average reference, anti-aliasing, epochs, every fourth sample."""
    data = inputs("recordings")["data"]
    info = mne.create_info([f"E{k}" for k in range(61)] + ["X", "Y"], UCI_RATE, ["eeg"] * 61 + ["eog"] * 2)
    onsets = (np.arange(TRIALS) * UCI_RATE).astype(int)
    events = np.column_stack([onsets, np.zeros(TRIALS, int), np.tile([1, 2, 3], TRIALS // 3)])
    borders = mne.Annotations(np.arange(1.0, TRIALS), 0.0, "EDGE boundary")

    def work():
        found = []
        for person in data:
            raw = mne.io.RawArray(person.copy(), info, verbose="error").set_annotations(borders)
            raw.filter(None, 40.0, picks=["eeg", "eog"], verbose="error")
            raw.set_eeg_reference("average", projection=False, verbose="error")
            raw.filter(None, 25.6, picks=["eeg", "eog"], h_trans_bandwidth=6.4, verbose="error")
            made = mne.Epochs(
                raw, events, tmin=0.0, tmax=0.99, baseline=None, picks=["eeg", "eog"], preload=True, verbose="error"
            ).decimate(4, verbose="error")
            found.append(made.get_data(picks="eeg", units="uV", verbose="error")[:, ::EVERY])
        return found

    return work


if __name__ == "__main__":
    run({"deconvolution": (5, deconvolution), "preprocessing": (3, preprocessing)}, "mne")
