"""Errors of responses by cause: each cause shows where it is put in, and nowhere else."""

import mne
import numpy as np
import pandas as pd
import pytest

from cogmodels.eeg.kernel_causes import error_causes, true_types
from cogmodels.eeg.responses import event_types
from cogmodels.errors import DataError

RATE, SECONDS = 100.0, 120.0
NAMES = ["Fz", "Cz", "Pz", "Oz"]
OPTIONS = {"tmin": -0.1, "tmax": 0.3, "splines": 5}
TYPES = {
    "fixation": OPTIONS | {"event": "fixation", "amplitude": "linear"},
    "start": OPTIONS | {"event": "go", "amplitude": "none"},
}
FACTS = {"events": ["fixation", "stimulus"], "channels": NAMES, "sampling_rate": RATE}
FACTS |= {"first_lag_s": -0.1, "last_lag_s": 0.3}
EVENTS = {"fixation": "fixation", "start": "stimulus"}


@pytest.fixture(scope="module")
def parts():
    """Evoked activity, its kernels, and true fixations and stimuli."""
    rng = np.random.default_rng(0)
    onsets = np.round(1 + np.cumsum(rng.uniform(0.15, 0.4, 400)), 2)
    fixations = pd.DataFrame({"onset": onsets[onsets < 118], "amplitude": 5.0})
    fixations["amplitude"] += rng.normal(0, 1, len(fixations))
    stimuli = pd.DataFrame({"onset": np.round(np.sort(rng.uniform(2, 117, 60)), 2), "trial_type": "go"})
    lags = np.arange(-10, 31) / RATE
    kernels = np.stack([np.exp(-0.5 * ((lags - at) / 0.03) ** 2) for at in (0.1, 0.15)])[:, None]
    kernels = 3e-6 * kernels * np.array([[1, -2, 3, -2], [2, -3, 0, 1]])[:, :, None]
    brain = np.zeros((4, round(SECONDS * RATE)))
    for onsets, kernel in zip((fixations["onset"], stimuli["onset"]), kernels, strict=True):
        for start in np.rint(onsets.to_numpy() * RATE).astype(int) - 10:
            brain[:, start : start + 41] += kernel
    return brain, kernels, fixations, stimuli


def causes(parts, *, late_s=0.0, noise_v=0.0, l_freq=None):
    brain, kernels, fixations, stimuli = parts
    noise = np.random.default_rng(1).normal(0, noise_v, brain.shape)
    prepared = mne.io.RawArray(brain + noise, mne.create_info(NAMES, RATE, "eeg"), verbose="error")
    if l_freq:
        prepared.filter(l_freq, None, verbose="error")
    found = true_types(TYPES, fixations.assign(onset=fixations["onset"] + late_s), stimuli)
    filters = {"l_freq": l_freq, "h_freq": None, "notch": None, "reference": "keep"}
    errors = error_causes(
        prepared, brain, found, true_types(TYPES, fixations, stimuli), facts=FACTS, kernels=kernels, events=EVENTS,
        filters=filters,
    )  # fmt: skip
    return errors.set_index(["type", "cause"])["relative_error"].unstack().loc["fixation"]


def test_nothing_wrong_no_error(parts):
    assert causes(parts).max() < 1e-6


def test_each_cause_shows_alone(parts):
    late = causes(parts, late_s=0.02)
    assert late["filters and detection of events"] > 0.3
    assert late[["filters", "filters, noise and eyes"]].max() < 1e-6
    noisy = causes(parts, noise_v=1e-5)
    assert noisy["filters, noise and eyes"] > 0.2
    assert noisy[["filters", "filters and detection of events"]].max() < 1e-6
    filtered = causes(parts, l_freq=2.0)
    assert filtered.min() > 0.1
    assert np.ptp(filtered) < 0.01


def test_few_events_leave_most_of_the_truth_silent(parts):
    _, kernels, fixations, stimuli = parts
    few = fixations.iloc[::8].reset_index(drop=True)
    brain = np.zeros((4, round(SECONDS * RATE)))
    for onsets, kernel in zip((few["onset"], stimuli["onset"]), kernels, strict=True):
        for start in np.rint(onsets.to_numpy() * RATE).astype(int) - 10:
            brain[:, start : start + 41] += kernel
    assert (np.median(np.abs(brain), axis=1) < 1e-8).all()
    assert causes((brain, kernels, few, stimuli)).max() < 1e-6


def test_true_types_are_those_that_the_pipeline_asks_for(parts):
    _, _, fixations, stimuli = parts
    types = true_types(TYPES | {"other": TYPES["start"] | {"event": "stop"}}, fixations, stimuli)
    assert [one.name for one in types] == ["fixation", "start"]
    np.testing.assert_allclose(types[0].onsets, fixations["onset"])
    np.testing.assert_allclose(types[0].covariates["amplitude"], fixations["amplitude"] - fixations["amplitude"].mean())
    gaze = pd.DataFrame({"event": ["fixation"], "onset": [1.0], "duration": [0.2], "amplitude_deg": [np.nan]})
    with pytest.raises(DataError, match="0 events `fixation`"):
        event_types({"fixation": TYPES["fixation"]}, gaze, stimuli, least_events=1)
