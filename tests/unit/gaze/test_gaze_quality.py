"""Quality of recordings and scanpaths of trials."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogmodels.data.tables import FIXATION_COLUMNS, check_fixations
from cogmodels.errors import DataError
from cogmodels.gaze.detectors import detect_events
from cogmodels.gaze.quality import (
    accuracy,
    bcea,
    beyond_limits,
    main_sequence,
    moving_window,
    quality,
    rms_s2s,
    std,
    validate,
)
from cogmodels.gaze.recording import Recording, Screen
from cogmodels.gaze.scanpaths import fixations_table

SCREEN = Screen((1920, 1080), (0.528, 0.2969997253417969), 0.65)


def test_known_values():
    assert rms_s2s([1, 2, 3], [1, 2, 3]) == pytest.approx(np.sqrt(2), rel=1e-15)
    assert std([1, 2, 3], [1, 2, 3]) == pytest.approx(1.1547005383792515, rel=1e-15)
    expected = (2.1211587518993276, 1.4998857365616758, 1.5000570914791970)
    assert accuracy([1, 2], [1, 2], 0, 0) == pytest.approx(expected, rel=1e-14)


def test_bcea_of_a_round_cloud():
    x, y = np.array([1.0, -1, 0, 0]), np.array([0.0, 0, 1, -1])
    # s_x = s_y = sqrt(2/3), rho = 0.
    assert bcea(x, y) == pytest.approx(-2 * np.log(0.32) * np.pi * 2 / 3)
    assert bcea(x, np.zeros(4)) == 0.0


def test_missing_samples_stay_in():
    x, y = np.array([0.0, 1, np.nan, 9, 10]), np.zeros(5)
    assert rms_s2s(x, y) == 1.0
    assert np.isnan(rms_s2s([1, np.nan], [1, np.nan]))
    assert std([1, 2, 3, np.nan], [1, 2, 3, 7]) == std([1, 2, 3], [1, 2, 3])


def test_accuracy_is_zero_on_target_wherever_it_is():
    assert accuracy([20.0, 20.0], [-12.0, -12.0], 20.0, -12.0) == pytest.approx((0, 0, 0), abs=1e-7)
    offset, along, across = accuracy([31.0], [10.0], 30.0, 10.0)
    # One degree of azimuth at 10 degrees of elevation.
    assert offset == pytest.approx(np.cos(np.radians(10)), abs=1e-4)
    assert (along, across) == pytest.approx((offset, 0), abs=2e-3)


def test_loss_and_rate_of_a_recording(mirror):
    samples = pd.read_csv(mirror / "etdq/example/data/Tobii_Spectrum_600Hz.tsv", sep="\t")
    time = samples["timestamp"].to_numpy() / 1000
    x, y = samples["right_x"].to_numpy() + 959.5, samples["right_y"].to_numpy() + 539.5
    recording = Recording(time=time, x=x, y=y, sampling_rate=600.0, screen=SCREEN)
    found = quality(recording)
    assert found["n_samples"] == 12959
    assert found["data_loss"] == pytest.approx(0.002546491782)
    assert found["loss_missing"] == pytest.approx(found["data_loss"])
    assert found["effective_rate"] == pytest.approx(598.4725846, rel=1e-8)
    assert found["n_fixations"] is None


def test_quality_of_a_known_recording():
    rng = np.random.default_rng(0)
    # 30 s at 500 Hz: 50 fixations of 0.6 s, steps of 5 degrees and more.
    n, rate = 15000, 500.0
    places = np.where(np.arange(50) % 2, 1200.0, 700.0) + 4 * np.arange(50)
    x = np.repeat(places, 300) + rng.normal(0, 0.2, n)
    y = 540.0 + rng.normal(0, 0.2, n)
    x[4000:4100] = np.nan
    recording = Recording(time=np.arange(n) / rate, x=x, y=y, sampling_rate=rate, screen=SCREEN)
    found = quality(recording, detect_events(recording, "ivt", minimum_saccade_s=0.0))
    assert found["data_loss"] == pytest.approx(100 / n)
    assert found["n_saccades"] == 49
    assert found["n_blinks"] == 1
    # The blink cuts one fixation in two.
    assert found["n_fixations"] == 51
    assert found["median_fixation_ms"] == pytest.approx(592)
    assert found["fixation_rate_hz"] == pytest.approx(51 / (30 - 0.2))
    # Differences of white noise: RMS-S2S = sqrt(2) STD.
    assert found["rms_s2s_deg"] / found["std_deg"] == pytest.approx(np.sqrt(2), rel=0.03)
    assert found["std_deg"] == pytest.approx(np.sqrt(2) * 0.2 * np.degrees(0.000275 / 0.65), rel=0.05)
    assert all(value is None or isinstance(value, int | float) for value in found.values())


def test_quality_without_events_or_saccades_has_no_nan():
    recording = Recording(
        time=np.arange(200) / 500, x=np.full(200, 900.0), y=np.full(200, 500.0), sampling_rate=500.0, screen=SCREEN
    )
    found = quality(recording, detect_events(recording, "ivt"))
    assert found["n_saccades"] == 0
    assert found["median_saccade_deg"] is None
    assert found["main_sequence_slope"] is None
    assert found["rms_s2s_deg"] == 0.0


def test_main_sequence_recovers_a_power_law():
    amplitude = np.geomspace(0.5, 20, 40)
    assert main_sequence(amplitude, 110 * amplitude**0.6) == pytest.approx((0.6, 110))
    assert np.isnan(main_sequence(amplitude[:9], amplitude[:9])).all()


# -- scanpaths ---------------------------------------------------------------------------------------------------------

EVENTS = pd.DataFrame(
    {
        "event": ["fixation", "saccade", "fixation", "fixation", "blink", "fixation", "fixation"],
        "onset": [0.2, 0.8, 1.0, 1.4, 1.6, 2.9, 3.2],
        "duration": [0.6, 0.05, 0.3, 0.2, 0.2, 0.3, 0.4],
        "x": [1.0, np.nan, 2.0, 3.0, np.nan, 4.0, 5.0],
        "y": [1.0, np.nan, 2.0, 3.0, np.nan, 4.0, 5.0],
    }
)
TRIALS = pd.DataFrame({"trial": [1, 2], "onset": [0.5, 3.0], "duration": [2.5, 2.0], "stimulus": ["a", "b"]})


def test_fixations_go_to_the_trial_in_which_they_begin():
    table = fixations_table(EVENTS, TRIALS, subject="01")
    assert list(table.columns) == FIXATION_COLUMNS
    assert list(table["trial"]) == [1, 1, 1, 2]
    assert list(table["stimulus"]) == ["a", "a", "a", "b"]
    assert list(table["index"]) == [0, 1, 2, 0]
    assert list(table["onset"]) == pytest.approx([0.5, 0.9, 2.4, 0.2])
    assert list(table["x"]) == [2, 3, 4, 5]
    assert set(table["subject"]) == {"01"}
    check_fixations(table)


def test_targets_come_along_where_trials_have_them():
    table = fixations_table(EVENTS, TRIALS.assign(target=["cup", "fork"], found=[True, False]), subject="01")
    assert list(table["target"]) == ["cup", "cup", "cup", "fork"]
    assert list(table["found"]) == [True, True, True, False]


def test_a_recording_without_fixations_or_trials_gives_an_empty_table():
    for events, trials in (
        (EVENTS.iloc[1:2], TRIALS),
        (EVENTS.iloc[:0].astype(str), TRIALS),
        (EVENTS, TRIALS.iloc[:0]),
    ):
        table = fixations_table(events, trials, subject="01")
        assert list(table.columns) == FIXATION_COLUMNS
        assert len(table) == 0


def test_events_that_are_none_are_refused():
    with pytest.raises(DataError, match="lack column `x`"):
        fixations_table(EVENTS.drop(columns="x"), TRIALS, subject="01")
    with pytest.raises(DataError, match="holds no number"):
        fixations_table(EVENTS.assign(x="left"), TRIALS, subject="01")


@pytest.mark.parametrize(
    ("trials", "message"),
    [
        (TRIALS.assign(duration=[2.6, 2.0]), "trial 2 starts at 3.000 s, before trial 1 ends"),
        (TRIALS.assign(trial=[1, 1]), "trial 1 comes twice"),
        (TRIALS.assign(duration=[2.5, 0.0]), "lasts 0.0 s"),
        (TRIALS.assign(onset=[0.5, np.nan]), "starts at nan s"),
        (TRIALS.drop(columns="stimulus"), "lack column `stimulus`"),
    ],
)
def test_ambiguous_trials_are_refused(trials, message):
    with pytest.raises(DataError, match=message):
        fixations_table(EVENTS, trials, subject="01")


# -- moving windows ----------------------------------------------------------------------------------------------------

MEASURES = {"rms_s2s": rms_s2s, "std": std, "bcea": bcea}


@pytest.mark.parametrize("metric", MEASURES)
@given(seed=st.integers(0, 200), window=st.integers(4, 30), lost=st.floats(0, 0.6))
def test_every_window_is_that_of_its_samples(metric, seed, window, lost):
    generator = np.random.default_rng(seed)
    x, y = generator.normal(0, 3, (2, 60)) + 20
    x[generator.random(60) < lost] = np.nan
    found = moving_window(x, y, window, metric)
    expected = [MEASURES[metric](x[i : i + window], y[i : i + window]) for i in range(61 - window)]
    # Squared, for the root of a rounded zero is not that near to zero.
    np.testing.assert_allclose(found**2, np.square(expected), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("metric", MEASURES)
def test_rounding_does_not_pile_up_over_long_recordings(metric):
    """600 000 samples that wander far from where they began."""
    generator = np.random.default_rng(0)
    x, y = np.cumsum(generator.normal(0, 0.05, (2, 600_000)), axis=1)
    found = moving_window(x, y, 200, metric)
    for start in generator.integers(0, len(found), 300):
        part = slice(start, start + 200)
        assert found[start] == pytest.approx(MEASURES[metric](x[part], y[part]), rel=1e-9)


def test_windows_that_are_not_shorter_are_none():
    assert len(moving_window(np.zeros(5), np.zeros(5), 5)) == 0
    assert len(moving_window(np.zeros(6), np.zeros(6), 5)) == 2
    for window, metric in ((1, "std"), (5, "mad")):
        with pytest.raises(DataError):
            moving_window(np.zeros(5), np.zeros(5), window, metric)


def test_limits_warn_by_name():
    assert beyond_limits({"data_loss": 0.3, "rms_s2s_window_deg": None}) == ["data_loss"]
    assert beyond_limits({"data_loss": 0.1, "rms_s2s_window_deg": 0.6}) == ["rms_s2s_window_deg"]


def test_validation_at_targets():
    time = np.arange(1000) / 500
    x = np.where(time < 1, 500.0, 1400.0)
    recording = Recording(time=time, x=x, y=np.full(1000, 539.5), sampling_rate=500.0, screen=SCREEN)
    targets = pd.DataFrame({"onset": [0.0, 1.0, 5.0], "duration": 1.0, "x": [500.0, 1439.5, 0], "y": [539.5, 539.5, 0]})
    found = validate(recording, targets)
    pitch = 0.528 / 1920
    away = np.degrees(np.arctan((1439.5 - 959.5) * pitch / 0.65) - np.arctan((1400 - 959.5) * pitch / 0.65))
    assert found["accuracy_deg"].tolist()[:2] == pytest.approx([0, away], abs=1e-6)
    assert found["azimuth_deg"].iloc[1] == pytest.approx(-away)
    assert found["n_samples"].tolist() == [500, 500, 0]
    assert np.isnan(found["accuracy_deg"].iloc[2])
