"""Readers on real exports: counts, first and last samples as the reference tables have them."""

import numpy as np
import pytest

from cogmodels.data.gaze_files.asc import read_asc
from cogmodels.data.gaze_files.tables import ColumnMap, read_columns, read_tobii

NAN = np.nan
# File: rate, screen, samples, MSG lines; eye: first and last sample; fixations, saccades, blinks; blocks without END.
SNIPPETS = {
    "eyelink_monocular_example": (
        1000, (1280, 1024), 16, 102, {"left": ([138.1, 132.8, 778.0], [637.3, 531.2, 618.0])}, (2, 1, 0), 0,
    ),
    "eyelink_monocular_2khz_example": (
        2000, (1280, 1024), 16, 102, {"left": ([138.1, 132.8, 778.0], [637.3, 531.2, 618.0])}, (2, 1, 0), 0,
    ),
    "eyelink_monocular_no_dummy_example": (
        500, (1920, 1080), 297, 57, {"left": ([NAN, NAN, NAN], [120.3, 551.3, 445.0])}, (2, 2, 2), 1,
    ),
    "eyelink_binocular_example": (
        1000, (1920, 1080), 368, 109,
        {"left": ([964.3, 541.5, 288.0], [960.5, 541.2, 287.0]), "right": ([960.5, 538.8, 305.0], [940.6, 538.1, 317.0])},
        (4, 2, 2), 0,
    ),
    "raccoons": (1000, (1920, 1080), 433, 56, {"left": ([1006.9, 1189.0, 441.0], [160.8, 438.2, 432.0])}, (1, 1, 1), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", SNIPPETS)
def test_eyelink_text(mirror, name):
    rate, screen, samples, messages, eyes, events, open_blocks = SNIPPETS[name]
    found = read_asc(mirror / f"asc-snippets/tests/files/{name}.asc")
    assert (found.sampling_rate, found.screen_resolution, len(found.times)) == (rate, screen, samples)
    assert len(found.messages) == messages
    assert list(found.eyes) == list(eyes)
    for eye, (first, last) in eyes.items():
        np.testing.assert_array_equal(found.eyes[eye][[0, -1]], [first, last])
    kinds = found.events["trial_type"]
    assert tuple(int((kinds == kind).sum()) for kind in ("fixation", "saccade", "blink")) == events
    assert found.header["blocks_without_end"] == open_blocks
    assert (found.calibrations["quality"] == "GOOD").all()
    assert sorted(set(found.calibrations["eye"])) == list(eyes)


def test_event_durations_include_their_last_sample(mirror):
    durations = [
        read_asc(mirror / f"asc-snippets/tests/files/eyelink_monocular{name}_example.asc").events["duration"].iloc[0]
        for name in ("", "_2khz")
    ]
    assert durations == pytest.approx([0.133, 0.1325])


def test_tobii_recordings(mirror):
    files = sorted((mirror / "i2mc/example/example_data").rglob("*.tsv"))
    found = [read_tobii(file, (1920, 1080)) for file in files]
    assert len(files) == 10
    assert sum(len(one.times) for one in found) == 10750
    for one in found:
        assert one.sampling_rate == pytest.approx(300, rel=0.01)
        assert np.nanmedian(one.distance_m) == pytest.approx(0.62, abs=0.08)
        for values in one.eyes.values():
            inside = np.isfinite(values[:, 0])
            assert 0.5 < inside.mean() <= 1
            assert np.median(values[inside, 0]) == pytest.approx(960, abs=700)


@pytest.mark.parametrize(
    ("name", "eyes", "samples", "rate"),
    [
        ("EyeLink_1000+_binocular_1000Hz", ["left", "right"], 20916, 1000),
        ("EyeLink_1000+_right_1000Hz", ["right"], 21599, 1000),
        ("SMI_RED500_500Hz", ["left", "right"], 10494, 500),
        ("Tobii_Spectrum_120Hz", ["left", "right"], 2510, 120),
        ("Tobii_Spectrum_600Hz", ["left", "right"], 12959, 600),
    ],
)
def test_tables_of_other_trackers(mirror, name, eyes, samples, rate):
    roles = {"time": "timestamp"} | {f"{eye}_{axis}": f"{eye}_{axis}" for eye in eyes for axis in "xy"}
    found = read_columns(
        mirror / f"etdq/example/data/{name}.tsv", ColumnMap(roles, origin="center", screen_resolution=(1920, 1080))
    )
    assert list(found.eyes) == eyes
    assert len(found.times) == samples
    assert found.sampling_rate == pytest.approx(rate, rel=1e-3)
