"""Diets through the DAG: what training leaves, which network a search takes, what a changed diet runs again."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from cogmodels.data.bids import read_json
from cogmodels.data.predictions import read_weights
from cogmodels.training.gpus import gpu_here
from tests.dag.test_search import SPEC

pytestmark = pytest.mark.slow
LAYERS = {
    name: {"target": f"block{k}_pool", "search": f"block{k}_conv3"}
    for name, k in (("low", 3), ("middle", 4), ("high", 5))
}
STUDY = {
    "study": "diets", "datasets": ["own-displays"], "tracking": {"mode": "disabled"},
    "diets": {
        "above": {
            "description": "light from above",
            "images": {"kind": "shaded", "side_px": 32, "train": 48, "validation": 24, "test": 24, "radius_px": [5.0, 10.0]},
            "network": {"width": 0.0625, "batch_norm": True, "head": "average"},
            "recipe": {"learning_rate": 0.003, "epochs": 2, "batch_size": 16, "accelerator": "cpu"},
            "seeds": [0, 1],
        },
        "turned": {"extends": "above", "manipulation": "rotated90"},
    },
    "experiments": {
        "eccnet": None, "search-chance": None,
        "on-above": {
            "family": "search", "dataset": "own-displays", "backbone": "vgg16", "weights": "diet:above",
            "pooling": "average", "layers": LAYERS, "seeds": [0, 1], "bootstrap": 200,
        },
        "on-turned": {"extends": "on-above", "weights": "diet:turned"},
        "on-nothing": {"extends": "on-above", "weights": "untrained:above"},
    },
    "diet_comparison": {"reference": "on-above", "experiments": ["on-turned", "on-nothing"]},
}  # fmt: skip
CONFIG = ("--configfile", "diets.yaml")
# What follows from the searches of one experiment.
AFTER = {"score_search": 1, "compare_searches": 1, "plot_search": 1, "track_experiment": 1}
REPORT = {
    "all": 1, "compare_diets": 1, "rank_experiments": 1, "compare_experiments": 1, "track_comparison": 1,
    "make_report": 1,
}  # fmt: skip


def prepare(workflow):
    (workflow.folder / "data_specs").mkdir()
    (workflow.folder / "data_specs" / "own-displays.yaml").write_text(yaml.safe_dump(SPEC))
    (workflow.folder / "diets.yaml").write_text(yaml.safe_dump(STUDY))
    return workflow


@pytest.fixture(scope="module")
def finished(tmp_path_factory, make_workflow):
    workflow = prepare(make_workflow(tmp_path_factory.mktemp("diets") / "work"))
    workflow(*CONFIG, dry=False)
    return workflow


def test_what_training_leaves(finished):
    results = finished.folder / "results/diets/training"
    run = results / "above" / "seed-1"
    assert {path.name for path in run.iterdir()} == {
        "model.safetensors", "metrics.json", "curves.csv", "manifest.json", "wandb.json",
    }  # fmt: skip
    assert read_json(run / "metrics.json")["accuracy"]["n"] == 24
    assert list(pd.read_csv(run / "curves.csv")["epoch"]) == [1, 2]
    manifest = read_json(run / "manifest.json")
    assert manifest["config"]["manipulation"] == "upright"
    assert manifest["config"]["seed"] == 1
    weights = [
        read_weights(results / f"{name}/seed-{k}/model.safetensors") for name in ("above", "turned") for k in (0, 1)
    ]
    first = [one["features.0.weight"] for one in weights]
    assert all((a != b).any() for k, a in enumerate(first) for b in first[:k])


def test_a_search_takes_the_network_of_its_seed(finished):
    for name in ("above", "turned"):
        for seed in (0, 1):
            run = finished.folder / f"results/diets/search/own-displays/on-{name}/fold-bars_seed-{seed}"
            inputs = read_json(run / "manifest.json")["inputs"]
            trained = f"results/diets/training/{name}/seed-{seed}"
            digest = read_json(finished.folder / trained / "manifest.json")["outputs"][f"{trained}/model.safetensors"]
            assert inputs[f"{trained}/model.safetensors"] == digest
    untrained = finished.folder / "results/diets/search/own-displays/on-nothing/fold-bars_seed-1/manifest.json"
    assert not any("training" in name for name in read_json(untrained)["inputs"])
    assert read_json(untrained)["config"]["architecture"]["width"] == 0.0625


def test_diets_are_compared_over_their_seeds(finished):
    results = finished.folder / "results/diets"
    networks, comparison = (pd.read_csv(results / "training" / f"{name}.csv") for name in ("networks", "comparison"))
    assert networks.groupby("diet").size().to_dict() == {"on-above": 2, "on-turned": 2, "on-nothing": 2}
    index = comparison[comparison["measure"] == "index"].set_index("diet")
    means = networks.groupby("diet")["index"].mean()
    np.testing.assert_allclose(index["mean"], means[index.index])
    assert np.isnan(index.loc["on-above", "contrast"])
    assert index.loc["on-turned", "contrast"] == pytest.approx(means["on-above"] - means["on-turned"])
    assert (index["n"] == 2).all()
    page = (results / "report" / "index.html").read_text()
    assert "Training diets" in page
    assert "training/comparison.png" in page


def test_only_what_depends_on_a_changed_diet_runs_again(finished):
    assert finished(*CONFIG).nothing
    run = finished(*CONFIG, "--config", "diets={turned: {recipe: {epochs: 3}}}")
    assert run.counts == {
        "train_backbone": 2, "track_training": 2, "plot_training": 1, "plot_diet": 1, "run_search": 2, **AFTER, **REPORT,
    }  # fmt: skip
    assert "Params have changed" in " ".join(run.reasons["train_backbone"])
    run = finished(*CONFIG, "--config", "diets={turned: {seeds: [0, 1, 2]}}")
    assert run.counts == {"train_backbone": 1, "track_training": 1, "plot_training": 1, "all": 1, "make_report": 1}
    # Another search on the same network trains nothing.
    run = finished(*CONFIG, "--config", "experiments={again: {extends: on-above, weighted: false}}")
    assert "train_backbone" not in run.counts
    assert run.counts["run_search"] == 2


def test_training_on_a_gpu_takes_one(finished):
    config = ("--config", "diets={turned: {recipe: {accelerator: auto}}}")
    text = finished(*CONFIG, *config).text
    assert text.count("gpu=1") == 2
    assert "gpu=0" in finished(*CONFIG, "--config", "diets={turned: {recipe: {epochs: 3}}}").text


def test_where_there_is_no_gpu_a_training_asks_for_none_and_cores_are_the_limit(tmp_path, make_workflow):
    workflow = prepare(make_workflow(tmp_path / "work"))
    config = ("--config", "diets={above: {images: {train: 16}, recipe: {epochs: 1, accelerator: auto}}}")
    targets = [f"results/diets/training/above/seed-{seed}/model.safetensors" for seed in (0, 1)]
    assert workflow(*CONFIG, *config, "--", *targets).text.count("gpu=1") == 2
    run = workflow(*CONFIG, *config, "--", *targets, dry=False)
    assert run.text.count(f"gpu={int(gpu_here())}") >= 2


def test_training_is_shown_in_wandb(finished):
    """After the dry runs: with W&B in this run alone, it is one that the others' plan would make again."""
    target = "results/diets/training/above/seed-1/wandb.json"
    finished(*CONFIG, "--config", "tracking={mode: offline}", "--", target, dry=False)
    assert read_json(finished.folder / target)["logged"]


