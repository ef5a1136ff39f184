"""Gaze synchronisation: two clocks whose line is known."""

import mne
import numpy as np
import pandas as pd
import pytest

from cogmodels.eeg.checks import good_samples
from cogmodels.eeg.gaze_channels import add_gaze, annotate_gaze_events, gaze_lag, resample_to_eeg
from cogmodels.eeg.synchronise import synchronise
from cogmodels.errors import DataError
from cogmodels.simulate.clocks import simulate_shared_triggers

RATE = 250.0
HALF_HOUR = 1800.0


def train(seed: int, *, n: int = 400, seconds: float = HALF_HOUR) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    steps = rng.uniform(0.6, 1.4, n)
    return 5 + (seconds - 10) * np.cumsum(steps) / steps.sum(), rng.integers(1, 5, n)


def sides(seed: int = 0, **options):
    times, codes = train(seed)
    settings = {"offset_s": -321.7, "drift_ppm": 43.0, "eeg_rate": RATE} | options
    return simulate_shared_triggers(times, codes, rng=np.random.default_rng([seed, 1]), **settings)


def joined(gaze: pd.DataFrame, eeg: pd.DataFrame, *, codes: bool = True, **options):
    given = {"gaze_codes": gaze["code"], "eeg_codes": eeg["code"]} if codes else {}
    return synchronise(gaze["time"], eeg["time"], **given, **options)


def largest_error(found, *, offset_s: float = -321.7, drift_ppm: float = 43.0) -> float:
    """Largest error of the EEG's time over the half hour, s."""
    true = np.linspace(0, HALF_HOUR, 50)
    return float(np.abs(found.to_eeg((true - offset_s) / (1 + drift_ppm * 1e-6)) - true).max())


@pytest.fixture
def plain():
    """Clocks that are one."""
    times = np.cumsum(np.random.default_rng(0).uniform(0.5, 1.5, 30))
    return synchronise(times, times)


# -- matching and fit --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("codes", [True, False])
def test_offset_and_drift_come_back_from_jittered_lossy_trains(seed, codes):
    gaze, eeg = sides(seed, jitter_s=0.001, late_share=0.1, lost_share=0.1, spurious_share=0.1)
    found = joined(gaze, eeg, codes=codes)
    assert abs(found.drift_ppm - 43.0) < 1.0
    assert largest_error(found) < 1 / RATE
    pairs = found.triggers[found.triggers["status"].isin(["matched", "outlier"])]
    true = (gaze["true"].to_numpy()[pairs["gaze_row"]], eeg["true"].to_numpy()[pairs["eeg_row"]])
    assert np.mean(true[0] == true[1]) > 0.98
    both = np.intersect1d(gaze["true"][gaze["true"] >= 0], eeg["true"][eeg["true"] >= 0])
    assert np.isin(both, true[0]).mean() > 0.95


def test_without_jitter_the_line_is_exact():
    gaze, eeg = sides(jitter_s=0.0, eeg_rate=None)
    found = joined(gaze, eeg)
    assert found.drift_ppm == pytest.approx(43.0, abs=1e-4)
    assert found.offset_s == pytest.approx(-321.7, abs=1e-6)
    assert (found.triggers["status"] == "matched").all()
    np.testing.assert_allclose(found.triggers["residual_ms"], 0, atol=1e-6)


def test_late_triggers_do_not_pull_the_robust_line():
    gaze, eeg = sides(jitter_s=0.0005, late_share=0.2, late_s=0.012, eeg_rate=None)
    pairs = np.intersect1d(gaze["true"], eeg["true"])
    slope, intercept = np.polyfit(gaze["time"][pairs], eeg["time"][pairs], 1)
    least_squares = abs(intercept + slope * (900 + 321.7) / (1 + 43e-6) - 900)
    assert least_squares > 1.5e-3
    assert largest_error(joined(gaze, eeg)) < 3e-4


def test_the_standard_error_covers_the_error_of_the_drift():
    errors = []
    for seed in range(20):
        found = joined(*sides(seed, jitter_s=0.002), max_drift_ppm=150.0)
        errors.append((found.drift_ppm - 43.0) / (found.slope_se * 1e6))
    assert 0.6 < np.std(errors) < 1.5
    assert abs(np.mean(errors)) < 1.0


def test_every_trigger_of_both_sides_is_in_the_table():
    gaze, eeg = sides(lost_share=0.1, spurious_share=0.05)
    table = joined(gaze, eeg).triggers
    assert sorted(table["gaze_row"][table["gaze_row"] >= 0]) == list(range(len(gaze)))
    assert sorted(table["eeg_row"][table["eeg_row"] >= 0]) == list(range(len(eeg)))
    assert table["gaze_time"][table["status"] == "only_eeg"].isna().all()
    summary = joined(gaze, eeg).summary()
    assert summary["triggers_only_gaze"] == (table["status"] == "only_gaze").sum() > 0
    assert summary["residual_median_ms"] < 4


