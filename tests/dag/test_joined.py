"""EEG joined with gaze: planned, refused with a reason, and run on a small simulated study."""

import pandas as pd
import pytest
import yaml

from cogmodels.data.bids import read_json, read_tsv
from tests.dag.test_plans import empty_bids, own_study

SPEC = {"licence": {"name": "CC0-1.0", "redistributable": True}, "subjects": ["01"]}
GAZE = {"modality": "gaze", "task": "freeview", "recordings": ["eye1"]}
VIEWER = SPEC | {
    "name": "viewer", "title": "SIMULATED gaze", "modalities": ["gaze"], "recordings": [GAZE],
    "source": {
        "kind": "simulation", "seed": 5, "subjects": 1, "stimuli": 24, "categories": 3, "latent_dimensions": 4,
        "gaze": {"trials": 24},
    },
}  # fmt: skip
OVER = SPEC | {
    "name": "over", "title": "SIMULATED EEG over SIMULATED gaze", "modalities": ["gaze", "eeg"],
    "recordings": [GAZE, {"modality": "eeg", "task": "freeview"}],
    "source": {
        "kind": "viewing_eeg", "gaze": "viewer", "seed": 5, "noise_uv": 1.0, "alpha_uv": 0.0, "lost_share": 0.1,
        "channels": ["Fz", "Cz", "Pz", "P7", "P8", "O1", "Oz", "O2"],
    },
}  # fmt: skip
CONFIG = {
    "study": "joined",
    "datasets": ["viewer", "over"],
    "pipelines": {
        "ivt": {"datasets": ["over"]},
        "joined": {
            "modality": "eeg", "datasets": ["over"], "eyes": "regression",
            "synchronise": {"gaze": "ivt", "code_column": "message"},
            "deconvolve": {"types": {"fixation": {"event": "fixation"}, "stimulus": {"event": "trial"}}},
        },
    },
    "experiments": {},
}  # fmt: skip
FOLDER = "derivatives/over/joined"


def write_study(folder, **changes):
    specs = folder / "data_specs"
    specs.mkdir(parents=True)
    for spec in (VIEWER, OVER):
        (specs / f"{spec['name']}.yaml").write_text(yaml.safe_dump(spec))
    (folder / "joined.yaml").write_text(yaml.safe_dump(CONFIG | changes))


def test_steps_of_joining(workflow):
    write_study(workflow.folder)
    counts = workflow("--configfile", "joined.yaml").counts
    expected = {
        "simulate_viewing": 1, "synchronise_gaze": 1, "regress_eyes": 1, "deconvolve_eeg": 1, "average_responses": 1,
        "plot_deconvolution": 1, "plot_synchronisation": 1, "score_joined": 1, "explain_responses": 1,
        "summarise_truth": 1, "fit_ica": None,
    }  # fmt: skip
    assert {name: counts.get(name) for name in expected} == expected
    guided = "pipelines={joined: {eyes: ica, ica_guide: gaze}}"
    counts = workflow("--configfile", "joined.yaml", "--config", guided).counts
    assert (counts["fit_ica"], counts["remove_components"], counts["synchronise_gaze"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("changes", "datasets", "expected"),
    [
        ({}, ["over"], "Add `viewer` to the study's `datasets`"),
        ({"synchronise": {"gaze": "nothing"}}, None, "`nothing` is no gaze pipeline on data set `over`"),
        ({"synchronise": None}, None, "needs `synchronise`, which brings them"),
        ({"ica_guide": "gaze"}, None, "needs `eyes: ica` and `synchronise`"),
        ({"l_freq": None, "eyes": "none"}, None, "`deconvolve` needs `l_freq`"),
    ],
)
def test_what_cannot_be_joined_stops_before_any_job(workflow, changes, datasets, expected):
    pipelines = CONFIG["pipelines"] | {"joined": CONFIG["pipelines"]["joined"] | changes}
    write_study(workflow.folder, pipelines=pipelines, datasets=datasets or CONFIG["datasets"])
    run = workflow("--configfile", "joined.yaml", check=False)
    assert run.code != 0
    assert expected in " ".join(run.text.split())
    assert "Traceback" not in run.text


def test_gaze_of_another_task_is_not_taken(workflow, tmp_path):
    empty_bids(tmp_path / "bids")
    pipelines = {
        "look": {"modality": "gaze", "datasets": ["mine"]},
        "joined": {"modality": "eeg", "datasets": ["mine"], "synchronise": {"gaze": "look"}},
    }
    own_study(workflow.folder, tmp_path / "bids", pipelines=pipelines, experiments={})
    run = workflow("--configfile", "mine.yaml", check=False)
    assert run.code != 0
    assert "`sub-01_task-see` has 0 gaze recordings of its session, task and run" in " ".join(run.text.split())


@pytest.mark.slow
def test_a_small_study_finds_its_truth(workflow):
    write_study(workflow.folder)
    names = ("truth_scores.tsv", "response_errors.tsv", "figures/deconvolution.png", "synchronisation.tsv")
    targets = [f"{FOLDER}/{name}" for name in names] + ["results/joined/eeg/over/joined/scores.csv"]
    workflow("--configfile", "joined.yaml", "--", *targets, dry=False)
    folder = workflow.folder / FOLDER
    scores = read_tsv(folder / "truth_scores.tsv")
    assert set(scores["data"]) == {"SIMULATED EEG"}
    values = scores.set_index(["measure", "of"])["value"]
    # A sample is 4 ms; 22 triggers in 80 s.
    assert values["largest_time_error_ms", "clocks"] < 2.0
    assert values["drift_error_ppm", "clocks"] < 50
    for kind in ("fixation", "stimulus"):
        measure = "relative_error_with_constant"
        corrected, averaged = (values[measure, f"{kind}, {how}"] for how in ("corrected", "averaged"))
        assert corrected < averaged
    errors = read_tsv(folder / "response_errors.tsv")
    assert set(errors["data"]) == {"SIMULATED EEG"}
    by_cause = errors.set_index(["type", "cause"])["relative_error"]["fixation"]
    # Filters alone leave little; what the detector adds, and noise, is more.
    assert by_cause["filters"] < 0.12
    for cause in ("filters and detection of events", "filters, noise and eyes"):
        assert by_cause[cause] > by_cause["filters"]
    compared = pd.read_csv(workflow.folder / "results/joined/eeg/over/joined/scores.csv")
    assert set(compared["protocol"]) == {"truth of SIMULATED EEG"}
    assert {"relative_error_fixation_corrected", "drift_error_ppm"} <= set(compared["metric"])
    clocks = read_tsv(folder / "synchronisation.tsv").iloc[0]
    assert clocks["data"] == "SIMULATED EEG"
    assert abs(clocks["heog_lag_ms"]) < clocks["sample_ms"]
    recording = "sub-01/eeg/sub-01_task-freeview_desc-deconvolved"
    assert read_json(folder / f"{recording}_fit.json")["events"]["stimulus"] >= 20
    assert (folder / f"{recording}_ave.fif").exists()
    betas = read_tsv(folder / f"{recording}_betas.tsv.gz")
    assert list(betas) == ["type", "column", "channel", "time", "beta_uv", "inflation", "n_events"]
