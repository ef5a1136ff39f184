"""The simulated study as a whole: its truth, its files, and what can be decoded from them."""

import inspect
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cogmodels.data.bids import discover, read_events, read_json, read_tsv
from cogmodels.data.bold import read_bold, read_mask
from cogmodels.data.eeg import read_eeg
from cogmodels.data.physio import read_physio, read_screen
from cogmodels.errors import DataError
from cogmodels.files import digest
from cogmodels.simulate import bold, eeg, gaze, study_bold, study_eeg, study_gaze
from cogmodels.simulate.study import read_truth, simulate_subject, simulate_truth, write_truth

SHORT = {
    "bold": {"voxels": [60, 80], "grid": [8, 8, 8], "repeats": 1},
    "eeg": {"repeats": 1},
    "gaze": {"trials": 6, "sampling_rate": 250.0},
}


def small_study(root: Path, subjects: list[str], **options) -> Path:
    truth = simulate_truth(seed=11, subjects=2, stimuli=24, categories=3, latent_dimensions=4)
    write_truth(root, truth, "test")
    for subject in subjects:
        simulate_subject(root, read_truth(root), subject, **(options or SHORT))
    return root


def digests(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): digest(path) for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def spec(root) -> dict:
    return yaml.safe_load((root / "data_specs" / "sim-study.yaml").read_text())


@pytest.fixture(scope="module")
def study(tmp_path_factory, spec) -> Path:
    """The shipped study, all subjects."""
    folder, source = tmp_path_factory.mktemp("sim-study"), spec["source"]
    shared = {key: source[key] for key in ("seed", "subjects", "stimuli", "categories", "latent_dimensions")}
    write_truth(folder, simulate_truth(**shared), spec["title"])
    for subject in spec["subjects"]:
        simulate_subject(folder, read_truth(folder), subject, **{key: source[key] for key in SHORT})
    return folder


# -- truth


@pytest.mark.parametrize(("stimuli", "categories"), [(120, 6), (100, 7), (24, 3), (8, 1)])
def test_split_is_balanced_over_categories(stimuli, categories):
    truth = simulate_truth(seed=1, subjects=1, stimuli=stimuli, categories=categories, latent_dimensions=2)
    counts = truth.stimuli.groupby(["category", "split"]).size().unstack()
    assert list(counts) == ["test", "train"]
    assert (counts["test"] - counts["train"]).abs().max() <= 1
    assert counts.to_numpy().sum() == stimuli
    assert abs(counts["test"].sum() - counts["train"].sum()) <= 1
    assert truth.stimuli["stimulus"].is_unique


def test_every_block_of_stimuli_is_balanced():
    truth = simulate_truth(seed=1, subjects=1, stimuli=120, categories=6, latent_dimensions=2)
    for n in (12, 60):
        assert (truth.stimuli[:n].groupby(["category", "split"]).size() == n / 12).all()


def test_latents_are_standardised_and_cluster_by_category():
    truth = simulate_truth(seed=1, subjects=4, stimuli=1200, categories=6, latent_dimensions=16)
    assert truth.latent.mean(axis=0) == pytest.approx(np.zeros(16), abs=1e-6)
    assert truth.latent.std(axis=0) == pytest.approx(np.ones(16), abs=1e-5)
    means = pd.DataFrame(truth.latent).groupby(truth.stimuli["category"]).transform("mean").to_numpy()
    assert 0.3 < means.var(axis=0).mean() < 0.6  # half of the variance, less what six means miss
    assert truth.subjects == ["01", "02", "03", "04"]


def test_truth_survives_the_disk_to_the_last_digit(tmp_path):
    truth = simulate_truth(seed=5, subjects=3, stimuli=30, categories=5, latent_dimensions=7)
    write_truth(tmp_path, truth, "test")
    again = read_truth(tmp_path)
    assert (again.latent == truth.latent).all()
    assert (again.hotspots == truth.hotspots).all()
    assert again.stimuli.astype(object).equals(truth.stimuli.astype(object))
    assert (again.seed, again.subjects) == (5, ["01", "02", "03"])


