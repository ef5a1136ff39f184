"""What the README shows works as it stands there."""

import re
import subprocess
import sys

import pytest
import yaml

from cogmodels.cli import main
from cogmodels.config.defaults import DEFAULT_STUDY
from tests.dag.test_plans import empty_bids


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text(encoding="utf-8")


def test_the_rule_graph_is_current(root):
    done = subprocess.run(
        [sys.executable, str(root / "docs" / "update_readme.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_own_bids_data_as_the_readme_says(workflow, readme, tmp_path, monkeypatch, capsys):
    spec, config = (
        re.search(rf"```yaml\n({start}.*?)```", readme, re.DOTALL).group(1) for start in ("name: mine", "study: mine")
    )
    empty_bids(tmp_path / "bids")
    (workflow.folder / "data_specs").mkdir()
    (workflow.folder / "data_specs" / "mine.yaml").write_text(spec.replace("/path/to/bids", str(tmp_path / "bids")))
    (workflow.folder / "mine.yaml").write_text(config)
    monkeypatch.chdir(workflow.folder)
    assert main(["validate", "mine.yaml"]) == 0
    assert "my-categories" in capsys.readouterr().out
    run = workflow("--configfile", "mine.yaml")
    assert run.counts["clean_bold"] == 2
    assert run.counts["train_decoder"] == 1
    assert "clean_eeg" not in run.counts


def test_the_experiment_of_the_readme_is_one_more(workflow, readme):
    overlay = re.search(r"```yaml\n(experiments:\n  haxby-1slice-ridge.*?)```", readme, re.DOTALL).group(1)
    (workflow.folder / "more.yaml").write_text(overlay)
    assert list(yaml.safe_load(overlay)) == ["experiments"]
    run = workflow("--configfile", "more.yaml")
    assert run.counts["train_decoder"] == 9
    assert run.counts["clean_bold"] == 10


def test_the_sweep_of_the_readme_is_an_experiment_for_each_value(workflow, readme):
    overlay = re.search(r"```yaml\n(experiments:\n  haxby-1slice-alone.*?)```", readme, re.DOTALL).group(1)
    (workflow.folder / "more.yaml").write_text(overlay)
    assert workflow("--configfile", "more.yaml").counts["train_decoder"] == 10


def test_the_shipped_ablation_is_one_more_pipeline_and_experiment(workflow, root):
    run = workflow("--configfile", str(root / "config" / "ablations" / "no-detrend.yaml"))
    assert run.counts["train_decoder"] == 9
    assert run.counts["clean_bold"] == 10 + 1


def test_real_scanpaths_are_laid_over_the_default_study(workflow, root, readme):
    assert "make run OSIE=1" in readme
    for option, overlay in (("OSIE=1", " --configfile config/ablations/with-osie.yaml"), ("OSIE=", "")):
        said = subprocess.run(
            ["make", "--dry-run", "--no-print-directory", "run", option, "CORES=3"],
            cwd=root, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        printed, done = re.findall(r"(?<=snakemake --cores 3)[^\"']*", said)
        assert printed.rstrip() == done.rstrip().replace("  ", " ") == overlay
    overlay = root / "config" / "ablations" / "with-osie.yaml"
    run = workflow("--configfile", str(overlay))
    expected = {
        "fetch_source": 3, "convert_bids": 4 + 15, "extract_features": 2, "train_scanpath": 6, "score_scanpath": 6,
        "train_decoder": 8, "score_process": 1, "compare_scanpaths": 2,
    }  # fmt: skip
    assert {rule: run.counts[rule] for rule in expected} == expected
    assert "measure_consistency" not in run.counts


def test_an_overlay_keeps_what_it_is_laid_over(root):
    """Its report takes the place of the study's: one that lists fewer data sets would lose their experiments."""
    more = {}
    for file in (root / "config" / "ablations").glob("*.yaml"):
        content = yaml.safe_load(file.read_text())
        if "study" not in content and "datasets" in content:
            usual = DEFAULT_STUDY["datasets"]
            assert content["datasets"][: len(usual)] == usual, file.name
            more[file.stem] = content["datasets"][len(usual) :]
    assert more == {"with-osie": ["osie"], "sim-encoding": ["sim-clear"]}


def test_files_that_the_readme_names_exist(root, readme):
    for name in re.findall(r"\]\(((?!http)[^)#]+)\)", readme):
        assert (root / name).exists(), name
