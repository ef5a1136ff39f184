"""All detectors on gaze whose truth is known, and on gaze that is hard to take."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import median_filter
from scipy.signal import butter, filtfilt

from cogmodels.errors import DataError
from cogmodels.gaze import _filter_kernels as filters
from cogmodels.gaze._i2mc_gaps import fill_gaps, steffen
from cogmodels.gaze._lowpass_kernels import _shortest_solution, lowpass_both
from cogmodels.gaze._remodnav_kernels import _stable_order
from cogmodels.gaze.detectors import DETECTORS, detect_events
from cogmodels.gaze.events import EVENT_COLUMNS
from cogmodels.gaze.geometry import degrees_to_pixels
from cogmodels.gaze.i2mc import detect_i2mc, i2mc_fixations
from cogmodels.gaze.ihmm import IHMM, ihmm_states
from cogmodels.gaze.nystrom_holmqvist import peak_threshold
from cogmodels.gaze.recording import Recording, Screen
from cogmodels.gaze.remodnav import remodnav_events

SCREEN = Screen((1280, 1024), (0.38, 0.304), 0.68)


def scene(rate=500.0, *, noise=0.02, seed=0, seconds=6.0, oscillation=0.0):
    """Fixations of 300 ms at known places, joined by minimum-jerk saccades, with a blink; labels 1, 2, 5."""
    rng = np.random.default_rng(seed)
    places, labels = [np.zeros((round(0.3 * rate), 2))], [np.ones(round(0.3 * rate), int)]
    here = np.zeros(2)
    while sum(map(len, labels)) < seconds * rate:
        there = rng.uniform(-9, 9, 2)
        n = max(4, round((0.021 + 0.0022 * np.hypot(*(there - here))) * rate))
        t = np.linspace(0, 1, n)[:, None]
        places += [here + (10 * t**3 - 15 * t**4 + 6 * t**5) * (there - here), np.tile(there, (round(0.3 * rate), 1))]
        after = np.arange(round(0.3 * rate)) / rate
        places[-1] = places[-1] + oscillation * (np.exp(-after / 0.01) * np.sin(after * 2 * np.pi * 40))[:, None]
        labels += [np.full(n, 2), np.ones(round(0.3 * rate), int)]
        here = there
    degrees, labels = np.concatenate(places), np.concatenate(labels)
    degrees += rng.normal(0, noise, degrees.shape)
    blink = slice(round(2.0 * rate), round(2.15 * rate))
    degrees[blink], labels[blink] = np.nan, 5
    x, y = degrees_to_pixels(*degrees.T, SCREEN)
    return Recording(time=np.arange(len(x)) / rate, x=x, y=y, sampling_rate=rate, screen=SCREEN), labels


def f1(events, labels, kind, label):
    found = np.zeros(len(labels), bool)
    for event in events[events["event"] == kind].itertuples():
        found[event.start_sample : event.stop_sample] = True
    return 2 * (found & (labels == label)).sum() / (found.sum() + (labels == label).sum())


def check_table(events, recording):
    assert list(events.columns) == EVENT_COLUMNS
    starts, stops = events["start_sample"].to_numpy(), events["stop_sample"].to_numpy()
    assert (starts[1:] >= stops[:-1]).all()
    assert (stops > starts).all()
    covered = np.zeros(recording.n_samples, bool)
    for start, stop in zip(starts, stops, strict=True):
        covered[start:stop] = True
    assert covered[recording.lost != 0].all()
    fixations = events[events["event"] == "fixation"]
    assert np.isfinite(fixations[["x", "y", "dispersion_deg"]].to_numpy()).all()


@pytest.mark.parametrize("rate", [60.0, 120.0, 250.0, 300.0, 1000.0])
@pytest.mark.parametrize("detector", DETECTORS)
def test_fixations_are_found_at_every_rate(detector, rate):
    recording, labels = scene(rate)
    events = detect_events(recording, detector)
    check_table(events, recording)
    assert f1(events, labels, "blink", 5) > 0.85
    # Slow phases of pursuit and fixation are told apart by 40 ms and more: not at 60 Hz.
    if not (detector in ("remodnav", "nystrom_holmqvist") and rate < 200):
        assert f1(events, labels, "fixation", 1) > 0.85


@pytest.mark.parametrize("detector", [name for name in DETECTORS if name not in ("i2mc", "idt")])
def test_saccades_are_found(detector):
    recording, labels = scene(500.0)
    events = detect_events(recording, detector)
    assert f1(events, labels, "saccade", 2) > 0.7


@pytest.mark.parametrize("detector", ["remodnav", "nystrom_holmqvist"])
def test_oscillations_follow_saccades(detector):
    recording, _ = scene(500.0, oscillation=0.6, noise=0.01, seconds=12.0)
    events = detect_events(recording, detector)
    psos = np.flatnonzero(events["event"] == "pso")
    assert len(psos) > 5
    assert (events["event"].to_numpy()[psos - 1] == "saccade").all()
    assert (events["stop_sample"].to_numpy()[psos - 1] == events["start_sample"].to_numpy()[psos]).all()


def test_remodnav_knows_pursuit():
    n = 3000
    degrees = np.where(np.arange(n) < 1500, 0.0, (np.arange(n) - 1500) / 500 * 4.0)
    x, y = degrees_to_pixels(degrees + np.random.default_rng(0).normal(0, 0.01, n), np.zeros(n), SCREEN)
    recording = Recording(time=np.arange(n) / 500, x=x, y=y, sampling_rate=500.0, screen=SCREEN)
    events = detect_events(recording, "remodnav")
    assert list(events["event"]) == ["fixation", "pursuit"]
    assert abs(events["start_sample"][1] - 1500) < 50


@pytest.mark.parametrize("detector", DETECTORS)
def test_hard_recordings(detector):
    recording, _ = scene(500.0)
    lost = recording.lost.copy()
    # Losses at both ends, single samples seen between losses, a pause.
    lost[:7], lost[-3:], lost[600:700:2] = 1, 1, 1
    time = recording.time + np.where(np.arange(recording.n_samples) >= 1500, 2.0, 0.0)
    hard = Recording(time=time, x=recording.x, y=recording.y, sampling_rate=500.0, screen=SCREEN, lost=lost)
    events = detect_events(hard, detector)
    check_table(events, hard)
    spans = events[(events["start_sample"] < 1500) & (events["stop_sample"] > 1500)]
    assert not len(spans)
    with pytest.raises(DataError, match="there is no parameter `magic`"):
        detect_events(recording, detector, magic=1)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.sampled_from([-8.0, 0.0, 0.3, 8.0, np.nan]), st.integers(1, 90)), min_size=1, max_size=8),
    st.sampled_from([30.0, 120.0, 500.0]),
)
def test_no_detector_breaks(pieces, rate):
    degrees = np.concatenate([np.full(n, at) for at, n in [(1.0, 10), *pieces]])
    degrees += np.random.default_rng(0).normal(0, 0.01, len(degrees))
    x, y = degrees_to_pixels(degrees, np.roll(degrees, 1) * 0.3 + degrees, SCREEN)
    recording = Recording(time=np.arange(len(x)) / rate, x=x, y=y, sampling_rate=rate, screen=SCREEN)
    for detector in DETECTORS:
        try:
            events = detect_events(recording, detector)
        except DataError:
            # Where half of the samples are lost there may be no velocity to take a threshold from.
            assert detector == "engbert_kliegl"
            continue
        check_table(events, recording)


def test_constant_gaze_is_one_fixation():
    recording = Recording(
        time=np.arange(500) / 500, x=np.full(500, 600.0), y=np.full(500, 500.0), sampling_rate=500.0, screen=SCREEN
    )
    for detector in DETECTORS:
        if detector not in ("engbert_kliegl", "i2mc"):
            assert list(detect_events(recording, detector)["event"]) == ["fixation"], detector


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=40), st.integers(2, 9))
def test_running_median_is_scipys(values, size):
    values = np.array(values)
    out = np.empty(len(values))
    filters.running_median(values, size, out)
    if size <= len(values):
        np.testing.assert_array_equal(out, median_filter(values, size=size))


def test_running_median_leaves_losses_out():
    out = np.empty(6)
    filters.running_median(np.array([1.0, np.nan, 3.0, 100.0, 5.0, 5.0]), 3, out)
    np.testing.assert_array_equal(out, [1.0, np.nan, 100.0, 5.0, 5.0, 5.0])


@pytest.mark.parametrize(("rate", "n"), [(60, 11), (60, 250), (120, 40), (120, 2000), (250, 500)])
def test_low_pass_is_scipys_where_that_is_exact(rate, n):
    b, a = butter(5, 8 / rate)
    poles = butter(5, 8 / rate, output="zpk")[1].astype(complex)
    x, y = np.cumsum(np.random.default_rng(n).normal(size=(2, n)), axis=1) + 500
    for ours, values in zip(lowpass_both(b, a, poles, x, y), (x, y), strict=True):
        np.testing.assert_allclose(ours, filtfilt(b, a, values, method="gust"), atol=1e-3)


@pytest.mark.parametrize("n", [5, 12, 40, 400])
def test_low_pass_keeps_the_position_of_short_periods(n):
    # scipy's returns values near 0 here.
    b, a = butter(5, 8 / 2000)
    poles = butter(5, 8 / 2000, output="zpk")[1].astype(complex)
    x = 500 + np.random.default_rng(n).normal(size=n)
    slow, moved = lowpass_both(b, a, poles, x, x + 1000)
    assert abs(slow - 500).max() < 4
    np.testing.assert_allclose(moved, slow + 1000, atol=1e-6)


def test_remodnav_refuses_rates_below_its_low_pass():
    with pytest.raises(DataError, match="8 Hz is too slow"):
        remodnav_events(np.zeros(10), np.zeros(10), 0.03, 8.0)
    assert len(remodnav_events(np.full(100, np.nan), np.zeros(100), 0.03, 500.0)) == 0


def test_steffen_keeps_to_the_points():
    known, values = np.array([0, 1, 6, 7]), np.array([0.0, 0.0, 1.0, 1.0])
    filled = steffen(known, values, np.arange(8))
    np.testing.assert_allclose(filled[known], values)
    assert (np.diff(filled) >= -1e-12).all()


def test_gaps_are_filled_only_where_gaze_stays():
    x = np.arange(60.0)
    x[20:25] = np.nan
    y = np.zeros(60)
    np.testing.assert_allclose(fill_gaps(x, y, 0.1, 2, 100.0, 50.0)[0], np.arange(60.0))
    assert np.isnan(fill_gaps(x, y, 0.1, 2, 100.0, 3.0)[0][20:25]).all()
    assert np.isnan(fill_gaps(x, y, 0.04, 2, 100.0, 50.0)[0][20:25]).all()


def test_i2mc_takes_two_eyes():
    left, labels = scene(300.0, noise=0.3)
    other, _ = scene(300.0, noise=0.3)
    shifted = Recording(time=left.time, x=other.x + 12, y=other.y, sampling_rate=300.0, screen=SCREEN)
    events = detect_i2mc(left, shifted)
    assert f1(events, labels, "fixation", 1) > 0.85
    assert events["x"].dropna().iloc[0] == pytest.approx(639.5 + 6, abs=6)
    late = Recording(time=left.time + 1, x=left.x, y=left.y, sampling_rate=300.0, screen=SCREEN)
    with pytest.raises(DataError, match="eyes differ in their times"):
        detect_i2mc(left, late)
    assert len(i2mc_fixations(np.arange(2.0), [(np.zeros(2), np.zeros(2))], 1.0, 100.0)[0]) == 0


def test_i2mc_is_the_same_twice():
    recording, _ = scene(300.0, noise=0.5)
    one, two = (detect_events(recording, "i2mc", seed=3) for _ in range(2))
    assert one.equals(two)


def test_hidden_markov_model_learns_its_states():
    rng = np.random.default_rng(0)
    truth = np.repeat(np.tile([0, 1], 50), np.tile([100, 15], 50))
    speed = np.exp(
        np.where(truth == 0, rng.normal(np.log(3), 0.5, len(truth)), rng.normal(np.log(200), 0.4, len(truth)))
    )
    gaps = np.zeros(len(speed), bool)
    gaps[0] = True
    states, model = ihmm_states(speed, gaps, 500.0, IHMM(iterations=50))
    assert (states == truth).mean() > 0.995
    assert model["velocity"] == pytest.approx([3, 200], rel=0.05)
    assert model["spread"] == pytest.approx([0.5, 0.4], rel=0.1)
    assert model["duration_s"] == pytest.approx([0.2, 0.03], rel=0.1)
    unknown, _ = ihmm_states(np.full(50, np.nan), gaps[:50], 500.0, IHMM(iterations=0))
    assert (unknown == 0).all()


def test_peak_threshold_leaves_saccades_out():
    speed = np.abs(np.random.default_rng(0).normal(5, 2, 10_000))
    speed[::200] = 300
    peak, onset = peak_threshold(speed)
    calm = speed[speed < 100]
    assert peak == pytest.approx(calm.mean() + 6 * calm.std(ddof=1), abs=1)
    assert onset == pytest.approx(calm.mean() + 3 * calm.std(ddof=1), abs=1)
    assert peak_threshold(np.full(10, np.nan)) == (np.inf, np.inf)


@pytest.mark.parametrize(
    ("rows", "kind"), [(10, "full"), (10, "lost"), (10, "twice"), (4, "full"), (1, "full"), (6, "zero")]
)
def test_shortest_solutions_are_those_of_least_squares(rows, kind):
    rng = np.random.default_rng(rows)
    left, right = np.triu(rng.normal(size=(rows, 10))), rng.normal(size=(rows, 2))
    if kind == "lost":
        left[:, 3] = 0
    elif kind == "twice":
        left[:, 3] = 2 * left[:, 5]
    elif kind == "zero":
        left[:] = 0
    expected = np.linalg.lstsq(left, right, rcond=np.finfo(float).eps * 4)[0]
    scale = np.linalg.norm(expected) * max(1.0, np.linalg.cond(left[:, :rows]) if kind == "full" else 1e3)
    np.testing.assert_allclose(_shortest_solution(left, right), expected, atol=1e-14 * scale)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 64, 1000])
def test_equal_keys_keep_their_order(n):
    keys = np.random.default_rng(n).integers(0, 1 + n // 3, n).astype(float)
    np.testing.assert_array_equal(_stable_order(keys), np.argsort(keys, kind="stable"))
