"""Responses a trial that come as such: planned over rendered images, refused with a reason."""

import pytest
import yaml

from cogmodels.config.load import load_spec
from cogmodels.config.study import Study
from cogmodels.data.plan import Plan
from cogmodels.errors import ConfigError

SPEC = {
    "name": "shown", "title": "SIMULATED responses to RENDERED images", "modalities": ["betas", "eeg"],
    "licence": {"name": "CC0-1.0", "redistributable": True}, "subjects": ["01", "02"],
    "source": {
        "kind": "simulation", "seed": 5, "subjects": 2, "stimuli": 20, "categories": 1, "latent_dimensions": 4,
        "images": {"rendered": 20, "weights": "random", "test": 6},
        "betas": {"voxels": [12, 20], "shared": 4, "own": 5}, "eeg": {"repeats": 2},
    },
    "recordings": [
        {"modality": "betas", "task": "viewing", "sessions": ["01", "02", "03"]},
        {"modality": "eeg", "task": "viewing", "subjects": ["02"]},
    ],
}  # fmt: skip
CONFIG = {
    "study": "shown",
    "datasets": ["shown"],
    "pipelines": {"betas": {"modality": "betas", "datasets": ["shown"]}},
    "features": {
        "px": {"dataset": "shown", "images": "stimuli/*.jpg", "backbone": "pixels", "layers": ["rgb"], "grid": None, "size": [8, 8]},
    },
    "experiments": {
        "images": {
            "dataset": "shown", "pipeline": "betas", "target": "latent", "model": "sttm", "reconstruction": {"pixels": "px"},
        },
        "ridge": {"dataset": "shown", "pipeline": "betas", "target": "latent", "model": "subject_ridge", "grid": [1.0]}
    },
}  # fmt: skip


def write_study(folder, spec=SPEC, **changes):
    (folder / "data_specs").mkdir(parents=True, exist_ok=True)
    (folder / "data_specs" / "shown.yaml").write_text(yaml.safe_dump(spec))
    (folder / "shown.yaml").write_text(yaml.safe_dump(CONFIG | changes))


def test_images_become_features_then_truth_then_responses(workflow):
    write_study(workflow.folder)
    counts = workflow("--configfile", "shown.yaml").counts
    expected = {
        "gather_images": 1, "extract_features": 2, "simulate_truth": 1, "simulate_subject": 2, "gather_betas": 2,
        "tabulate_features": 1, "train_cross_subject": 2, "extract_responses": None, "fetch_source": None,
        "reconstruct_images": 1, "score_reconstructions": 1, "plot_reconstructions": 1,
    }  # fmt: skip
    assert {name: counts.get(name) for name in expected} == expected


def test_experiments_of_a_new_subject_share_one_training_on_the_others(workflow):
    shared = {
        "dataset": "shown", "pipeline": "betas", "target": "latent", "model": "mindbridge", "protocol": "new_subject",
        "folds": ["sub-01", "sub-02"],
    }  # fmt: skip
    new = {f"new-{n}": shared | {"adapt_trials": n, "pretrained": "new-0"} for n in (10, 20)}
    write_study(workflow.folder, experiments={"new-0": shared | {"adapt_trials": 0}} | new)
    place = "results/shown/decoding/shown/new-{}/fold-sub-02_seed-0/model.safetensors"
    targets = ("--", place.format(10), place.format(20))
    run = workflow("--configfile", "shown.yaml", *targets)
    assert run.counts["train_cross_subject"] == 3
    assert place.format(0) in run.text
    assert place.format(0).replace("02", "01") not in run.text
    change = {"new-10": new["new-10"] | {"recipe": {"epochs": 3}}}
    write_study(workflow.folder, experiments={"new-0": shared | {"adapt_trials": 0}} | change)
    run = workflow("--configfile", "shown.yaml", check=False)
    assert run.code != 0
    assert "`new-10` and `new-0` differ in `recipe`" in run.text


def test_images_that_are_no_pixels_are_refused_before_any_job(workflow):
    wrong = CONFIG["experiments"]["images"] | {"reconstruction": {"pixels": "shown-backbone"}}
    write_study(workflow.folder, experiments={"images": wrong})
    run = workflow("--configfile", "shown.yaml", check=False)
    assert run.code != 0
    assert "no feature set with `backbone: pixels`" in run.text


def test_photographs_of_a_data_set_that_the_study_lacks_are_refused(tmp_path):
    source = SPEC["source"] | {"images": {"photographs": {"dataset": "osie", "images": "stimuli/*.jpg"}, "test": 6}}
    write_study(tmp_path, SPEC | {"source": source})
    plan = Plan(Study(**CONFIG), tmp_path / "data_specs")
    with pytest.raises(ConfigError, match="Add `osie` to the study's `datasets`"):
        plan.photographs("shown")


def test_the_null_twin_of_the_large_study_has_no_signal(root):
    null = load_spec(root / "data_specs", "sim-decoding-null")
    assert null.source.betas.signal == 0
    assert "SIMULATED" in null.title