def test_a_trigger_sent_twice_is_one():
    gaze, eeg = sides(jitter_s=0.0, eeg_rate=None)
    twice = pd.concat([eeg, eeg.iloc[10:20].assign(time=lambda t: t["time"] + 0.004)]).sort_values("time")
    found = joined(gaze, twice)
    assert found.summary()["triggers_repeated"] == 10
    assert largest_error(found) < 1e-6


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_trains_of_other_recordings_are_refused():
    gaze, _ = sides(0)
    _, eeg = sides(1)
    with pytest.raises(DataError, match="triggers match within 15 ms, of 400 in the gaze and 400 in the EEG"):
        joined(gaze, eeg, codes=False)


def test_permuted_codes_are_named():
    gaze, eeg = sides()
    eeg["code"] = eeg["code"].map({1: 2, 2: 3, 3: 4, 4: 1})
    with pytest.raises(DataError, match="By time alone 4.. match: correct the codes"):
        joined(gaze, eeg)


def test_shuffled_codes_are_refused():
    gaze, eeg = sides()
    eeg["code"] = np.random.default_rng(3).permutation(eeg["code"])
    with pytest.raises(DataError, match="correct the codes"):
        joined(gaze, eeg)


def test_regular_trains_without_codes_are_ambiguous():
    times = np.arange(100) * 2.0
    with pytest.raises(DataError, match="too regular to tell"):
        synchronise(times, times[1:] + 4)
    codes = np.random.default_rng(0).integers(0, 4, 100)
    found = synchronise(times, times[1:] + 4, gaze_codes=codes, eeg_codes=codes[1:])
    assert found.offset_s == pytest.approx(4)


def test_a_clock_that_jumps_is_refused():
    gaze, eeg = sides()
    gaze.loc[360:, "time"] += 0.5
    with pytest.raises(DataError, match="a clock jumped"):
        joined(gaze, eeg)


@pytest.mark.parametrize("side", ["gaze", "EEG"])
def test_a_clock_that_runs_backwards_is_refused(side):
    gaze, eeg = sides()
    wrong = gaze if side == "gaze" else eeg
    wrong.loc[200:, "time"] -= 900
    with pytest.raises(DataError, match=f"{side} clock runs backwards after row 199"):
        joined(gaze, eeg)


def test_missing_triggers_are_refused():
    gaze, eeg = sides()
    with pytest.raises(DataError, match="the EEG side has 0 triggers"):
        joined(gaze, eeg.iloc[:0])
    with pytest.raises(DataError, match="only one side has codes"):
        synchronise(gaze["time"], eeg["time"], gaze_codes=gaze["code"])
    with pytest.raises(DataError, match="are no numbers"):
        synchronise(gaze["time"].where(gaze.index != 3), eeg["time"])


def test_clocks_in_other_units_are_refused():
    gaze, eeg = sides()
    with pytest.raises(DataError, match="Give both sides in seconds"):
        synchronise(gaze["time"] * 1000, eeg["time"])


# -- samples and events ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gaze_rate", [60.0, 250.0, 500.0, 1000.0])
def test_straight_movements_are_kept_and_noise_is_lowered(gaze_rate, plain):
    time = np.arange(round(20 * gaze_rate)) / gaze_rate
    out = resample_to_eeg(time, 3 * time - 1, plain, sampling_rate=RATE, n_times=4900)
    inside = slice(20, 4870)
    np.testing.assert_allclose(out[inside], 3 * np.arange(4900)[inside] / RATE - 1, atol=1e-9)
    if gaze_rate == 1000.0:
        noise = np.random.default_rng(0).normal(0, 1, len(time))
        # Triangle over 8 samples: sum of squared weights 0.172.
        smoothed = resample_to_eeg(time, noise, plain, sampling_rate=RATE, n_times=4900)[inside]
        assert smoothed.std() == pytest.approx(np.sqrt(0.172), rel=0.05)


def test_drift_and_offset_enter_the_samples():
    gaze, eeg = sides(jitter_s=0.0, eeg_rate=None)
    found = joined(gaze, eeg)
    true = np.arange(0, HALF_HOUR, 0.002)
    signal = np.sin(2 * np.pi * 0.5 * true)
    out = resample_to_eeg((true + 321.7) / (1 + 43e-6), signal, found, sampling_rate=RATE, n_times=440_000)
    expected = np.sin(2 * np.pi * 0.5 * np.arange(440_000) / RATE)
    assert np.nanmax(np.abs(out - expected)) < 1e-4
    assert np.isnan(out).sum() < 3


def test_losses_and_pauses_stay_losses(plain):
    time = np.concatenate([np.arange(0, 5, 0.002), np.arange(8, 15, 0.002)])
    values = np.ones((len(time), 2))
    values[(time > 2) & (time < 2.1), 0] = np.nan
    out = resample_to_eeg(time, values, plain, sampling_rate=RATE, n_times=3750)
    at = np.arange(3750) / RATE
    assert np.isnan(out[(at > 2) & (at < 2.1), 0]).all()
    assert np.isnan(out[(at > 5.01) & (at < 7.99)]).all()
    assert np.isfinite(out[(at > 0.01) & (at < 4.99), 1]).all()
    assert np.isfinite(out[(at > 2.11) & (at < 4.99), 0]).all()


