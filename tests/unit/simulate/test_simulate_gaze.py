"""Simulated gaze against known answers."""

import numpy as np
import pytest

from cogmodels.errors import DataError
from cogmodels.simulate.gaze import degrees_to_pixels, draw_hotspots, minimum_jerk, saccade_duration, simulate_gaze

ONSETS = 2.0 + 3.2 * np.arange(80)
DURATION = 2.0 + 3.2 * 80 + 1.0


@pytest.fixture(scope="module")
def hotspots() -> np.ndarray:
    return draw_hotspots(80, 5, np.random.default_rng(1))


def record(hotspots, seed=2, **options):
    return simulate_gaze(ONSETS, hotspots, rng=np.random.default_rng(seed), duration=DURATION, **options)


@pytest.fixture(scope="module")
def recording(hotspots):
    return record(hotspots)


def test_saccades_obey_the_main_sequence(recording):
    saccades = recording.events.query("trial_type == 'saccade'").iloc[:-1]
    amplitude = np.hypot(saccades.x_end - saccades.x_start, saccades.y_end - saccades.y_start)
    slope, intercept = np.polyfit(amplitude, saccades.duration, 1)
    assert slope == pytest.approx(0.0022, rel=0.03)
    assert intercept == pytest.approx(0.021, abs=0.0003)
    assert saccade_duration(10.0) == pytest.approx(0.043)
    assert amplitude.min() > 0.4


def test_peak_velocity_is_that_of_a_minimum_jerk_movement(recording):
    phase = np.linspace(0, 1, 1001)
    assert np.gradient(minimum_jerk(phase), phase).max() == pytest.approx(1.875, abs=1e-3)
    saccades = recording.events.query("trial_type == 'saccade'").iloc[:-1]
    row = saccades.loc[np.hypot(saccades.x_end - saccades.x_start, saccades.y_end - saccades.y_start).idxmax()]
    first, count = round(row.onset * 500), round(row.duration * 500)
    speed = np.hypot(*np.diff(recording.clean[first - 1 : first + count], axis=0).T) * 500
    amplitude = np.hypot(row.x_end - row.x_start, row.y_end - row.y_start)
    assert speed.max() == pytest.approx(1.875 * amplitude / row.duration, rel=0.02)


def test_fixations_in_trials_have_the_wanted_durations(hotspots):
    events = record(hotspots, fixation_median=0.3, fixation_spread=0.3, blink_rate=0.0).events
    inside = events.query("trial_type == 'fixation' and trial >= 0").iloc[:-1]
    assert inside.duration.median() == pytest.approx(0.3, rel=0.08)
    assert np.log(inside.duration).std() == pytest.approx(0.3, rel=0.15)


def test_events_and_labels_tell_the_same(recording):
    events = recording.events
    codes = events.trial_type.map({"fixation": 1, "saccade": 2, "blink": 5}).to_numpy()
    counts = np.rint(events.duration * 500).astype(int)
    assert (np.repeat(codes, counts) == recording.labels).all()
    assert np.allclose(events.onset.iloc[1:], (events.onset + events.duration).iloc[:-1])
    assert (codes[1:] != codes[:-1]).all()


def test_gaze_is_lost_in_blinks_and_only_there(recording):
    blink = recording.labels == 5
    assert (np.isnan(recording.gaze).all(axis=1) == blink).all()
    assert (np.isnan(recording.pupil) == blink).all()
    durations = recording.events.query("trial_type == 'blink'").duration
    assert durations.between(0.078, 0.252).all()
    assert len(durations) / DURATION * 60 == pytest.approx(10, abs=4)


def test_no_blinks_when_none_are_wanted(hotspots):
    assert not np.isnan(record(hotspots, blink_rate=0.0).gaze).any()


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.3])
def test_tracker_noise_has_the_wanted_size(hotspots, noise):
    recording = record(hotspots, noise_deg=noise)
    assert np.nanstd(recording.gaze - recording.clean) == pytest.approx(noise, rel=0.02, abs=1e-12)


def test_drift_grows_with_the_root_of_time(recording):
    fixations = recording.events.query("trial_type == 'fixation'")
    moved = np.hypot(fixations.x_end - fixations.x_start, fixations.y_end - fixations.y_start)
    # 0.004 deg a millisecond and axis, as a random walk.
    expected = np.sqrt(2 * 0.004**2 * 1000 * fixations.duration.mean())
    assert np.sqrt((moved**2).mean()) == pytest.approx(expected, rel=0.1)


def test_gaze_visits_points_of_interest_in_trials_and_the_centre_between(recording, hotspots):
    fixations = recording.events.query("trial_type == 'fixation'")
    inside = fixations[fixations.trial >= 0]
    places = inside[["x_start", "y_start"]].to_numpy()
    nearest = np.linalg.norm(hotspots[inside.trial][:, :, :2] - places[:, None], axis=2).min(axis=1)
    others = np.linalg.norm(hotspots[inside.trial - 40][:, :, :2] - places[:, None], axis=2).min(axis=1)
    assert np.median(nearest) < 0.7 * np.median(others)
    waiting = recording.clean[np.rint((ONSETS[1:] - 0.02) * 500).astype(int)]
    assert np.median(np.hypot(*waiting.T)) < 1.5


def test_hotspots_are_on_the_screen_and_their_weights_sum_to_one(hotspots):
    assert hotspots.shape == (80, 5, 3)
    assert hotspots[..., 2].sum(axis=1) == pytest.approx(np.ones(80))
    assert np.abs(hotspots[..., 0]).max() <= 13
    assert np.abs(hotspots[..., 1]).max() <= 10


def test_the_pupil_constricts_after_the_stimulus(recording):
    early, late = [], []
    for onset in ONSETS[:-1]:
        early.append(np.nanmean(recording.pupil[round((onset - 0.2) * 500) : round((onset + 0.2) * 500)]))
        late.append(np.nanmean(recording.pupil[round((onset + 1.5) * 500) : round((onset + 2.0) * 500)]))
    assert 0.2 < np.mean(early) - np.mean(late) < 0.5
    assert 3 < np.nanmin(recording.pupil) < np.nanmax(recording.pupil) < 5


def test_degrees_become_pixels_as_geometry_wants():
    screen = {"resolution": (1280, 1024), "size_m": (0.38, 0.304), "distance_m": 0.68}
    degrees = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, -5.0]])
    pixels = degrees_to_pixels(degrees, **screen)
    assert pixels[0].tolist() == [639.5, 511.5]
    assert pixels[1] == pytest.approx([639.5 + 0.68 * np.tan(np.radians(10)) * 1280 / 0.38, 511.5])
    back = np.degrees(np.arctan((pixels - [639.5, 511.5]) * 0.38 / 1280 / 0.68))
    assert back == pytest.approx(degrees)


def test_the_same_seed_gives_the_same_gaze_and_another_does_not(hotspots, recording):
    again = record(hotspots)
    assert np.array_equal(again.gaze, recording.gaze, equal_nan=True)
    assert not np.array_equal(record(hotspots, seed=3).clean, recording.clean)


def test_trials_that_do_not_fit_are_refused(hotspots):
    with pytest.raises(DataError, match="do not fit"):
        simulate_gaze(ONSETS, hotspots, rng=np.random.default_rng(0), duration=100.0)