@pytest.mark.parametrize(
    "wrong", [{"stimuli": 5}, {"subjects": 0}, {"categories": 0}, {"latent_dimensions": 0}, {"seed": -1}]
)
def test_a_study_that_cannot_be_is_refused(wrong):
    right = {"seed": 0, "subjects": 1, "stimuli": 12, "categories": 3, "latent_dimensions": 2}
    with pytest.raises(DataError, match=r"at least|At least"):
        simulate_truth(**{**right, **wrong})


def test_a_measured_data_set_has_no_truth(tmp_path):
    with pytest.raises(DataError, match="no truth"):
        read_truth(tmp_path)


def test_unknown_subject_is_refused(tmp_path):
    with pytest.raises(DataError, match="07"):
        small_study(tmp_path, ["07"])


@pytest.mark.parametrize("runs", [1, 3, 100])
def test_runs_that_cannot_be_halved_are_refused(tmp_path, runs):
    with pytest.raises(DataError, match="even"):
        small_study(tmp_path, ["01"], bold={**SHORT["bold"], "runs": runs})


# -- files


def test_same_seed_same_bytes_in_any_order(tmp_path):
    first = digests(small_study(tmp_path / "a", ["01", "02"]))
    assert first == digests(small_study(tmp_path / "b", ["02", "01"]))
    alone = digests(small_study(tmp_path / "c", ["02"]))
    assert alone == {name: value for name, value in first.items() if "sub-01" not in name}
    assert first["sub-01/eeg/sub-01_task-viewing_eeg.eeg"] != first["sub-02/eeg/sub-02_task-viewing_eeg.eeg"]


def test_files_returned_are_the_subjects_own_and_complete(tmp_path):
    root = small_study(tmp_path, [])
    files = simulate_subject(root, read_truth(root), "02", **SHORT)
    assert sorted(files) == sorted(path for path in (root / "sub-02").rglob("*") if path.is_file())
    assert simulate_subject(root, read_truth(root), "01", bold=None, eeg=None, gaze=None) == []


def test_the_recordings_that_the_spec_promises_are_there(study, spec):
    found = {(r["modality"], r["subject"], r["task"], r["run"], r["recording"]) for r in discover(study)}
    promised = {
        (group["modality"], subject, group["task"], run, recording)
        for group in spec["recordings"]
        for subject in spec["subjects"]
        for run in group.get("runs") or [None]
        for recording in group.get("recordings") or [None]
    }
    assert found == promised


def test_names_follow_bids(study):
    from bids_validator import BIDSValidator

    names = ["/" + path.relative_to(study).as_posix() for path in study.rglob("*") if path.is_file()]
    assert [name for name in names if not BIDSValidator().is_bids(name)] == []


def test_everything_says_that_it_is_simulated(study):
    assert "SIMULATED" in read_json(study / "dataset_description.json")["Name"]
    assert "SIMULATED" in (study / "README.md").read_text()
    sidecars = [*study.rglob("*_bold.json"), *study.rglob("*_eeg.json"), *study.rglob("*_physio.json")]
    assert len(sidecars) == 4 * 6
    assert all("SIMULATED" in json.loads(path.read_text())["TaskDescription"] for path in sidecars)


def test_runs_hold_the_stimuli_of_their_split(study):
    for run, split in (("01", "train"), ("02", "train"), ("03", "test"), ("04", "test")):
        events = read_events(study / f"sub-03/func/sub-03_task-viewing_run-{run}_events.tsv")
        assert set(events["split"]) == {split}
        assert events["stimulus_id"].nunique() == len(events) == 60
        bold_run = read_bold(study / f"sub-03/func/sub-03_task-viewing_run-{run}_bold.nii.gz")
        assert bold_run.repetition_time == 2.0
        assert bold_run.data.shape[3] * 2.0 > events["onset"].max() + 14


