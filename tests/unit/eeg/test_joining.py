"""Gaze and EEG joined in one step, and responses from tables of events."""

import mne
import numpy as np
import pandas as pd
import pytest

from cogmodels.eeg.checks import good_samples
from cogmodels.eeg.deconvolution import deconvolve_raw
from cogmodels.eeg.joining import join_gaze, without_gaze_losses
from cogmodels.eeg.known_truth import cleaning_fate, clock_errors, kernel_errors
from cogmodels.eeg.responses import (
    all_evoked,
    average_responses,
    event_types,
    led_by_saccades,
    plain_averages,
    tabulate_betas,
)
from cogmodels.errors import DataError

RATE, SECONDS = 200.0, 90.0
OFFSET, SLOPE = 6.25, 1 + 40e-6
NAMES = ["Fz", "Cz", "Pz", "Oz"]
TYPES = {
    "fixation": {"event": "fixation", "tmin": -0.1, "tmax": 0.3, "amplitude": "linear", "splines": 5},
    "start": {"event": "go", "tmin": 0.0, "tmax": 0.3, "amplitude": "none", "splines": 5},
}


@pytest.fixture(scope="module")
def parts():
    """EEG whose HEOG is the gaze, on another clock; gaze with one pause, one blink; triggers, one lost on each side."""
    rng = np.random.default_rng(3)
    time = np.arange(0, 75, 1 / 500)
    starts = np.sort(rng.uniform(1, 73, 150))
    starts = starts[np.r_[True, np.diff(starts) > 0.15]]
    # A last level for the time after the last saccade.
    levels = rng.uniform(200, 1000, len(starts) + 1)
    x = levels[np.searchsorted(starts, time)]
    samples = pd.DataFrame({"time": time, "x": x, "y": 500.0, "pupil": 3.0})
    samples.loc[samples["time"].between(30, 30.2), ["x", "y", "pupil"]] = np.nan
    samples = samples[~samples["time"].between(50, 52)]
    saccades = pd.DataFrame({"event": "saccade", "onset": starts - 0.03, "duration": 0.03})
    saccades["amplitude_deg"] = np.abs(np.diff(levels)) / 40
    fixations = pd.DataFrame({"event": "fixation", "onset": starts, "duration": np.diff(np.r_[starts, 74.0]) - 0.03})
    blink = pd.DataFrame({"event": ["blink"], "onset": [30.0], "duration": [0.2]})
    events = pd.concat([saccades, fixations, blink]).sort_values("onset", kind="stable", ignore_index=True)
    sent = np.sort(rng.uniform(0, 75, 25))
    triggers = pd.DataFrame({"time": sent, "code": [f"go {k}" for k in range(25)]}).drop(3)
    onsets = np.round((OFFSET + SLOPE * sent) * RATE) / RATE
    eeg = pd.DataFrame(
        {"onset": onsets, "duration": 0.0, "trial_type": "go", "message": [f"go {k}" for k in range(25)]}
    )
    at = (np.arange(round(SECONDS * RATE)) / RATE - OFFSET) / SLOPE
    heog = 1e-6 * levels[np.searchsorted(starts, at).clip(0, len(levels) - 1)]
    data = np.vstack([rng.normal(0, 1e-6, (4, len(at))), heog])
    raw = mne.io.RawArray(data, mne.create_info([*NAMES, "HEOG"], RATE, ["eeg"] * 4 + ["eog"]), verbose="error")
    return raw, samples, events, triggers, eeg.drop(7)


