"""The default study from nothing to report, as `snakemake` runs it."""

import json
import os
import re
import subprocess
import sys

import pandas as pd
import pytest
from bids_validator import BIDSValidator

pytestmark = [pytest.mark.slow, pytest.mark.network]


def snakemake(root, folder, *arguments):
    command = [sys.executable, "-m", "snakemake", "-s", str(root / "Snakefile"), "--directory", str(folder), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=2700, env=os.environ | {"COLUMNS": "200"}
    )


@pytest.fixture(scope="module")
def study(root, tmp_path_factory):
    """A folder in which the default study has run."""
    folder = tmp_path_factory.mktemp("default-study")
    done = snakemake(root, folder, "--cores", "2")
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    assert f"Report: {folder / 'results' / 'default' / 'report' / 'index.html'}" in done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def scores(study):
    return pd.read_csv(study / "results" / "default" / "compare" / "scores.csv").set_index(["experiment", "metric"])


def test_a_second_run_has_nothing_to_do(root, study):
    done = snakemake(root, study, "--dry-run")
    assert "Nothing to be done" in done.stdout + done.stderr


@pytest.mark.parametrize(("experiment", "least"), [("haxby-1slice", 0.60), ("haxby-25mm", 0.28)])
def test_haxby_is_decoded_and_its_control_is_not(scores, experiment, least):
    row, control = scores.loc[(experiment, "accuracy")], scores.loc[(f"{experiment}-shuffled", "accuracy")]
    assert row["chance"] == 0.125
    assert row["value"] >= least
    assert row["p"] < 0.01
    assert row["n"] == 12
    assert control["ci_low"] <= 0.125 <= control["ci_high"]
    assert control["p"] > 0.01


@pytest.mark.parametrize("modality", ["fmri", "eeg"])
def test_simulated_signal_is_found_and_its_absence_too(scores, modality):
    for metric in ("retrieval_top1", "two_way", "pearson"):
        signal, null = scores.loc[(f"sim-{modality}", metric)], scores.loc[(f"null-{modality}", metric)]
        assert signal["p"] < 0.01
        assert signal["ci_low"] > signal["chance"]
        assert signal["value"] < signal["ceiling"]
        assert null["p"] > 0.01
        assert null["ci_low"] <= null["chance"] <= null["ci_high"]


def test_the_report_opens_in_a_browser_with_every_figure(study, browser):
    seen = browser(study / "results" / "default" / "report" / "index.html")
    assert seen["figures"] > 40
    assert seen["broken"] == seen["links"] == 0
    assert not seen["console"]


def test_the_report_tells_methods_and_where_each_file_comes_from(study):
    folder = study / "results" / "default" / "report"
    methods = (folder / "methods.md").read_text()
    cited = set(re.findall(r"@([a-z]+\d{4})", methods))
    assert cited == set(re.findall(r"^@\w+\{(\w+),", (folder / "references.bib").read_text(), re.MULTILINE))
    assert {"salvucci2000", "gupta2021", "tan2019"} <= cited
    origins = pd.read_csv(folder / "provenance.csv").set_index("file")
    assert origins.notna().all().all()
    assert origins.loc["results/default/compare/scores.csv", "rule"] == "compare_experiments"
    assert origins.loc["results/default/search/asymmetry-small/eccnet/search.png", "rule"] == "plot_search"


def test_the_scanpath_network_comes_near_the_entropy_of_the_known_process(study, scores):
    entropy = pd.read_csv(study / "results/default/scanpath/sim-scanpaths/true-process/entropy.csv")
    rows = entropy.set_index("experiment")
    assert list(rows.index[[0, -1]]) == ["uniform density", "true-process"]
    network, true = rows.loc["sim-scanpath-network"], rows.loc["true-process", "bits"]
    assert network["above_percent"] < 5
    # Of 60 images it learns most of what the process has over the uniform density; no model says more than there is to
    # know, but for chance of 700 fixations.
    assert network["gap_closed"] > 0.7
    assert network["bits"] > true - 0.1
    # Models that do not see the image leave out what it tells.
    bits = [rows.loc[f"sim-scanpath-{name}", "bits"] for name in ("network", "markov", "centre")]
    assert bits == sorted(bits)
    gain = scores.loc[("sim-scanpath-network", "cig_bits")]
    assert gain["p"] < 0.01
    assert gain["value"] < scores.loc[("true-process", "cig_bits"), "value"]


