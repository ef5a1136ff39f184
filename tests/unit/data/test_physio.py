"""Eye tracking as BIDS 1.11."""

import numpy as np
import pandas as pd
import pytest
from bids_validator import BIDSValidator

from cogmodels.data.bids import read_json, write_json, write_tsv
from cogmodels.data.physio import (
    read_physio,
    read_physioevents,
    read_samples,
    read_screen,
    read_trials,
    write_physio,
    write_samples,
)
from cogmodels.errors import DataError
from cogmodels.files import digest

SIDECAR = {
    "SamplingFrequency": 500.0, "StartTime": 0.0, "PhysioType": "eyetrack", "RecordedEye": "right",
    "SampleCoordinateSystem": "gaze-on-screen", "timestamp": {"Units": "ms"},
    "x_coordinate": {"Units": "pixel"}, "y_coordinate": {"Units": "pixel"},
}  # fmt: skip
SCREEN = {
    "ScreenDistance": 0.6,
    "ScreenOrigin": ["top", "left"],
    "ScreenResolution": [800, 600],
    "ScreenSize": [0.4, 0.3],
}


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "sub-01" / "beh" / "sub-01_task-look_recording-eye1_physio.tsv.gz"
    samples = pd.DataFrame({
        "timestamp": [0, 2, 4], "x_coordinate": [1.5, np.nan, 3.0], "y_coordinate": [2.0, np.nan, 4.0], "pupil_size": [5, 0, 6],
    })  # fmt: skip
    events = pd.DataFrame({"onset": [0], "duration": [0.004], "trial_type": ["fixation"], "message": [None]})
    files = write_physio(path, samples, SIDECAR, events=events)
    write_json(path.with_name("sub-01_task-look_events.json"), {"StimulusPresentation": SCREEN})
    return path, samples, files


def test_samples_come_back_and_names_are_bids(recording, tmp_path):
    path, samples, files = recording
    back, sidecar = read_physio(path)
    np.testing.assert_array_equal(back.to_numpy(dtype=float), samples.to_numpy(dtype=float))
    assert sidecar["Columns"] == list(samples.columns)
    assert read_physioevents(path)["trial_type"].tolist() == ["fixation"]
    assert read_screen(path) == SCREEN
    for file in files:
        assert BIDSValidator().is_bids("/" + file.relative_to(tmp_path).as_posix()), file.name
    before = digest(path)
    write_physio(path, samples, SIDECAR)
    assert digest(path) == before


@pytest.mark.parametrize(
    "field", ["SamplingFrequency", "StartTime", "PhysioType", "RecordedEye", "SampleCoordinateSystem"]
)
def test_a_required_field_that_is_missing_is_named(recording, field):
    path, samples, _ = recording
    with pytest.raises(DataError, match=f"lacks {field}"):
        write_physio(path, samples, {key: value for key, value in SIDECAR.items() if key != field})


def test_a_sample_that_is_no_number_is_named_by_its_line(recording):
    path, samples, _ = recording
    write_tsv(path, samples.assign(x_coordinate=["1.5", "?", "3"]), header=False)
    with pytest.raises(DataError, match=r"`\?` in line 2, column x_coordinate"):
        read_physio(path)


def test_a_screen_without_geometry_is_named(recording):
    path, _, _ = recording
    write_json(path.with_name("sub-01_task-look_events.json"), {"StimulusPresentation": {"ScreenResolution": [1, 1]}})
    with pytest.raises(DataError, match="lacks ScreenDistance, ScreenOrigin, ScreenSize"):
        read_screen(path)


def test_trials_come_from_the_events_or_are_the_whole_recording(recording):
    path, _, _ = recording
    assert read_trials(path)["stimulus"].tolist() == ["none"]
    events = pd.DataFrame(
        {"onset": [0.0, 1.0, 2.0], "duration": 0.5, "trial": [1, None, 2], "stimulus_id": ["a", None, "b"]}
    )
    write_tsv(path.with_name("sub-01_task-look_events.tsv"), events)
    trials = read_trials(path)
    assert trials["stimulus"].tolist() == ["a", "b"]
    assert trials["onset"].tolist() == [0.0, 2.0]


def test_processed_samples_keep_their_facts(tmp_path):
    frame = pd.DataFrame({"time": [0.0, 0.1], "x": [1.0, np.nan]})
    write_samples(tmp_path / "s.parquet", frame, {"screen": SCREEN})
    back, facts = read_samples(tmp_path / "s.parquet")
    pd.testing.assert_frame_equal(back, frame)
    assert facts == {"screen": SCREEN}
    (tmp_path / "s.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="cannot be read"):
        read_samples(tmp_path / "s.parquet")


def test_a_sidecar_of_another_kind_is_refused(recording):
    path, _, _ = recording
    beside = path.with_name(path.name.replace(".tsv.gz", ".json"))
    write_json(beside, {**read_json(beside), "PhysioType": "generic"})
    with pytest.raises(DataError, match="not 'eyetrack'"):
        read_physio(path)