def test_clocks_channels_and_annotations(parts):
    joined = join_gaze(*parts, code_column="message")
    facts = joined.summary()
    errors = clock_errors(facts, {"offset_s": OFFSET, "slope": SLOPE}, 75.0)
    # Stamps fall on samples of 5 ms.
    assert errors["largest_time_error_ms"] < 2.5
    assert facts["triggers_matched"] + facts["triggers_outlier"] == 23
    assert (facts["triggers_only_gaze"], facts["triggers_only_eeg"]) == (1, 1)
    assert abs(facts["heog_lag_ms"]) < 5
    assert facts["heog_correlation"] > 0.8
    assert 0.02 < facts["gaze_lost_share"] < 0.04
    notes = set(joined.raw.annotations.description)
    assert {"fixation", "saccade", "BAD_blink", "BAD_no_gaze"} <= notes
    assert {"gaze_x", "gaze_y", "pupil"} <= set(joined.raw.ch_names)
    np.testing.assert_allclose(joined.events["onset"].iloc[0] - OFFSET, parts[2]["onset"].iloc[0], atol=0.005)


def test_blinks_are_sound_eeg(parts):
    joined = join_gaze(*parts, code_column="message")
    assert not good_samples(joined.raw).all()
    assert good_samples(without_gaze_losses(joined.raw)).all()
    assert not good_samples(joined.raw).all()


def test_what_cannot_be_joined_is_refused(parts):
    raw, samples, events, triggers, eeg = parts
    with pytest.raises(DataError, match="no column `code`"):
        join_gaze(raw, samples, events, triggers, eeg, code_column="code")
    with pytest.raises(DataError, match="0 triggers match"):
        join_gaze(raw, samples, events, triggers.assign(code="other"), eeg, code_column="message")
    with pytest.raises(DataError, match="0 triggers, 4 are needed"):
        join_gaze(raw, samples, events, triggers, eeg, eeg_triggers=["stop"])


def test_without_a_horizontal_eog_there_is_no_check(parts):
    facts = join_gaze(*parts, code_column="message", heog=["EOG1"]).summary()
    assert facts["heog_lag_ms"] is None
    assert facts["heog_correlation"] is None


def test_fixations_after_a_loss_or_a_fixation_are_left_out():
    events = pd.DataFrame(
        {
            "event": ["fixation", "saccade", "fixation", "blink", "fixation", "saccade", "pso", "fixation", "fixation"],
            "onset": [0.0, 0.3, 0.34, 0.6, 0.8, 1.0, 1.03, 1.05, 1.5],
            "duration": [0.3, 0.04, 0.26, 0.2, 0.2, 0.03, 0.02, 0.45, 0.3],
            "amplitude_deg": [np.nan, 5.0, np.nan, np.nan, np.nan, 2.0, 0.1, np.nan, np.nan],
        }
    )
    led = led_by_saccades(events)
    assert led["onset"].tolist() == [0.34, 1.05]
    assert led["amplitude_deg"].tolist() == [5.0, 2.0]


def with_kernels(parts):
    """The joined recording with a response to fixations that grows with the saccade, and one to starts; no noise."""
    joined = join_gaze(*parts, code_column="message")
    events = event_types(TYPES, joined.events, parts[4], least_events=20)
    data = np.zeros((4, joined.raw.n_times))
    kernels = np.zeros((2, 4, round(0.4 * RATE) + 1))
    times = np.arange(kernels.shape[2]) / RATE - 0.1
    for k, (place, width) in enumerate(((0.1, 0.03), (0.2, 0.04))):
        shape = np.exp(-0.5 * ((times - place) / width) ** 2) * (times >= (0 if k else -0.1))
        kernels[k] = 1e-6 * np.array([1, -2, 3, -2])[:, None] * np.roll([1, 2, 3, 4], k)[:, None] * shape
        kernels[k] -= kernels[k].mean(axis=0)
        weights, _ = events[k].weights()
        for onset, row in zip(events[k].onsets, weights, strict=True):
            start = round(onset * RATE) - 20
            data[:, start : start + len(times)] += kernels[k] * (1 + (0.1 * row[1] if len(row) > 1 else 0))
    raw = joined.raw.copy()
    raw._data[:4] = data
    return raw, events, kernels