def test_scores_have_the_columns_that_everyone_relies_on(study):
    table = pd.read_csv(study / "results" / "default" / "compare" / "scores.csv")
    assert list(table) == [
        "study", "family", "dataset", "experiment", "protocol", "metric", "value", "ci_low", "ci_high", "chance",
        "ceiling", "p", "n", "unit_of_n", "shuffled_brain",
    ]  # fmt: skip
    # Errors of clocks, of SIMULATED EEG whose truth is known, have no chance, and nothing is tested of them.
    known = table["protocol"] == "truth of SIMULATED EEG"
    assert set(table.loc[known, "experiment"]) == {"eyelink-clocks"}
    assert not table.loc[known].drop(columns=["chance", "p", "shuffled_brain"]).isna().any().any()
    assert not table.loc[~known].drop(columns=["ceiling", "shuffled_brain"]).isna().any().any()
    # Other people's brains, or other trials: of every decoder that predicts vectors.
    assert table.loc[table["metric"] == "two_way", "shuffled_brain"].between(0.3, 0.7).all()
    assert ((table["ci_low"] <= table["value"]) & (table["value"] <= table["ci_high"])).all()


def test_the_readme_tells_these_numbers(root, scores):
    names = {"accuracy": "accuracy", "two-way identification": "two_way", "retrieval, top 1": "retrieval_top1"}
    rows = re.findall(
        r"^\| `([\w-]+)` \(\w+\) \| ([^|]+) \| ([\d.]+) \|", (root / "README.md").read_text(), re.MULTILINE
    )
    assert len(rows) == 12
    for experiment, metric, value in rows:
        # Processors differ in the last bits of a matrix product; a held-out trial or two may tip.
        assert scores.loc[(experiment, names[metric]), "value"] == pytest.approx(float(value), abs=0.03), experiment


def test_every_model_run_leaves_its_files_and_its_wandb_run(study):
    runs = sorted(study.glob("results/default/decoding/*/*/fold-*_seed-*"))
    assert len(runs) == 8
    for run in runs:
        assert {path.name for path in run.iterdir()} == {
            "model.safetensors", "predictions.parquet", "metrics.json", "choices.csv", "manifest.json",
        }  # fmt: skip
        manifest = json.loads((run / "manifest.json").read_text())
        tracked = json.loads((run.parent / "wandb.json").read_text())[run.name]
        assert tracked == {"logged": True, "mode": "offline", "id": manifest["id"]}
        (log,) = study.glob(f"results/default/wandb/offline-run-*-{manifest['id']}/run-*.wandb")
        content = log.read_bytes()
        assert manifest["code_fingerprint"].encode() in content
        for metric in manifest["metrics"]:
            assert metric.encode() in content


def test_gaze_is_on_the_clock_of_simulated_eeg(study):
    table = pd.read_csv(study / "derivatives" / "eyelink-eeg" / "eyelink-clocks" / "synchronisation.tsv", sep="\t")
    assert table["data"].tolist() == 3 * ["SIMULATED EEG"]
    assert (table["heog_lag_ms"].abs() < table["sample_ms"]).all()
    found = pd.read_csv(study / "derivatives" / "eyelink-eeg" / "eyelink-clocks" / "truth_scores.tsv", sep="\t")
    # A sample is 4 ms; 37 to 42 triggers of a jitter of 1 ms.
    assert (found.loc[found["measure"] == "largest_time_error_ms", "value"] < 4.0).all()


def test_raw_data_is_bids(study):
    validator = BIDSValidator()
    for dataset in ("haxby2001", "eyelink-sample", "eyelink-eeg", "sim-study", "sim-null", "sim-scanpaths"):
        root = study / "data" / dataset
        files = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
        raw = [name for name in files if not name.startswith(("sourcedata/", "derivatives/"))]
        assert len(raw) > 5
        assert [name for name in raw if not validator.is_bids(f"/{name}")] == []


def test_the_report_is_whole_and_needs_no_network(study):
    page = (study / "results" / "default" / "report" / "index.html").read_text()
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    # Scores; runs of Haxby's slice, EEG over people, clocks, scanpaths.
    assert page.count("<figure>") == 5 + 8 + 4 + 10 + 8 + 8 + 12 + 2 + 7 + 1
    for name in ("haxby-1slice", "haxby-25mm-shuffled", "sim-fmri", "null-eeg"):
        assert f"<b>{name}</b>" in page
    assert len(page) < 12e6


def test_snakemakes_own_report_can_be_made(root, study):
    done = snakemake(root, study, "--report", "report.html")
    assert done.returncode == 0, done.stderr[-2000:]
    assert (study / "report.html").stat().st_size > 1e5


def test_manifests_and_logs_hold_no_secret(study):
    for path in [*study.glob("results/**/*.json"), *study.glob("logs/**/*.log")]:
        assert "WANDB_API_KEY" not in path.read_text(errors="replace"), path
