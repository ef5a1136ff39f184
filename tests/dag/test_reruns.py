"""Exact reruns: a change reruns what depends on it, for the right reason, and nothing else."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from cogmodels.files import digest
from tests.dag.studies import copy_checkout, write_tiny

pytestmark = [pytest.mark.slow]
CONFIG = ("--configfile", "tiny.yaml")
REPORT = {"all": 1, "rank_experiments": 1, "compare_experiments": 1, "track_comparison": 1, "make_report": 1}


@pytest.fixture(scope="module")
def finished(root, tmp_path_factory, make_workflow):
    """A copy of the checkout and a study that it has run."""
    folder = tmp_path_factory.mktemp("reruns")
    workflow = make_workflow(folder / "work", copy_checkout(root, folder / "checkout"))
    write_tiny(workflow.folder)
    workflow(*CONFIG, dry=False)
    return workflow


def edit(workflow, name, pattern, replacement):
    """Change a file of the copied checkout; the fixture's caller restores it."""
    path = workflow.checkout / name
    before = path.read_text()
    after = re.sub(pattern, replacement, before, count=1)
    assert after != before, f"{pattern} not found in {name}"
    path.write_text(after)
    return lambda: path.write_text(before)


def reasons_of(run, rule):
    return " ".join(run.reasons[rule])


def test_a_second_run_has_nothing_to_do(finished):
    assert finished(*CONFIG).nothing


def test_one_parameter_of_a_pipeline(finished):
    run = finished(*CONFIG, "--config", "pipelines={ivt: {ivt: {velocity_threshold: 40.0}}}")
    assert run.counts == {
        "all": 1, "detect_events": 1, "plot_gaze": 1, "tabulate_fixations": 1,
        "tabulate_gaze_quality": 1, "make_report": 1,
    }  # fmt: skip
    assert "Params have changed" in reasons_of(run, "detect_events")
    assert "updated by another job" in reasons_of(run, "plot_gaze")


def test_a_joint_decoder_reads_what_was_made_and_leaves_a_table_of_every_choice(finished):
    joint = {
        "dataset": "tiny", "target": "latent", "model": "joint", "joint": {"hidden": 8, "blocks": 1},
        "pipelines": {"fmri": "trial-mean", "eeg": "epochs", "gaze": "ivt"}, "permutations": 99, "bootstrap": 100,
        "recipe": {"epochs": 2, "batch_size": 6, "accelerator": "cpu"}, "validation_share": 0.2,
    }  # fmt: skip
    place = "results/tiny/decoding/tiny/tiny-joint"
    targets = ("--", f"{place}/modalities.png", f"{place}/scores.csv")
    run = finished(*CONFIG, "--config", f"experiments={json.dumps({'tiny-joint': joint})}", *targets, dry=False)
    # The second subject has neither EEG nor gaze.
    made = {"tabulate_gaze_responses": 1, "train_joint": 1, "score_modalities": 1, "score_decoder": 1}
    assert run.counts == made
    table = pd.read_csv(finished.folder / place / "modalities.csv")
    choices = ["fmri+eeg+gaze", "fmri+eeg", "fmri+gaze", "eeg+gaze", "fmri", "eeg", "gaze"]
    assert list(dict.fromkeys(table["modalities"])) == choices
    assert table[table["metric"] == "two_way"]["gain"].notna().tolist() == [False] + [True] * 6


def test_one_parameter_of_an_experiment(finished):
    run = finished(*CONFIG, "--config", "experiments={tiny-eeg: {grid: [1.0, 10.0, 100.0]}}")
    assert run.counts == {"train_decoder": 1, "score_decoder": 1, "plot_decoder": 1, "track_experiment": 1, **REPORT}
    assert "Params have changed" in reasons_of(run, "train_decoder")


def test_more_permutations_score_again_but_do_not_train_again(finished):
    run = finished(*CONFIG, "--config", "experiments={tiny-eeg: {permutations: 3000}}")
    # W&B shows the figure with the run.
    assert run.counts == {"score_decoder": 1, "plot_decoder": 1, "track_experiment": 1, **REPORT}


def test_a_new_experiment_runs_itself_the_comparison_and_the_report(finished):
    run = finished(*CONFIG, "--config", "experiments={tiny-second: {extends: tiny-fmri, grid: [10.0]}}")
    assert run.counts == {"train_decoder": 1, "score_decoder": 1, "plot_decoder": 1, "track_experiment": 1, **REPORT}


def test_a_pipeline_ablation_leaves_the_other_pipelines_alone(finished):
    run = finished(
        *CONFIG,
        "--config",
        "pipelines={rougher: {extends: trial-mean, detrend_order: 0}}",
        "experiments={tiny-rougher: {extends: tiny-fmri, pipeline: rougher}}",
    )
    assert run.counts == {
        "mask_bold": 2, "clean_bold": 2, "extract_responses": 2, "plot_bold": 2, "measure_bold": 2,
        "tabulate_bold_quality": 1,
        "train_decoder": 1, "score_decoder": 1, "plot_decoder": 1, "track_experiment": 1, **REPORT,
    }  # fmt: skip


def test_one_line_of_a_kernel(finished):
    restore = edit(finished, "cogmodels/gaze/_kernels.py", r"(\n@njit)", r"\nEDITED = 1\n\1")
    try:
        run = finished(*CONFIG)
    finally:
        restore()
    assert run.counts == {
        "all": 1, "clean_gaze": 1, "detect_events": 1, "plot_gaze": 1, "tabulate_fixations": 1,
        "tabulate_gaze_quality": 1, "make_report": 1,
    }  # fmt: skip
    assert "Params have changed" in reasons_of(run, "clean_gaze")