def recording(seconds: float = 15.0, first_samp: int = 0) -> mne.io.RawArray:
    data = np.random.default_rng(0).normal(0, 5e-6, (2, round(seconds * RATE)))
    return mne.io.RawArray(data, mne.create_info(["Fz", "Cz"], RATE, "eeg"), first_samp=first_samp, verbose="error")


@pytest.mark.parametrize("first_samp", [0, 1000])
def test_gaze_becomes_channels_and_pauses_are_bad(plain, first_samp):
    time = np.concatenate([np.arange(1, 5, 0.002), np.arange(8, 12, 0.002)])
    samples = pd.DataFrame({"time": time, "x": 512.0, "y": 300.0, "pupil": 4.0, "lost": 0})
    raw = recording(first_samp=first_samp)
    with_gaze = add_gaze(raw, samples, plain, eye="left")
    assert with_gaze.ch_names == ["Fz", "Cz", "gaze_x", "gaze_y", "pupil"]
    assert with_gaze.get_channel_types()[2:] == ["eyegaze", "eyegaze", "pupil"]
    assert len(raw.ch_names) == 2
    np.testing.assert_allclose(with_gaze.get_data("gaze_x")[0, 500:1200], 512)
    good, at = good_samples(with_gaze), np.arange(raw.n_times) / RATE
    assert set(with_gaze.annotations.description) == {"BAD_no_gaze"}
    assert len(with_gaze.annotations) == 3
    assert not good[(at < 0.99) | ((at > 5.01) & (at < 7.99)) | (at > 12.01)].any()
    assert good[((at > 1.01) & (at < 4.99)) | ((at > 8.01) & (at < 11.99))].all()


@pytest.mark.parametrize("first_samp", [0, 1000])
def test_events_become_annotations_on_the_eeg_clock(first_samp):
    times = np.cumsum(np.random.default_rng(0).uniform(0.5, 1.5, 15))
    shifted = synchronise(times + 100, times)
    events = pd.DataFrame(
        {
            "event": ["fixation", "saccade", "blink", "fixation", "pso", "fixation"],
            "onset": [100.5, 100.9, 103.0, 114.9, 105.0, 130.0],
            "duration": [0.4, 0.05, 0.2, 0.5, 0.02, 0.3],
        }
    )
    raw = annotate_gaze_events(recording(first_samp=first_samp), events, shifted)
    raw = annotate_gaze_events(raw, events.iloc[:0], shifted)
    assert list(raw.annotations.description) == ["fixation", "saccade", "BAD_blink", "fixation"]
    onset = raw.annotations.onset - raw.first_time
    np.testing.assert_allclose(onset, [0.5, 0.9, 2.95, 14.9], atol=1e-6)
    np.testing.assert_allclose(raw.annotations.duration[:3], [0.4, 0.05, 0.3], atol=1e-6)
    at = np.arange(raw.n_times) / RATE
    np.testing.assert_array_equal(good_samples(raw), ~((at > 2.947) & (at < 3.249)))
    # A second round of annotations leaves the first where it was.
    again = annotate_gaze_events(raw, events.iloc[:1], shifted)
    np.testing.assert_allclose(sorted(again.annotations.onset - again.first_time)[:2], [0.5, 0.5], atol=1e-6)


def test_gaze_that_does_not_overlap_is_refused(plain):
    samples = pd.DataFrame({"time": np.arange(100, 110, 0.01), "x": 1.0})
    with pytest.raises(DataError, match="does not overlap the EEG of 15.0 s"):
        add_gaze(recording(), samples, plain)
    with pytest.raises(DataError, match="Give `time` and one of x, y, pupil"):
        add_gaze(recording(), samples[["time"]], plain)


# -- check against the EOG ---------------------------------------------------------------------------------------------


def steps(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    gaze, i = np.zeros(n), 0
    while i < n:
        i += int(rng.uniform(50, 120))
        gaze[i:] = rng.uniform(-10, 10)
    kernel = np.hanning(12)
    return np.convolve(gaze, kernel / kernel.sum(), mode="same")


@pytest.mark.parametrize("shift", [-20, 0, 7])
def test_the_lag_of_the_eog_is_found(shift):
    gaze = steps(15000)
    rng = np.random.default_rng(1)
    heog = -12.0 * np.roll(gaze, shift) + rng.normal(0, 8, 15000) + np.cumsum(rng.normal(0, 1, 15000))
    gaze[3000:3300] = np.nan
    found = gaze_lag(heog, gaze, sampling_rate=RATE)
    assert found.lag_ms == pytest.approx(shift * 4, abs=1.0)
    assert found.correlation < -0.5


def test_the_lag_needs_movement_and_overlap():
    with pytest.raises(DataError, match="does not move"):
        gaze_lag(steps(5000), np.zeros(5000), sampling_rate=RATE)
    with pytest.raises(DataError, match="known together for 0.0 s"):
        gaze_lag(steps(5000), np.full(5000, np.nan), sampling_rate=RATE)
    with pytest.raises(DataError, match="Resample the gaze"):
        gaze_lag(steps(5000), steps(4000), sampling_rate=RATE)