def test_voxels_differ_between_subjects_and_the_mask_is_kept(study, spec):
    masks = [read_mask(study / f"sourcedata/truth/sub-{s}/bold_mask.nii.gz")[0] for s in spec["subjects"]]
    assert [mask.sum() for mask in masks] == [280, 340, 400, 460]
    responses = np.load(study / "sourcedata/truth/sub-04/bold_responses.npy")
    assert responses.shape == (120, 460)
    voxels = read_tsv(study / "sourcedata/truth/sub-04/bold_voxels.tsv")
    assert masks[3][voxels["x"], voxels["y"], voxels["z"]].all()


def test_gaze_file_agrees_with_its_truth(study):
    path = study / "sub-01/beh/sub-01_task-freeview_recording-eye1_physio.tsv.gz"
    samples, sidecar = read_physio(path)
    labels = np.load(study / "sourcedata/truth/sub-01/gaze_labels.npy")
    assert (samples["x_coordinate"].isna().to_numpy() == (labels == 5)).all()
    assert sidecar["RecordedEye"] == "right"
    assert read_screen(path)["ScreenResolution"] == [1280, 1024]
    events = read_tsv(study / "sourcedata/truth/sub-01/gaze_events.tsv")
    fixation = events[events["trial_type"] == "fixation"].iloc[5]
    row = samples[np.isclose(samples["timestamp"], fixation["onset"])].iloc[0]
    assert row["x_coordinate"] == pytest.approx(fixation["x_start_px"], abs=5)
    assert row["y_coordinate"] == pytest.approx(fixation["y_start_px"], abs=5)


def test_all_subjects_view_the_same_stimuli(study, spec):
    shown = [
        read_events(study / f"sub-{s}/beh/sub-{s}_task-freeview_events.tsv")["stimulus_id"] for s in spec["subjects"]
    ]
    assert all(set(names) == set(shown[0]) for names in shown)
    assert shown[0].tolist() != shown[1].tolist()
    with pytest.raises(DataError, match="trials"):
        simulate_subject(study, read_truth(study), "01", gaze={"trials": 121})


def test_the_null_study_has_the_same_noise(tmp_path, root):
    null = yaml.safe_load((root / "data_specs" / "sim-null.yaml").read_text())["source"]
    assert (null["bold"]["signal"], null["eeg"]["signal"], null["gaze"]) == (0, 0, None)
    loud = small_study(tmp_path / "a", ["01"], eeg={"repeats": 1, "signal": 2.0})
    quiet = small_study(tmp_path / "b", ["01"], eeg={"repeats": 1, "signal": 0.0})
    name = "sub-01/eeg/sub-01_task-viewing_eeg.vhdr"
    difference = (read_eeg(loud / name).get_data() - read_eeg(quiet / name).get_data()) * 1e6
    assert np.abs(difference[:, :1000]).max() < 0.01  # before the first trial
    assert np.abs(difference).max() > 2


def test_specs_give_every_option_its_default(spec):
    parts = {
        "bold": (bold.draw_voxels, bold.simulate_run, study_bold.simulate_bold),
        "eeg": (eeg.draw_sources, eeg.simulate_recording, study_eeg.simulate_eeg),
        "gaze": (gaze.simulate_gaze, study_gaze.simulate_gaze),
    }
    for name, functions in parts.items():
        defaults = {}
        for function in functions:
            for key, parameter in inspect.signature(function).parameters.items():
                if parameter.default is not inspect.Parameter.empty:
                    defaults[key] = parameter.default
        defaults = {key: list(value) if isinstance(value, tuple) else value for key, value in defaults.items()}
        assert spec["source"][name] == defaults


# -- what can be decoded


def two_way(predicted: np.ndarray, true: np.ndarray) -> float:
    """Share of pairs in which a prediction correlates more with its own latent than with the other's."""
    n = len(predicted)
    correlation = np.corrcoef(predicted, true)[:n, n:]
    return float((np.diag(correlation)[:, None] > correlation).sum() / (n * (n - 1)))


