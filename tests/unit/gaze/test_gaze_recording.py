"""Recordings, their screen, and the degrees of their pixels."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogmodels.errors import DataError
from cogmodels.gaze import geometry
from cogmodels.gaze.recording import MISSING, Recording, Screen, recording_from_physio

SCREEN = Screen((1024, 768), (0.38, 0.30), 0.67)
STIMULUS_PRESENTATION = {
    "ScreenDistance": 0.67,
    "ScreenOrigin": ["top", "left"],
    "ScreenResolution": [1024, 768],
    "ScreenSize": [0.38, 0.30],
}
SIDECAR = {"SamplingFrequency": 500.0, "StartTime": 1.5, "RecordedEye": "Left", "timestamp": {"Units": "ms"}}


def physio(n: int = 50, step: float = 2.0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "timestamp": 1000 + step * np.arange(n),
            "x_coordinate": np.linspace(100.0, 200.0, n),
            "y_coordinate": np.full(n, 300.0),
            "pupil_size": np.full(n, 800.0),
        }
    )


def test_physio_becomes_a_recording_on_the_events_clock():
    recording = recording_from_physio(physio(), SIDECAR, {"StimulusPresentation": STIMULUS_PRESENTATION})
    assert recording.time[0] == 1.5
    assert recording.time[-1] == pytest.approx(1.5 + 49 * 0.002)
    assert recording.eye == "left"
    assert recording.screen == SCREEN
    assert recording.pupil is not None
    assert not recording.lost.any()


@pytest.mark.parametrize(("unit", "step"), [("s", 0.002), ("ms", 2.0), ("us", 2000.0)])
def test_unit_of_time_stamps_is_inferred_from_the_rate(unit, step):
    sidecar = {key: value for key, value in SIDECAR.items() if key != "timestamp"}
    inferred = recording_from_physio(physio(step=step), sidecar, STIMULUS_PRESENTATION)
    stated = recording_from_physio(physio(step=step), sidecar | {"timestamp": {"Units": unit}}, STIMULUS_PRESENTATION)
    np.testing.assert_allclose(inferred.time, stated.time)
    np.testing.assert_allclose(np.diff(inferred.time), 0.002)


def test_samples_survive_the_round_trip():
    samples = physio()
    samples.loc[3:5, ["x_coordinate", "y_coordinate"]] = np.nan
    recording = recording_from_physio(samples, SIDECAR, STIMULUS_PRESENTATION, subject="01", source="file")
    again = Recording.from_samples(*recording.to_samples())
    for name in ("time", "x", "y", "pupil", "lost"):
        np.testing.assert_array_equal(getattr(again, name), getattr(recording, name))
    assert (again.screen, again.eye, again.subject, again.source) == (SCREEN, "left", "01", "file")
    assert again.sampling_rate == 500.0


def test_a_sample_lost_on_one_axis_is_lost_on_both():
    samples = physio()
    samples.loc[7, "x_coordinate"] = np.nan
    samples.loc[8, "y_coordinate"] = np.inf
    recording = recording_from_physio(samples, SIDECAR, STIMULUS_PRESENTATION)
    assert list(np.flatnonzero(recording.lost)) == [7, 8]
    assert (recording.lost[[7, 8]] == MISSING).all()
    assert np.isnan([recording.x[7], recording.y[7], recording.x[8], recording.y[8]]).all()


def test_pauses_are_gaps():
    time = np.concatenate([np.arange(10), np.arange(20, 30)]) / 100
    recording = Recording(time=time, x=np.ones(20), y=np.ones(20), sampling_rate=100.0, screen=SCREEN)
    assert list(np.flatnonzero(recording.gaps)) == [0, 10]


def _broken(**changes):
    samples, sidecar, screen = physio(), dict(SIDECAR), dict(STIMULUS_PRESENTATION)
    for name, value in changes.items():
        {"sidecar": sidecar.update, "screen": screen.update}.get(name, lambda v: samples.update(v))(value)
    return samples, sidecar, screen


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"samples": pd.DataFrame({"timestamp": [1000.0, 1004.0, 1002.0]})}, "does not increase at sample 2"),
        ({"samples": pd.DataFrame({"timestamp": [1000.0, 1002.0, 1002.0]})}, "does not increase at sample 2"),
        ({"sidecar": {"SamplingFrequency": 200.0}}, "200 Hz, but time stamps step at 500 Hz"),
        ({"sidecar": {"SamplingFrequency": None}}, "no sampling rate"),
        ({"sidecar": {"timestamp": {"Units": "frames"}}}, "time stamps in `frames`"),
        ({"sidecar": {"SamplingFrequency": 60.0, "timestamp": {}}}, "fit 60 Hz in no unit"),
        ({"sidecar": {"x_coordinate": {"Units": "degree"}}}, "not in pixels"),
        ({"screen": {"ScreenResolution": [0, 0]}}, "0 x 0 px"),
        ({"screen": {"ScreenSize": [38.0, 30.0]}}, "not given in metres"),
        ({"screen": {"ScreenDistance": None}}, "lacks `ScreenDistance`"),
        ({"screen": {"ScreenOrigin": ["bottom", "left"]}}, "not its top left"),
    ],
)
def test_what_would_give_wrong_degrees_is_refused(changes, message):
    with pytest.raises(DataError, match=message):
        recording_from_physio(*_broken(**changes))


def test_recordings_without_gaze_are_refused():
    samples = physio()
    samples["x_coordinate"] = np.nan
    with pytest.raises(DataError, match="all 50 samples are lost"):
        recording_from_physio(samples, SIDECAR, STIMULUS_PRESENTATION)
    with pytest.raises(DataError, match="`y_coordinate` is missing"):
        recording_from_physio(samples.drop(columns="y_coordinate"), SIDECAR, STIMULUS_PRESENTATION)
    with pytest.raises(DataError, match="0 samples"):
        recording_from_physio(samples.iloc[:0], SIDECAR, STIMULUS_PRESENTATION)


def test_degrees_are_those_of_pymovements():
    # atan2(px - (res - 1) / 2, distance * res / size), per axis.
    x, y = geometry.pixels_to_degrees(np.array([0.0, 511.5, 1023.0]), np.array([0.0, 383.5, 767.0]), SCREEN)
    corner = np.degrees(np.arctan2(511.5, 67 * 1024 / 38)), np.degrees(np.arctan2(383.5, 67 * 768 / 30))
    np.testing.assert_allclose(x, [-corner[0], 0, corner[0]], atol=1e-12)
    np.testing.assert_allclose(y, [-corner[1], 0, corner[1]], atol=1e-12)


positions = st.floats(-3000, 3000)


@given(x=positions, y=positions)
def test_geometry_has_inverses(x, y):
    for there, back in (
        (geometry.pixels_to_degrees, geometry.degrees_to_pixels),
        (geometry.pixels_to_fick, geometry.fick_to_pixels),
    ):
        np.testing.assert_allclose(back(*there(x, y, SCREEN), SCREEN), (x, y), atol=1e-6)


@given(azimuth=st.floats(-89, 89), elevation=st.floats(-89, 89), length=st.floats(0.1, 10))
def test_fick_vectors_have_inverses(azimuth, elevation, length):
    vector = length * geometry.fick_to_vector(azimuth, elevation)
    np.testing.assert_allclose(geometry.vector_to_fick(vector), (azimuth, elevation), atol=1e-8)


def test_fick_values_of_etdqualitizer():
    np.testing.assert_allclose(
        geometry.fick_to_vector(30, 10), [0.49240387650610395, 0.17364817766693033, 0.8528685319524433], rtol=1e-15
    )
    np.testing.assert_allclose(
        geometry.vector_to_fick(np.array([0.5, 0.2, 0.8])), [32.005383208083494, 11.969463124607309], rtol=1e-15
    )


def test_pixels_per_degree_of_the_screen():
    # 1 degree at 67 cm is 1.1694 cm: 31.51 px across, 29.94 px down.
    assert geometry.pixels_per_degree(SCREEN) == pytest.approx((31.512 + 29.936) / 2, abs=0.01)
