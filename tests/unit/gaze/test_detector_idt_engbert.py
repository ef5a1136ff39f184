"""I-DT and Engbert-Kliegl on gaze whose truth is known, and beside plain versions of their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogmodels.errors import DataError
from cogmodels.gaze.detectors import detect_events
from cogmodels.gaze.engbert import binocular_saccades, engbert_saccades, velocity_sigma
from cogmodels.gaze.events import EVENT_COLUMNS
from cogmodels.gaze.geometry import degrees_to_pixels
from cogmodels.gaze.idt import idt_runs
from cogmodels.gaze.recording import Recording, Screen

SCREEN = Screen((1280, 1024), (0.38, 0.304), 0.68)
POSITIONS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0, 3.0, np.nan]), st.sampled_from([0.0, 0.5, 2.0]), st.integers(1, 9)),
    max_size=12,
)


def stairs(*steps, rate=500.0, noise=0.0, seed=0):
    """Gaze that rests at (x, y) degrees for some samples each."""
    x, y = (np.concatenate([np.full(step[-1], float(step[axis])) for step in steps]) for axis in (0, 1))
    rng = np.random.default_rng(seed)
    x, y = x + rng.normal(0, noise, len(x)), y + rng.normal(0, noise, len(y))
    x, y = degrees_to_pixels(x, np.where(np.isnan(x), np.nan, y), SCREEN)
    return Recording(time=np.arange(len(x)) / rate, x=x, y=y, sampling_rate=rate, screen=SCREEN)


def plain_idt(x, y, threshold, minimum):
    """The definition word by word: quadratic, over Python lists."""

    def dispersion(a, b):
        ranges = [[v for v in values[a:b] if v == v] for values in (x, y)]
        return sum(max(r) - min(r) for r in ranges) if all(ranges) else np.nan

    found, start, n = [], 0, len(x)
    while start + minimum <= n:
        stop = start + minimum
        if not dispersion(start, stop) <= threshold:
            start += 1
            continue
        while dispersion(start, stop) < threshold and stop < n:
            stop += 1
        lost = [bool(np.isnan(x[i] + y[i])) for i in range(start, stop - 1)]
        if not any(lost):
            found.append((start, stop))
        else:
            seen = [start + i for i, gone in enumerate(lost) if not gone]
            for first in [i for i in seen if i - 1 not in seen]:
                end = next(j for j in range(first, stop) if j not in seen)
                if end - first >= minimum:
                    found.append((first, end))
        start = stop
    return found


@given(POSITIONS, st.sampled_from([0.5, 1.0, 2.5]), st.integers(2, 8))
def test_idt_follows_the_definition(steps, threshold, minimum):
    x = np.concatenate([np.full(n, x) for x, _, n in steps]) if steps else np.zeros(0)
    y = np.concatenate([np.full(n, y) for _, y, n in steps]) if steps else np.zeros(0)
    y[np.isnan(x)] = np.nan
    starts, stops = idt_runs(x, y, threshold, minimum)
    assert list(zip(starts, stops, strict=True)) == plain_idt(x, y, threshold, minimum)


def test_idt_windows_on_noise():
    rng = np.random.default_rng(3)
    x, y = np.cumsum(rng.normal(0, 0.1, (2, 600)), axis=1)
    x[100:103] = y[100:103] = np.nan
    starts, stops = idt_runs(x, y, 1.0, 20)
    assert list(zip(starts, stops, strict=True)) == plain_idt(x, y, 1.0, 20)
    assert len(starts) > 5
    assert len(idt_runs(x, y, 1.0, 20, include_lost=True)[0]) <= len(starts)


def test_idt_knows_the_peers_example():
    x = np.repeat([0.0, 1, 2, 3, 1, 2], [2, 3, 4, 102, 39, 50])
    y = np.repeat([0.0, 2, 3, 4, 1, 2], [2, 3, 4, 102, 39, 50])
    starts, stops = idt_runs(x, y, 1.0, 100)
    assert (list(starts), list(stops - 1)) == ([9], [111])
    starts, stops = idt_runs(x, y, 0.5, 50)
    assert (list(starts), list(stops - 1)) == ([9, 150], [111, 199])


def test_idt_detector_ends_before_gaze_leaves():
    recording = stairs((-5, 0, 100), (0, 0, 4), (5, 0, 100), (np.nan, 0, 50), (5, 0, 100))
    events = detect_events(recording, "idt", minimum_saccade_s=0.004)
    assert list(events.columns) == EVENT_COLUMNS
    assert list(events["event"]) == ["fixation", "saccade", "fixation", "blink", "fixation"]
    assert list(events["start_sample"]) == [0, 100, 104, 204, 254]
    assert list(events["stop_sample"]) == [100, 104, 204, 254, 354]
    assert (events["dispersion_deg"].dropna()[[0, 2, 4]] < 1e-9).all()


def test_idt_refuses_what_it_cannot_use():
    with pytest.raises(DataError, match="Give one y an x"):
        idt_runs(np.zeros(3), np.zeros(4), 1.0, 2)
    with pytest.raises(DataError, match="two samples or more"):
        idt_runs(np.zeros(3), np.zeros(3), 1.0, 1)
    with pytest.raises(DataError, match="`minimum_fixation_s` is 0"):
        detect_events(stairs((0, 0, 100)), "idt", minimum_fixation_s=0.0)
    assert len(idt_runs(np.full(9, np.nan), np.full(9, np.nan), 1.0, 2)[0]) == 0


@given(st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(np.nan)), min_size=1, max_size=80), st.sampled_from([0, 1]))
def test_sigma_is_its_definition(values, which):
    v = np.array(values)
    if np.isnan(v).all():
        assert velocity_sigma(v) == 0
        return
    m = np.nanmedian(v)
    variance = [np.nanmedian((v - m) ** 2), max(np.nanmedian(v**2) - m**2, 0)][which]
    assert velocity_sigma(v, ("engbert2015", "engbert2003")[which]) == pytest.approx(np.sqrt(variance), abs=1e-9)


def test_sigma_holds_where_its_guess_misleads():
    # Every second of the values that are guessed from is far off.
    v = np.random.default_rng(0).normal(size=200_001)
    v[:: 2 * (len(v) // 4096)] = 1e6
    assert velocity_sigma(v) == pytest.approx(np.sqrt(np.median((v - np.median(v)) ** 2)), rel=1e-12)
    v[:: len(v) // 4096] = 1e6
    assert velocity_sigma(v) == pytest.approx(np.sqrt(np.median((v - np.median(v)) ** 2)), rel=1e-12)


def moving(n=1000, saccades=((200, 212), (600, 612)), seed=0):
    rng = np.random.default_rng(seed)
    vx, vy = rng.normal(0, 1, (2, n))
    for a, b in saccades:
        vx[a:b] += 100
    return vx, vy


def test_engbert_finds_what_leaves_the_ellipse():
    vx, vy = moving()
    vx[205], time = np.nan, np.arange(1000) * 2.0
    starts, stops = engbert_saccades(vx, vy, time, minimum_duration=6)
    # A sample without velocity divides a saccade.
    assert list(zip(starts, stops, strict=True)) == [(200, 205), (206, 212), (600, 612)]
    assert len(engbert_saccades(vx, vy, time, minimum_duration=12)[0]) == 1
    assert len(engbert_saccades(vx, vy, time, minimum_duration=6, threshold_factor=1000)[0]) == 0


def test_binocular_saccades_need_both_eyes():
    time = np.arange(1000) * 2.0
    left = moving(saccades=((100, 120), (300, 310), (500, 520), (530, 550), (700, 710)))
    right = moving(saccades=((110, 125), (310, 320), (515, 535), (900, 920)), seed=1)
    starts, stops = binocular_saccades(left, right, time, minimum_duration=6)
    # 300-310 and 310-320 touch but do not overlap; 500-520 and 530-550 are joined by the other eye's 515-535.
    assert list(zip(starts, stops, strict=True)) == [(100, 125), (500, 550)]
    swapped = binocular_saccades(right, left, time, minimum_duration=6)
    assert [list(a) for a in swapped] == [list(starts), list(stops)]


def test_engbert_detector_on_steps():
    recording = stairs((-1, 0, 200), (0, 1, 200), (np.nan, 0, 60), (0, 1, 200), noise=0.02)
    events = detect_events(recording, "engbert_kliegl")
    assert list(events["event"]) == ["fixation", "saccade", "fixation", "blink", "fixation"]
    saccade = events.iloc[1]
    assert (saccade["start_sample"], saccade["stop_sample"]) == (198, 202)
    assert saccade["amplitude_deg"] == pytest.approx(np.sqrt(2), abs=0.15)
    assert saccade["direction_deg"] == pytest.approx(-45, abs=6)


def test_engbert_refuses_gaze_that_does_not_move():
    with pytest.raises(DataError, match="do not vary"):
        detect_events(stairs((0, 0, 100)), "engbert_kliegl")
    with pytest.raises(DataError, match="right eye: half of the horizontal"):
        binocular_saccades(moving(), (np.zeros(1000), moving()[1]), np.arange(1000.0))
    with pytest.raises(DataError, match="`sigma` is mad"):
        detect_events(stairs((0, 0, 100)), "engbert_kliegl", sigma="mad")
    with pytest.raises(DataError, match="have shapes"):
        engbert_saccades(np.zeros(3), np.zeros(4), np.zeros(3))