def identified(values: np.ndarray, events: pd.DataFrame, study: Path, alpha: float) -> float:
    """Two-way identification of the held-out stimuli; predictions are averaged over repeats."""
    truth = read_truth(study)
    latent = pd.DataFrame(truth.latent, index=truth.stimuli["stimulus"])
    train = (events["split"] == "train").to_numpy()
    model = make_pipeline(StandardScaler(), Ridge(alpha=alpha))
    model.fit(values[train], latent.loc[events["stimulus_id"][train]].to_numpy())
    predicted = pd.DataFrame(model.predict(values[~train])).groupby(events["stimulus_id"][~train].to_numpy()).mean()
    return two_way(predicted.to_numpy(), latent.loc[predicted.index].to_numpy())


def bold_values(study: Path, subject: str) -> tuple[np.ndarray, pd.DataFrame]:
    """Mean of the volumes 4-8 s after onset, of detrended voxels."""
    mask, _ = read_mask(study / f"sourcedata/truth/sub-{subject}/bold_mask.nii.gz")
    values, events = [], []
    for path in sorted((study / f"sub-{subject}/func").glob("*_bold.nii.gz")):
        run, shown = read_bold(path), read_events(path.with_name(path.name.replace("bold.nii.gz", "events.tsv")))
        series = run.data[mask].T.astype(float)
        trend = np.vander(np.linspace(-1, 1, len(series)), 3)
        series = series - trend @ np.linalg.lstsq(trend, series, rcond=None)[0]
        times = np.arange(len(series)) * run.repetition_time
        values += [series[(times >= onset + 4) & (times < onset + 8)].mean(axis=0) for onset in shown["onset"]]
        events.append(shown)
    return np.array(values), pd.concat(events, ignore_index=True)


def eeg_values(study: Path, subject: str) -> tuple[np.ndarray, pd.DataFrame]:
    """0-0.5 s at 50 Hz, average reference, less the 0.1 s before."""
    path = study / f"sub-{subject}/eeg/sub-{subject}_task-viewing_eeg.vhdr"
    data = read_eeg(path).get_data(picks="eeg")
    data -= data.mean(axis=0)
    events = read_events(path.with_name(path.name.replace("_eeg.vhdr", "_events.tsv")))
    starts = np.rint(events["onset"].to_numpy() * 250).astype(int)
    epochs = np.array([data[:, s : s + 125] - data[:, s - 25 : s].mean(axis=1, keepdims=True) for s in starts])
    return epochs.reshape(len(starts), len(data), 25, 5).mean(axis=3).reshape(len(starts), -1) * 1e6, events


@pytest.mark.parametrize("subject", ["01", "02", "03", "04"])
def test_latents_are_decoded_from_bold_well_but_not_perfectly(study, subject):
    assert 0.65 < identified(*bold_values(study, subject), study, alpha=1e3) < 0.93


@pytest.mark.parametrize("subject", ["01", "02", "03", "04"])
def test_latents_are_decoded_from_eeg_well_but_not_perfectly(study, subject):
    assert 0.65 < identified(*eeg_values(study, subject), study, alpha=1e2) < 0.93


def test_nothing_is_decoded_from_a_study_without_signal(tmp_path, spec):
    source = spec["source"]
    shared = {key: source[key] for key in ("seed", "subjects", "stimuli", "categories", "latent_dimensions")}
    write_truth(tmp_path, simulate_truth(**shared), "null")
    options = {"bold": {**source["bold"], "signal": 0.0}, "eeg": {**source["eeg"], "signal": 0.0}}
    simulate_subject(tmp_path, read_truth(tmp_path), "01", **options)
    assert 0.4 < identified(*bold_values(tmp_path, "01"), tmp_path, alpha=1e3) < 0.6
    assert 0.4 < identified(*eeg_values(tmp_path, "01"), tmp_path, alpha=1e2) < 0.6
