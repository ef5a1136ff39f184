"""The page of a gaze recording, and the style of all pages."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from cogmodels.errors import DataError
from cogmodels.gaze.cleaning import mark_lost
from cogmodels.gaze.detectors import detect_events
from cogmodels.gaze.quality import quality
from cogmodels.gaze.recording import Recording, Screen
from cogmodels.report.gaze import busiest_window, plot_recording
from cogmodels.report.style import new_figure, save_figure

SCREEN = Screen((1920, 1080), (0.53, 0.298), 0.65)


def looking(places: int = 40, seed: int = 0) -> Recording:
    """Fixations of 300 ms with 20-ms saccades, quiet in the first half, and one blink."""
    rng = np.random.default_rng(seed)
    x, y = [np.full(6000, 960.0)], [np.full(6000, 540.0)]
    here = np.array([960.0, 540.0])
    for _ in range(places):
        there = np.array([rng.uniform(200, 1700), rng.uniform(200, 900)])
        path = here + (np.arange(1, 11) / 10)[:, None] * (there - here)
        for values, axis in ((x, 0), (y, 1)):
            values += [path[:, axis], np.full(150, there[axis])]
        here = there
    x, y = (np.concatenate(values) + rng.normal(0, 0.3, 6000 + 160 * places) for values in (x, y))
    x[500:560] = np.nan
    return Recording(time=np.arange(len(x)) / 500, x=x, y=y, sampling_rate=500.0, screen=SCREEN, source="looking")


def page(recording: Recording, **settings):
    cleaned = mark_lost(recording)
    events = detect_events(cleaned, "ivt", **settings)
    return plot_recording(cleaned, events, quality(cleaned, events), title="sub-01")


def texts(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_window_shows_what_there_is_to_see():
    recording = looking()
    events = detect_events(recording, "ivt")
    assert busiest_window(events, recording.time, 6.0) >= 10.0


def test_the_page_holds_the_numbers():
    figure = page(looking())
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert {"Whole recording", "6 s with detected events", "Main sequence", "Data quality"} <= set(titles)
    assert "Fixation durations, median 300 ms" in titles or any("median 29" in title for title in titles)
    assert {"24.8 s", "500 Hz", "40"} <= set(texts(figure))


def test_the_page_is_the_same_each_time(tmp_path):
    for kind, places in (("png", 40), ("svg", 5)):
        for name in "ab":
            save_figure(page(looking(places)), tmp_path / f"{name}.{kind}")
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_nothing_is_drawn_where_recording_was_paused():
    """A pause of 20 s between two halves: no polygon of the overview reaches into it."""
    whole = looking()
    late = replace(whole, time=whole.time + 20.0 * (np.arange(whole.n_samples) >= 6000))
    overview = next(axes for axes in page(late).axes if axes.get_title(loc="left") == "Whole recording")
    start, end = late.time[5999], late.time[6000]
    drawn = [path.vertices[:, 0] for shape in overview.collections for path in shape.get_paths()]
    assert drawn
    assert not any(x.min() < start and x.max() > end for x in drawn)
    assert any(x.max() > end for x in drawn)


def test_a_recording_without_saccades_has_a_page():
    still = Recording(
        time=np.arange(400) / 500, x=np.full(400, 960.0), y=np.full(400, 540.0), sampling_rate=500.0, screen=SCREEN
    )
    figure = page(still)
    assert "no complete saccade" in texts(figure)
    assert "–" in texts(figure)


def test_a_recording_without_any_event_has_a_page(tmp_path):
    short = Recording(
        time=np.arange(10) / 500, x=np.full(10, 960.0), y=np.full(10, 540.0), sampling_rate=500.0, screen=SCREEN
    )
    events = detect_events(short, "ivt")
    assert len(events) == 0
    # What a text file makes of an empty table.
    events = events.astype(str)
    figure = plot_recording(short, events, quality(short, events))
    assert "no fixation" in texts(figure)
    save_figure(figure, tmp_path / "short.png")


def test_figures_are_saved_as_what_we_know(tmp_path):
    figure = new_figure(2, 2)
    for kind in ("png", "svg", "pdf"):
        save_figure(figure, tmp_path / f"figure.{kind}")
        assert (tmp_path / f"figure.{kind}").stat().st_size > 500
    with pytest.raises(DataError, match="not saved as `.gif`"):
        save_figure(figure, tmp_path / "figure.gif")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure.pdf", "figure.png", "figure.svg"]


def test_style_changes_nothing_outside():
    import matplotlib

    before = dict(matplotlib.rcParams)
    page(looking(places=5))
    assert dict(matplotlib.rcParams) == before


def test_imports_are_light():
    code = (
        "import sys, cogmodels.report.gaze, cogmodels.report.fmri, cogmodels.report.eeg, cogmodels.gaze.detectors, "
        "cogmodels.eeg.epochs, cogmodels.eeg.cleaning\n"
        "print([name for name in ('matplotlib', 'mne', 'torch') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
