"""SIMULATED EEG over the gaze of another data set: files, clocks and truth."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.data.bids import read_json, read_tsv, write_json
from cogmodels.data.eeg import read_eeg
from cogmodels.data.physio import read_physio, read_triggers
from cogmodels.data.viewing_truth import read_viewing_truth
from cogmodels.errors import DataError
from cogmodels.simulate.clocks import trigger_times
from cogmodels.simulate.gaze import degrees_to_pixels, pixels_to_degrees
from cogmodels.simulate.study import simulate_subject
from cogmodels.simulate.study_viewing import _real_saccades, describe_viewing, simulate_viewing
from cogmodels.simulate.truth import simulate_truth, write_truth

OPTIONS = {
    "number": 0, "seed": 3, "messages": [], "stimuli": [], "channels": ["Fz", "Cz", "Pz", "Oz"],
    "sampling_rate": 200.0, "lead_s": 2.0, "max_drift_ppm": 60.0, "jitter_s": 0.001, "lost_share": 0.2,
    "response_gain": 1.0, "eye_gain": 1.0, "noise_uv": 2.0, "alpha_uv": 1.0, "line_uv": 0.0,
}  # fmt: skip
GAZE = "sub-01/beh/sub-01_task-freeview_recording-eye1_physio.tsv.gz"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A simulated gaze recording of 8 trials, and EEG over it."""
    root = tmp_path_factory.mktemp("viewing")
    truth = simulate_truth(seed=1, subjects=1, stimuli=8, categories=2, latent_dimensions=2)
    write_truth(root / "gaze", truth, "gaze")
    simulate_subject(root / "gaze", truth, "01", gaze={"trials": 8})
    simulate_viewing(root / "eeg", root / "gaze" / GAZE, "01", **OPTIONS)
    return root


def test_degrees_and_pixels_are_inverse():
    screen = {"resolution": (1280, 1024), "size_m": (0.38, 0.304), "distance_m": 0.68}
    degrees = np.array([[0.0, 0.0], [12.0, -7.5]])
    np.testing.assert_allclose(pixels_to_degrees(degrees_to_pixels(degrees, **screen), **screen), degrees, atol=1e-12)


def test_triggers_pass_through_the_clock():
    times = np.linspace(1, 600, 2000)
    options = {"offset_s": 7.0, "slope": 1 + 50e-6, "jitter_s": 0.001, "lost_share": 0.1, "eeg_rate": 500.0}
    sent = trigger_times(times, rng=np.random.default_rng(0), **options)
    lost = np.isnan(sent)
    assert 0.07 < lost.mean() < 0.13
    error = (sent - 7.0 - (1 + 50e-6) * times)[~lost]
    # Jitter and rounding to 2 ms.
    assert error.std() == pytest.approx(np.hypot(0.001, 0.002 / np.sqrt(12)), rel=0.1)
    assert abs(error.mean()) < 2e-4


def test_eeg_follows_the_gaze_that_is_copied(folders):
    truth = read_viewing_truth(folders / "eeg" / "sourcedata" / "truth" / "sub-01")
    raw = read_eeg(folders / "eeg" / "sub-01" / "eeg" / "sub-01_task-freeview_eeg.vhdr")
    assert truth.facts["simulated"] is True
    assert truth.kernels.shape == (2, 4, 141)
    assert truth.stimuli["trial_type"].tolist() == ["trial"] * 8
    data = raw.get_data()
    rest = data - truth.brain - truth.eyes
    # What is left is noise of 2 uV, and the float32 of the file.
    assert rest[:4].std() < 4e-6 < truth.eyes[4].std()
    samples, _ = read_physio(folders / "gaze" / GAZE)
    copied, _ = read_physio(folders / "eeg" / GAZE)
    pd.testing.assert_frame_equal(samples, copied)
    at = truth.facts["offset_s"] + truth.facts["slope"] * samples["timestamp"].to_numpy()
    seen = samples["x_coordinate"].notna().to_numpy()
    eye = np.interp(at, raw.times, truth.eyes[4])
    assert np.corrcoef(eye[seen], samples["x_coordinate"][seen])[0, 1] > 0.99


def test_triggers_are_the_trials_on_the_other_clock(folders):
    events = read_tsv(folders / "eeg" / "sub-01" / "eeg" / "sub-01_task-freeview_events.tsv")
    triggers = read_triggers(folders / "gaze" / GAZE, []).set_index("code")
    facts = read_json(folders / "eeg" / "sourcedata" / "truth" / "sub-01" / "viewing.json")
    assert len(triggers) == 8
    assert len(events) == facts["sent"] <= 8
    assert set(events["trial_type"]) == {"trial"}
    expected = facts["offset_s"] + facts["slope"] * triggers.loc[events["message"], "time"].to_numpy()
    np.testing.assert_allclose(events["onset"], expected, atol=0.0025 + 0.005)


def test_same_seed_same_bytes(folders, tmp_path):
    simulate_viewing(tmp_path, folders / "gaze" / GAZE, "01", **OPTIONS)
    for name in ("sub-01/eeg/sub-01_task-freeview_eeg.eeg", "sourcedata/truth/sub-01/viewing_eyes.npy"):
        assert (tmp_path / name).read_bytes() == (folders / "eeg" / name).read_bytes()


def test_the_description_says_simulated(tmp_path):
    describe_viewing(tmp_path, title="EEG over gaze", description="x", licence="CC0", subjects=["01"])
    assert "SIMULATED" in read_json(tmp_path / "dataset_description.json")["Name"]
    assert "The EEG is SIMULATED" in (tmp_path / "README.md").read_text()


def test_saccades_around_blinks_and_long_ones_are_none():
    events = pd.DataFrame(
        {
            "trial_type": ["saccade", "saccade", "blink", "saccade"],
            "onset": [0.0, 1.0, 1.02, 2.0],
            "duration": [0.04, 0.14, 0.1, 0.9],
        }
    )
    assert _real_saccades(events)["onset"].tolist() == [0.0, 1.02]


def test_a_gaze_without_messages_is_refused(folders):
    with pytest.raises(DataError, match="no messages of the tracker.*`messages: \\[\\]`"):
        read_triggers(folders / "gaze" / GAZE, ["TRIALID"])


def test_a_gaze_clock_from_elsewhere_is_refused(folders, tmp_path):
    simulate_viewing(tmp_path, folders / "gaze" / GAZE, "01", **OPTIONS)
    sidecar = tmp_path / GAZE.replace(".tsv.gz", ".json")
    write_json(sidecar, read_json(sidecar) | {"StartTime": 3.0})
    with pytest.raises(DataError, match="does not begin at 0 s"):
        simulate_viewing(tmp_path / "x", tmp_path / GAZE, "01", **OPTIONS)
