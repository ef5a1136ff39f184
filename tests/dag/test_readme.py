"""What the README shows works as it stands there."""

import re
import subprocess
import sys

import pytest
import yaml

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


def test_own_bids_data_as_the_readme_says(workflow, readme, tmp_path):
    spec, config = (
        re.search(rf"```yaml\n({start}.*?)```", readme, re.DOTALL).group(1) for start in ("name: mine", "study: mine")
    )
    empty_bids(tmp_path / "bids")
    (workflow.folder / "data_specs").mkdir()
    (workflow.folder / "data_specs" / "mine.yaml").write_text(spec.replace("/path/to/bids", str(tmp_path / "bids")))
    (workflow.folder / "mine.yaml").write_text(config)
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


def test_files_that_the_readme_names_exist(root, readme):
    for name in re.findall(r"\]\(((?!http)[^)#]+)\)", readme):
        assert (root / name).exists(), name