def test_overlapping_responses_are_recovered_where_averages_are_biased(parts):
    raw, events, kernels = with_kernels(parts)
    result, info = deconvolve_raw(raw, events)
    evoked = all_evoked(result, plain_averages(raw, events), info)
    assert [one.comment for one in evoked] == [
        "fixation", "fixation: amplitude", "start", "fixation (averaged)", "start (averaged)",
    ]  # fmt: skip
    truth = {"events": ["fixation", "go"], "channels": NAMES, "sampling_rate": RATE}
    truth |= {"first_lag_s": -0.1, "last_lag_s": 0.3}
    errors = kernel_errors(evoked, {name: part["event"] for name, part in TYPES.items()}, truth, kernels)
    errors = errors.set_index(["type", "estimate"])
    whole, errors = errors["with_constant"], errors["relative_error"]
    for kind in ("fixation", "start"):
        assert max(errors[kind, "corrected"], whole[kind, "corrected"]) < 1e-6
    assert min(errors["fixation", "averaged"], errors["start", "averaged"]) > 0.13
    assert whole["start", "averaged"] > 0.3
    # What a high-pass leaves free counts in the second measure alone.
    for one in evoked:
        one._data += np.array([1e-6, -1e-6, 2e-6, 0])[:, None]
    moved = kernel_errors(evoked, {name: part["event"] for name, part in TYPES.items()}, truth, kernels)
    moved = moved.set_index(["type", "estimate"])
    assert moved.loc[("fixation", "corrected"), "relative_error"] < 1e-6
    assert moved.loc[("fixation", "corrected"), "with_constant"] > 0.1
    table = tabulate_betas(result, info["ch_names"])
    assert len(table) == 4 * (81 * 2 + 61)
    row = table[(table["type"] == "start") & (table["channel"] == "Oz") & np.isclose(table["time"], 0.2)].iloc[0]
    assert row["beta_uv"] == pytest.approx(kernels[1, 3, 60] * 1e6, abs=1e-5)


def test_too_few_events_are_refused(parts):
    with pytest.raises(DataError, match="24 events `fixation`.*100 are needed"):
        event_types(TYPES | {"fixation": TYPES["start"]}, None, parts[4], least_events=100)
    with pytest.raises(DataError, match="no gaze events for `fixation`"):
        event_types(TYPES, None, parts[4])


def test_intervals_need_three_people_who_agree():
    info = mne.create_info(["Cz"], 100.0, "eeg")

    def person(value, n=5):
        return [mne.EvokedArray(np.full((1, n), value * 1e-6), info, 0.0, "fixation", 9, verbose="error")]

    two = average_responses({"1": person(1.0), "2": person(3.0)})
    assert two["mean"].eq(2.0).all()
    assert two["ci_low"].isna().all()
    three = average_responses({"1": person(1.0), "2": person(3.0) + person(3.0), "3": person(2.0)})
    # t(0.975, 2) = 4.3027, SD 1.
    assert three["ci_high"].iloc[0] == pytest.approx(2 + 4.302653 / np.sqrt(3), abs=1e-5)
    with pytest.raises(DataError, match="subject 2 has other channels or times"):
        average_responses({"1": person(1.0), "2": person(1.0, n=6)})


def test_fate_of_known_parts():
    rng = np.random.default_rng(1)
    eyes, brain = rng.normal(size=(2, 1, 1000)), np.zeros((3, 1000))
    eyes = np.vstack([eyes[0], np.zeros((2, 1000))])
    brain[1:, 300:340] = 1.0
    saccades, onsets = pd.DataFrame({"onset": [1.0, 2.0], "duration": [0.05, 0.05]}), np.array([3.0])
    fate = cleaning_fate(np.diag([0.1, 1.0, 0.5]), eyes, brain, saccades, onsets, 100.0)
    assert fate["saccade_variance_removed"] == pytest.approx(0.99)
    assert fate["evoked_amplitude_kept"] == pytest.approx(0.75)
