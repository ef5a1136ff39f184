"""Velocity, and the samples that are set aside before it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogmodels.errors import DataError
from cogmodels.gaze.cleaning import mark_lost, off_screen
from cogmodels.gaze.geometry import degrees_to_pixels
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
