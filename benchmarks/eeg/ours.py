"""The EEG benchmarks with cogmodels."""

import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from inputs import RATE, TRIALS, UCI_RATE
from timing import inputs, run

# Where results are compared: every so many values.
EVERY = 7
warnings.filterwarnings("ignore")


def deconvolution():
    from cogmodels.eeg.deconvolution import EventType, deconvolve

    given = inputs("overlapping")
    onsets = given["samples"] / RATE

    def work():
        events = [EventType(name, onsets[given["types"] == kind], -0.1, 0.8) for kind, name in enumerate("ab")]
        found = deconvolve(given["data"], events, sampling_rate=RATE)
        return np.stack([found.betas[name][0] for name in "ab"])

    return work


def noise_normalisation():
    from cogmodels.eeg.whitening import fit_whitener

    values = inputs("epochs")["values"]
    return lambda: fit_whitener(values).matrix


def preprocessing():
    import mne
    import pandas as pd

    from cogmodels.eeg.cleaning import clean_raw
    from cogmodels.eeg.epochs import epoch_values, make_epochs

    data = inputs("recordings")["data"]
    info = mne.create_info([f"E{k}" for k in range(61)] + ["X", "Y"], UCI_RATE, ["eeg"] * 61 + ["eog"] * 2)
    events = pd.DataFrame({"onset": np.arange(TRIALS, dtype=float), "label": np.tile(["a", "b", "c"], TRIALS // 3)})
    borders = mne.Annotations(np.arange(1.0, TRIALS), 0.0, "EDGE boundary")

    def work():
        found = []
        for person in data:
            raw = mne.io.RawArray(person, info, verbose="error").set_annotations(borders)
            cleaned = clean_raw(raw, l_freq=None, h_freq=40.0)
            made = make_epochs(cleaned, events, tmin=0.0, tmax=0.99, baseline=None, resample=64.0)
            found.append(epoch_values(made)[:, ::EVERY])
        return found

    return work


if __name__ == "__main__":
    run(
        {
            "deconvolution": (9, deconvolution),
            "noise normalisation": (5, noise_normalisation),
            "preprocessing": (3, preprocessing),
        },
        "cogmodels",
    )
