"""Velocity, and the samples that are set aside before it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogmodels.errors import DataError
from cogmodels.gaze.cleaning import (
    clean,
    cyclopean,
    filter_spikes,
    interpolate_blinks,
    mark_lost,
    off_screen,
    resample,
)
from cogmodels.gaze.geometry import degrees_to_pixels, gaze_degrees, pixels_to_degrees, pixels_to_fick
from cogmodels.gaze.quality import quality
from cogmodels.gaze.recording import MISSING, OFF_SCREEN, PADDING, SEEN, Recording, Screen
from cogmodels.gaze.velocity import METHODS, speed, velocity

SCREEN = Screen((1920, 1080), (0.53, 0.298), 0.65)


def still(n: int = 500, rate: float = 500.0, **columns) -> Recording:
    given = {"x": np.full(n, 900.0), "y": np.full(n, 500.0)} | columns
    return Recording(time=np.arange(n) / rate, sampling_rate=rate, screen=SCREEN, **given)


def test_five_point_velocity_by_hand():
    vx, vy = velocity(np.array([0.0, 1, 3, 7, 8, 20]), np.zeros(6), 1000.0)
    np.testing.assert_allclose(vx, [np.nan, np.nan, 7000 / 3, 4000, np.nan, np.nan])
    np.testing.assert_allclose(vy, [np.nan, np.nan, 0, 0, np.nan, np.nan])


def test_central_velocity_by_hand():
    vx, _ = velocity(np.array([0.0, 1, 3, 7]), np.zeros(4), 100.0, "central")
    np.testing.assert_allclose(vx, [np.nan, 150, 300, np.nan])


@pytest.mark.parametrize("method", METHODS)
@given(slope=st.floats(-500, 500), rate=st.sampled_from([60.0, 120.0, 250.0, 500.0, 1000.0, 2000.0]))
def test_velocity_of_a_ramp_is_its_slope(method, slope, rate):
    time = np.arange(100) / rate
    vx, vy = velocity(slope * time, -2 * slope * time, rate, method)
    inside = ~np.isnan(vx)
    assert inside[50]
    np.testing.assert_allclose(vx[inside], slope, atol=1e-7)
    np.testing.assert_allclose(vy[inside], -2 * slope, atol=1e-7)


def test_savgol_follows_a_quadratic_exactly():
    time = np.arange(200) / 500
    vx, _ = velocity(30 * time**2, np.zeros(200), 500.0, "savgol")
    np.testing.assert_allclose(vx[20:-20], 60 * time[20:-20], atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_velocity_is_nan_only_near_losses_and_edges(method):
    x = np.linspace(0, 1, 100)
    x[50] = np.nan
    vx, _ = velocity(x, x, 500.0, method)
    half = {"central": 1, "five_point": 2, "savgol": 4}[method]
    expected = np.zeros(100, bool)
    expected[:half] = expected[-half:] = expected[50 - half : 51 + half] = True
    np.testing.assert_array_equal(np.isnan(vx), expected)


def test_velocity_never_spans_a_pause():
    time = np.concatenate([np.arange(50), 500 + np.arange(50)]) / 500
    x = np.concatenate([np.full(50, 100.0), np.full(50, 1800.0)])
    recording = Recording(time=time, x=x, y=np.full(100, 500.0), sampling_rate=500.0, screen=SCREEN)
    found = speed(recording)
    assert np.isnan(found[48:52]).all()
    np.testing.assert_allclose(found[2:48], 0, atol=1e-9)
    np.testing.assert_allclose(found[52:98], 0, atol=1e-9)


def test_velocity_refuses_what_it_does_not_know():
    with pytest.raises(DataError, match="`spline` is unknown"):
        velocity(np.zeros(5), np.zeros(5), 500.0, "spline")
    with pytest.raises(DataError, match="sampling rate of 0"):
        velocity(np.zeros(5), np.zeros(5), 0.0)


def test_a_blink_is_padded_by_its_margin():
    x = np.full(500, 900.0)
    x[200:260] = np.nan
    cleaned = mark_lost(still(x=x), padding_s=0.05)
    assert (cleaned.lost[200:260] == MISSING).all()
    assert list(np.flatnonzero(cleaned.lost == PADDING)) == [*range(175, 200), *range(260, 285)]
    np.testing.assert_array_equal(np.isnan(cleaned.x), cleaned.lost != SEEN)
    np.testing.assert_array_equal(np.isnan(cleaned.y), cleaned.lost != SEEN)


def test_dropouts_and_excursions_are_lost_without_padding():
    x = np.full(500, 900.0)
    x[100:105] = np.nan
    x[300:360] = 5000.0
    cleaned = mark_lost(still(x=x), padding_s=0.05)
    assert list(np.flatnonzero(cleaned.lost)) == [*range(100, 105), *range(300, 360)]
    assert (cleaned.lost[300:360] == OFF_SCREEN).all()


def test_gaze_dragged_off_the_screen_by_a_blink_belongs_to_it():
    x = np.full(500, 900.0)
    x[190:200] = 5000.0
    x[200:260] = np.nan
    cleaned = mark_lost(still(x=x), padding_s=0.05)
    assert list(np.flatnonzero(cleaned.lost)) == list(range(165, 285))


def test_a_pupil_of_size_zero_is_missing():
    pupil = np.full(500, 700.0)
    pupil[10:14] = 0.0
    cleaned = mark_lost(still(pupil=pupil), padding_s=0.05)
    assert list(np.flatnonzero(cleaned.lost)) == [10, 11, 12, 13]
    assert not mark_lost(still(pupil=np.zeros(500))).lost.any()


def test_the_margin_of_the_screen_is_in_degrees():
    left, _ = degrees_to_pixels(-22.0, 0.0, SCREEN)
    edge = np.degrees(np.arctan(0.265 / 0.65))
    recording = still(2, x=np.array([left, 900.0]))
    assert list(off_screen(recording, 22.0 - edge + 0.01)) == [False, False]
    assert list(off_screen(recording, 22.0 - edge - 0.01)) == [True, False]


@given(st.lists(st.tuples(st.integers(0, 480), st.integers(1, 40)), min_size=1, max_size=6), st.data())
def test_cleaning_twice_changes_nothing(losses, data):
    x = np.full(500, 900.0)
    for start, length in losses:
        x[start : start + length] = data.draw(st.sampled_from([np.nan, 5000.0]))
    once = mark_lost(still(x=x))
    twice = mark_lost(once)
    np.testing.assert_array_equal(once.lost, twice.lost)
    np.testing.assert_array_equal(np.isnan(once.x), once.lost != SEEN)


def test_cleaning_refuses_to_leave_nothing():
    with pytest.raises(DataError, match="no sample of 500 is left: 0 missing, 500 off the screen"):
        mark_lost(still(x=np.full(500, 9000.0)))
    with pytest.raises(DataError, match="`padding_s` is -1"):
        mark_lost(still(), padding_s=-1)


# -- spikes ----------------------------------------------------------------------------------------------------------


def test_spikes_of_one_sample_go_and_edges_stay():
    x = np.array([5.0, 5, 9, 5, 5, 20, 20, 20, 3, 20])
    found = filter_spikes(still(10, x=x, y=np.full(10, 7.0)))
    np.testing.assert_array_equal(found.x, [5, 5, 5, 5, 5, 20, 20, 20, 20, 20])
    np.testing.assert_array_equal(found.y, 7.0)


def test_spikes_have_no_neighbours_across_losses_and_pauses():
    x = np.array([5.0, 5, np.nan, 9, 5, 5])
    np.testing.assert_array_equal(filter_spikes(still(6, x=x)).x, x)
    paused = Recording(
        time=np.array([0, 1, 2, 100, 101, 102]) / 500, x=np.array([5.0, 5, 9, 5, 5, 5]), y=np.zeros(6),
        sampling_rate=500.0, screen=SCREEN,
    )  # fmt: skip
    np.testing.assert_array_equal(filter_spikes(paused).x, paused.x)


# -- filled blinks -----------------------------------------------------------------------------------------------------


def ramp_with_loss(start=100, stop=120, n=300, **columns):
    x = np.arange(n, dtype=float)
    x[start:stop] = np.nan
    return still(n, x=x, **columns)


@pytest.mark.parametrize("method", ["pchip", "linear"])
def test_filled_blinks_are_flagged_and_follow_a_ramp(method):
    found = interpolate_blinks(ramp_with_loss(), 0.05, method)
    np.testing.assert_allclose(found.x, np.arange(300.0), atol=1e-9)
    np.testing.assert_array_equal(np.flatnonzero(found.interpolated), np.arange(100, 120))
    assert (found.lost == SEEN).all()


def test_filled_samples_are_no_data():
    before, after = (quality(one) for one in (ramp_with_loss(), interpolate_blinks(ramp_with_loss(), 0.05)))
    assert before["data_loss"] == after["data_loss"] == pytest.approx(20 / 300)
    assert after["loss_interpolated"] == pytest.approx(20 / 300)
    assert after["loss_missing"] == 0
    assert before["effective_rate"] == after["effective_rate"]
    assert before["rms_s2s_window_deg"] == pytest.approx(after["rms_s2s_window_deg"])


def test_long_losses_edges_pauses_and_gaze_off_the_screen_are_not_filled():
    assert not interpolate_blinks(ramp_with_loss(), 0.039).interpolated.any()
    assert not interpolate_blinks(ramp_with_loss(0, 5), 0.1).interpolated.any()
    assert not interpolate_blinks(ramp_with_loss(295, 300), 0.1).interpolated.any()
    recording = ramp_with_loss()
    lost = recording.lost.copy()
    lost[105] = OFF_SCREEN
    assert not interpolate_blinks(recording.with_lost(lost), 0.1).interpolated.any()
    time = np.arange(300) / 500
    time[110:] += 3
    x = np.arange(300.0)
    x[100:120] = np.nan
    paused = Recording(time=time, x=x, y=np.zeros(300), sampling_rate=500.0, screen=SCREEN)
    assert not interpolate_blinks(paused, 0.1).interpolated.any()
    with pytest.raises(DataError, match="spline"):
        interpolate_blinks(recording, 0.1, "spline")


@given(losses=st.lists(st.tuples(st.integers(1, 280), st.integers(1, 15)), max_size=5), seed=st.integers(0, 99))
def test_filling_never_overshoots_nor_touches_what_was_seen(losses, seed):
    x = np.random.default_rng(seed).uniform(100, 900, 300)
    for start, length in losses:
        x[start : start + length] = np.nan
    recording = still(300, x=x)
    found = interpolate_blinks(recording, 0.2)
    seen = np.isfinite(x)
    np.testing.assert_array_equal(found.x[seen], x[seen])
    filled = found.x[found.interpolated]
    assert np.isfinite(filled).all()
    assert filled.size == 0 or (filled.min() >= np.nanmin(x) - 1e-9 and filled.max() <= np.nanmax(x) + 1e-9)


# -- both eyes ---------------------------------------------------------------------------------------------------------


def test_the_cyclopean_eye_is_the_mean_or_the_one_that_is_seen():
    left = still(4, x=np.array([10.0, 10, np.nan, np.nan]), pupil=np.array([2.0, 2, np.nan, np.nan]), eye="left")
    right = still(4, x=np.array([20.0, np.nan, 20, np.nan]), pupil=np.array([4.0, np.nan, 4, np.nan]), eye="right")
    found = cyclopean(left, right)
    np.testing.assert_array_equal(found.x, [15, 10, 20, np.nan])
    np.testing.assert_array_equal(found.pupil, [3, 2, 4, np.nan])
    assert found.lost.tolist() == [SEEN, SEEN, SEEN, MISSING]
    assert found.eye == "cyclopean"
    np.testing.assert_array_equal(cyclopean(left, right, both=True).x, [15, np.nan, np.nan, np.nan])
    with pytest.raises(DataError, match="4 and 5 samples"):
        cyclopean(left, still(5))


# -- another rate ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [100.0, 250.0, 500.0, 1000.0, 333.0])
def test_slow_movements_survive_resampling(rate):
    n = 1000
    time = np.arange(n) / 500
    found = resample(still(n, x=500 + 100 * np.sin(2 * np.pi * time), y=300 + 20 * time), rate)
    assert found.sampling_rate == rate
    np.testing.assert_allclose(np.diff(found.time), 1 / rate)
    inside = slice(int(0.1 * rate), -int(0.1 * rate))
    np.testing.assert_allclose(found.x[inside], (500 + 100 * np.sin(2 * np.pi * found.time))[inside], atol=0.1)
    np.testing.assert_allclose(found.y[inside], (300 + 20 * found.time)[inside], atol=0.1)


def test_noise_does_not_fold_into_a_lower_rate():
    n = 5000
    fast = np.sin(2 * np.pi * 90 * np.arange(n) / 1000)
    found = resample(still(n, rate=1000.0, x=500 + 50 * fast), 100.0)
    # 90 Hz would appear as 10 Hz.
    assert found.x[20:-20].std() < 1


def test_losses_and_pauses_stay_through_resampling():
    found = resample(ramp_with_loss(), 250.0)
    lost = np.flatnonzero(found.lost != SEEN)
    np.testing.assert_array_equal(lost, np.arange(50, 60))
    time = np.r_[np.arange(100), np.arange(1000, 1100)] / 500
    paused = Recording(time=time, x=np.full(200, 5.0), y=np.zeros(200), sampling_rate=500.0, screen=SCREEN)
    found = resample(paused, 250.0)
    assert found.n_samples == 100
    assert found.gaps.sum() == 2
    assert (found.lost == SEEN).all()
    with pytest.raises(DataError, match="higher rate"):
        resample(paused, 0.1)


def test_all_of_cleaning_at_once():
    left, right = (ramp_with_loss(x0, x0 + 10) for x0 in (100, 104))
    plain = clean([left])
    np.testing.assert_array_equal(plain.lost, mark_lost(left).lost)
    found = clean([left, right], padding_s=0.0, spike_filter=True, interpolate_blinks_s=0.1, resample_hz=250.0)
    assert found.eye == "cyclopean"
    assert found.sampling_rate == 250
    assert (found.lost == SEEN).all()
    # Both eyes are lost from 104 to 110 only.
    assert found.interpolated.sum() == 3


# -- viewing distance ----------------------------------------------------------------------------------------------------


def test_the_distance_of_each_sample_sets_its_angle():
    near = still(3, x=np.full(3, 1919.0), y=np.full(3, 539.5), distance_m=np.array([0.65, 0.325, np.nan]))
    x, y = gaze_degrees(near)
    offset = 959.5 * 0.53 / 1920
    np.testing.assert_allclose(x, np.degrees(np.arctan([offset / 0.65, offset / 0.325, offset / 0.65])))
    np.testing.assert_allclose(y, 0, atol=1e-12)
    azimuth, _ = gaze_degrees(near, "fick")
    np.testing.assert_allclose(azimuth, x)
    with pytest.raises(DataError, match="no angles"):
        gaze_degrees(near, "linear")


@given(st.floats(0.3, 2.0))
def test_a_constant_distance_is_that_of_the_screen(distance):
    x, y = np.array([0.0, 700, 1900]), np.array([0.0, 500, 1000])
    moved = Screen(SCREEN.resolution_px, SCREEN.size_m, distance)
    for convert in (pixels_to_degrees, pixels_to_fick):
        np.testing.assert_allclose(convert(x, y, SCREEN, np.full(3, distance)), convert(x, y, moved), rtol=1e-12)


def test_what_cleaning_adds_is_kept_in_the_table():
    recording = interpolate_blinks(ramp_with_loss(distance_m=np.full(300, 0.7)), 0.1)
    again = Recording.from_samples(*recording.to_samples())
    np.testing.assert_array_equal(again.interpolated, recording.interpolated)
    np.testing.assert_array_equal(again.distance_m, recording.distance_m)
    plain = Recording.from_samples(*still(10).to_samples())
    assert plain.distance_m is None
    assert not plain.interpolated.any()
