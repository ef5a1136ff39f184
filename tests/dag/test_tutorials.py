"""What the tutorials and how-to pages of the site show works as it stands there."""

import re
import shlex

import pytest

from tests.dag.test_plans import empty_bids

TUTORIALS = {
    "fmri": {"estimate_trials": 2, "train_decoder": 2, "clean_eeg": None},
    "eeg": {"epoch_eeg": 2, "train_decoder": 2, "clean_bold": None},
    "gaze": {"detect_events": 4, "tabulate_gaze_quality": 2, "train_decoder": None},
    "eeg-gaze": {"synchronise_gaze": 2, "fit_ica": 2, "deconvolve_eeg": 2, "average_responses": 1},
}
# What the overlay at the end of a page adds.
MORE = {
    "fmri": {"estimate_trials": 4, "train_decoder": 3},
    "eeg": {"epoch_eeg": 4, "decode_time": 2, "average_time_decoding": 1},
    "gaze": {"detect_events": 6},
}


def write_files(page, folder):
    """Write each block that has a title, such as ```yaml title="mine.yaml"."""
    named = re.findall(r'```yaml title="(.+?)"\n(.*?)```', page.read_text(encoding="utf-8"), re.DOTALL)
    for name, text in named:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return [name for name, _ in named]


def commands(page):
    """Arguments of each `snakemake` in the page's blocks of commands."""
    blocks = re.findall(r"```bash\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.split(line, comments=True)[1:] for line in "".join(blocks).splitlines() if "snakemake" in line]


def counts_of(run, expected):
    return {rule: run.counts.get(rule) for rule in expected}


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_plans_what_it_says(workflow, root, name):
    page = root / "docs" / "tutorials" / f"{name}.md"
    written = write_files(page, workflow.folder)
    given = commands(page)
    simulated, planned = [one for one in given if "data/" in one[-1]], [one for one in given if "data/" not in one[-1]]
    for arguments in simulated:
        arguments = [str(root / one) if one.startswith("config/") else one for one in arguments]
        assert sum(workflow(*arguments).counts.get(rule, 0) for rule in ("simulate_subject", "simulate_viewing")) > 0
    bids = workflow.folder / re.search(r"path: (data/[\w-]+)", page.read_text(encoding="utf-8"))[1]
    empty_bids(bids, runs=("1", "2"))
    for subject in ("01", "02"):
        # Gaze that goes with EEG agrees with it in the task.
        gaze = bids / f"sub-{subject}" / "beh" / f"sub-{subject}_task-look_recording-eye1_physio.tsv.gz"
        gaze.rename(gaze.with_name(gaze.name.replace("task-look", "task-see")))
    study, more = (
        [one for one in planned if len(one) == 2],
        [one for one in planned if len(one) == 3 and one[-1] != "--dry-run"],
    )
    dry = [one for one in planned if one[-1] == "--dry-run"]
    assert [one[:-1] for one in dry] == study
    assert counts_of(workflow(*study[0]), TUTORIALS[name]) == TUTORIALS[name]
    assert [one[-1] for one in more] == written[2:]
    for arguments in more:
        assert counts_of(workflow(*arguments), MORE[name]) == MORE[name]


def test_ablations_of_the_how_to_are_more_experiments(workflow, root):
    page = root / "docs" / "howto" / "ablations.md"
    write_files(page, workflow.folder)
    smoother, both = commands(page)
    assert workflow(*smoother).counts["train_decoder"] == 9
    both = workflow(*(str(root / one) if one.startswith("config/") else one for one in both))
    assert both.counts["train_decoder"] == 9
    # Two experiments of the default study and one more, on six displays each.
    assert both.counts["run_search"] == 3 * 6


def test_profiles_of_the_how_to_are_there(root):
    given = commands(root / "docs" / "howto" / "cluster.md")
    assert [one[:1] for one in given] == [["--profile"], ["--profile"]]
    assert all((root / one[1] / "config.yaml").exists() for one in given)