def test_one_line_of_the_decoder(finished):
    restore = edit(finished, "cogmodels/decoding/linear.py", r"sorted\(grid, reverse=True\)", "sorted(grid)[::-1]")
    try:
        run = finished(*CONFIG)
    finally:
        restore()
    assert run.counts == {"train_decoder": 2, "score_decoder": 2, "plot_decoder": 2, "track_experiment": 2, **REPORT}


def test_a_comment_reruns_nothing(finished):
    restore = edit(finished, "cogmodels/gaze/_kernels.py", r"(\n@njit)", r"\n# A remark.\n\1")
    try:
        assert finished(*CONFIG).nothing
    finally:
        restore()


def test_tracking_mode_touches_no_result(finished):
    run = finished(*CONFIG, "--config", "tracking={mode: offline}")
    assert run.counts == {"all": 1, "track_experiment": 2, "track_comparison": 1}


def test_a_lost_table_is_made_again_with_the_same_bytes(finished):
    table = next(finished.folder.glob("derivatives/tiny/trial-mean/sub-01/*_responses.parquet"))
    before, times = table.read_bytes(), table.stat()
    table.unlink()
    run = finished(*CONFIG)
    assert run.counts["extract_responses"] == 1
    assert "clean_bold" not in run.counts
    # The table alone; what follows from it need not be made again, for its bytes are the same.
    finished(*CONFIG, "--", table.relative_to(finished.folder).as_posix(), dry=False)
    assert table.read_bytes() == before
    os.utime(table, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert finished(*CONFIG).nothing


def test_a_run_killed_half_way_ends_with_the_same_tables(finished, make_workflow, tmp_path):
    workflow = make_workflow(tmp_path / "work", finished.checkout)
    write_tiny(workflow.folder)
    # One modality is enough to be killed in.
    (workflow.folder / "fmri.yaml").write_text("pipelines: {epochs: null, ivt: null}\nexperiments: {tiny-eeg: null}\n")
    targets = ("derivatives/tiny/trial-mean/quality.tsv", "results/tiny/decoding/tiny/tiny-fmri/scores.csv")
    config, target = (*CONFIG, "fmri.yaml"), ("--", *targets)
    command = [sys.executable, "-m", "snakemake", "-s", str(finished.checkout / "Snakefile")]
    with (tmp_path / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [*command, "--workflow-profile", "none", "--directory", str(workflow.folder), "--cores", "2", *config, *target],
            env={**os.environ, "PYTHONPATH": str(finished.checkout)}, cwd=workflow.folder, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + 120
    while not list(workflow.folder.glob("derivatives/tiny/trial-mean/sub-*/func/*desc-clean_bold.nii.gz")):
        assert time.monotonic() < deadline, (tmp_path / "log.txt").read_text()[-3000:]
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(tables(workflow.folder)) < len(tables(finished.folder))
    workflow(*config, "--unlock", dry=False)
    workflow(*config, *target, dry=False)
    assert tables(workflow.folder) == tables(finished.folder)
    assert workflow(*config, *target).nothing


def test_a_decoder_across_subjects_that_is_killed_goes_on_to_the_same_bits(finished):
    """The whole process group is killed in the middle of the training; a second experiment is the same, left alone."""
    options = {"pooling": "linear", "pooled": 16, "hidden": 8, "bottleneck": 2, "blocks": 1, "start": "ridge"}
    one = {
        "dataset": "tiny", "pipeline": "trial-mean", "target": "latent", "model": "mindbridge", "mindbridge": options,
        "recipe": {"epochs": 60, "batch_size": 6, "accelerator": "cpu", "learning_rate": 0.001}, "validation_share": 0.2,
    }  # fmt: skip
    config = (*CONFIG, "--config", f"experiments={json.dumps({'left': one, 'killed': one})}")
    folders = {name: f"results/tiny/decoding/tiny/{name}/fold-all_seed-0" for name in ("left", "killed")}
    targets = {name: ("--", f"{folder}/model.safetensors") for name, folder in folders.items()}
    finished(*config, *targets["left"], dry=False)
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "-s",
        str(finished.checkout / "Snakefile"),
        "--workflow-profile",
        "none",
    ]
    process = subprocess.Popen(
        [*command, "--directory", str(finished.folder), "--cores", "1", *config, *targets["killed"]],
        env={**os.environ, "PYTHONPATH": str(finished.checkout)}, cwd=finished.folder, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    folder, deadline = finished.folder / folders["killed"], time.monotonic() + 120
    while not list(folder.glob("checkpoints-*/*/*/last.ckpt")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (folder / "model.safetensors").exists()
    finished(*CONFIG, "--unlock", dry=False)
    finished(*config, *targets["killed"], dry=False)
    # It went on, and did not begin anew.
    log = (finished.folder / "logs/train_cross_subject/tiny_killed_fold-all_seed-0.log").read_text()
    assert "epoch 60:" in log
    assert "epoch 1:" not in log
    assert not list(folder.glob("checkpoints-*"))
    for name in ("model.safetensors", "predictions.parquet", "curves.csv"):
        assert digest(folder / name) == digest(finished.folder / folders["left"] / name), name


def tables(folder):
    """Digest of every table that the fMRI of the study leaves."""
    patterns = (
        "derivatives/tiny/trial-mean/**/*.parquet",
        "derivatives/tiny/trial-mean/**/*.tsv",
        "results/tiny/decoding/tiny/tiny-fmri/**/predictions.parquet",
        "results/tiny/decoding/tiny/tiny-fmri/**/*.csv",
    )
    found = [path for pattern in patterns for path in folder.glob(pattern)]
    return {path.relative_to(folder).as_posix(): digest(path) for path in found}