def test_wrong_diets_stop_before_any_job(finished):
    for change, expected in (
        ("experiments={on-above: {weights: 'diet:abov'}}", "did you mean `above`?"),
        ("experiments={on-above: {seeds: [0, 7]}}", "not trained with seed 7"),
        ("diets={above: {manipulation: fishey}}", "manipulation"),
    ):
        run = finished(*CONFIG, "--config", change, check=False)
        assert run.code != 0
        assert expected in run.text
        assert "Traceback" not in run.text


def test_a_job_that_is_killed_goes_on_and_gives_the_same_network(root, tmp_path, make_workflow):
    """The whole process group is killed in the middle of the training."""
    target = "results/diets/training/above/seed-0/model.safetensors"
    config = ("--config", "diets={above: {images: {train: 480}, recipe: {epochs: 8}}}", "--", target)
    whole = prepare(make_workflow(tmp_path / "whole"))
    whole(*CONFIG, *config, dry=False)
    killed = prepare(make_workflow(tmp_path / "killed"))
    command = [sys.executable, "-m", "snakemake", "-s", str(root / "Snakefile"), "--directory", str(killed.folder)]
    command += [
        "--cores",
        "1",
        "--workflow-profile",
        "none",
        "--configfile",
        str(killed.folder / "diets.yaml"),
        *config,
    ]
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(root)}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    folder = killed.folder / "results/diets/training/above/seed-0"

    def epochs():
        found = list(folder.glob("checkpoints-*/last.ckpt"))
        try:
            return torch.load(found[0], weights_only=False)["epoch"] + 1 if found else 0
        except (OSError, RuntimeError, EOFError):
            return 0

    until = time.monotonic() + 300
    while epochs() < 2 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert 2 <= epochs() < 8
    assert not (folder / "model.safetensors").exists()
    killed("--unlock", *CONFIG, dry=False)
    killed(*CONFIG, *config, dry=False)
    one, other = (read_weights(workflow.folder / target) for workflow in (whole, killed))
    assert all((one[name] == value).all() for name, value in other.items())
    assert not list(folder.glob("checkpoints-*"))


def test_the_published_recipe_on_a_folder_as_the_docs_say(workflow, root, tmp_path):
    text = (root / "docs" / "search.md").read_text()
    block = text[text.index("study: imagenet-diets") :]
    config = block[: block.index("```")].replace("/data/imagenet", str(tmp_path / "imagenet"))
    for split in ("train", "val"):
        (tmp_path / "imagenet" / split / "n01440764").mkdir(parents=True)
    (workflow.folder / "lab.yaml").write_text(config)
    run = workflow("--configfile", "lab.yaml", "--resources", "gpu=1")
    assert run.counts["train_backbone"] == 4
    assert run.counts["run_search"] == 4 * 6
    assert "gpu=1" in run.text
