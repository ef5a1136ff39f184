"""Faults while a study runs: after the remedy, the same bytes as a run that nothing disturbed.

By default a part of the tiny study; with ``COGMODELS_DRILL=<n>`` (`make drill`) all of it, killed at n moments, with
W&B's server gone, and with a queue that starts each job elsewhere. ``COGMODELS_DRILL_STUDY=default`` (`make drill
STUDY=default`) does all this to the default study.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from cogmodels.files import digest
from tests.dag.queues import queue_options
from tests.dag.studies import write_tiny

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("COGMODELS_DRILL", 0))
only_drill = pytest.mark.skipif(not KILLS, reason="a fault drill of minutes: `make drill`")
STUDY = os.environ.get("COGMODELS_DRILL_STUDY", "tiny")
only_tiny = pytest.mark.skipif(STUDY != "tiny", reason="a drill of the tiny study's own files")
SCANS, BOLD = "data/tiny/sub-01/sub-01_scans.tsv", "data/tiny/sub-01/func/sub-01_task-viewing_run-02_bold.nii.gz"
CONFIG = ("--configfile", "tiny.yaml") if STUDY == "tiny" else ()
# The longest that a run may take, s.
LONGEST = 3600
TARGETS = () if KILLS else ("--", "derivatives/tiny/trial-mean/sub-01/func/sub-01_desc-clean_bold.json")
KEY = "f" * 40


def write_study(folder):
    """Files of the tiny study; the default one lies with the code."""
    if STUDY == "tiny":
        write_tiny(folder)


def digests(folder):
    """Of every recording, derivative, prediction and score; of provenance, which holds digests of files that tell the
    time (manifests, MNE's pages), what it says of all the others."""
    found = [path for place in ("data", "derivatives") for path in (folder / place).rglob("*") if path.is_file()]
    found += [path for ending in ("parquet", "csv") for path in (folder / "results").rglob(f"*.{ending}")]
    named = {path.relative_to(folder).as_posix(): path for path in found if "figures" not in path.parts}
    origins = named.pop(f"results/{STUDY}/report/provenance.csv", None)
    told = {"provenance": timeless(origins)} if origins else {}
    return {name: digest(path) for name, path in named.items()} | told


def timeless(origins):
    """Rows of provenance without the digests of files that tell the time."""
    table = pd.read_csv(origins)
    told = table["file"].str.endswith(("manifest.json", ".html"))
    return table.assign(sha256=table["sha256"].mask(told)).to_csv(index=False)


def start(root, folder, *arguments, before=()):
    """Snakemake as a process of its own; `before` is what starts it."""
    command = [sys.executable, "-m", "snakemake", "-s", str(root / "Snakefile"), "--directory", str(folder)]
    command += ["--cores", "2", "--workflow-profile", "none", "--rerun-incomplete", *arguments]
    with (folder / "log.txt").open("w") as log:
        return subprocess.Popen(
            [*before, *command], cwd=folder, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(root), "WANDB_MODE": "offline"},
        )  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(make_workflow, tmp_path_factory):
    """Digests of a run that nothing disturbed, and how long it took, s."""
    workflow = make_workflow(tmp_path_factory.mktemp("undisturbed") / "work")
    write_study(workflow.folder)
    began = time.monotonic()
    workflow(*CONFIG, *TARGETS, dry=False, timeout=LONGEST)
    return digests(workflow.folder), time.monotonic() - began


def full_disk(folder):
    """Command that starts another with a small file system in place of a folder; else with a limit of files' sizes."""
    small = f"mount -t tmpfs -o size=64k tmpfs '{folder}'"
    private = ["unshare", "-rm", "sh", "-c", small]
    if shutil.which("unshare") and subprocess.run(private, capture_output=True, check=False).returncode == 0:
        return ["unshare", "-rm", "sh", "-c", f'{small}; exec "$@"', "sh"]
    return ["sh", "-c", 'ulimit -f 64; exec "$@"', "sh"]


@only_tiny
def test_a_full_disk_a_cut_file_and_a_second_run_leave_no_trace(undisturbed, root, workflow):
    write_study(workflow.folder)
    (workflow.folder / SCANS).parent.mkdir(parents=True)
    before = full_disk((workflow.folder / SCANS).parent)
    process = start(root, workflow.folder, *CONFIG, "--", SCANS, before=before)
    assert process.wait(300) != 0
    text = " ".join((workflow.folder / "log.txt").read_text().split())
    assert "simulate_subject [dataset=tiny subject=01]: no room for what it writes" in text
    assert not (workflow.folder / SCANS).exists()
    # Room again; then the file is cut after it was written.
    workflow(*CONFIG, "--", SCANS, dry=False)
    whole = (workflow.folder / BOLD).read_bytes()
    (workflow.folder / BOLD).write_bytes(whole[:5000])
    run = workflow(*CONFIG, *TARGETS, dry=False, check=False)
    assert run.code != 0
    assert "damaged or cut short" in " ".join(run.text.split())
    # As the message says: that subject is made again. Two runs at once: one of them works.
    (workflow.folder / SCANS).unlink()
    first = start(root, workflow.folder, *CONFIG, *TARGETS)
    deadline = time.monotonic() + 120
    while not list((workflow.folder / ".snakemake" / "locks").glob("*")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    # The first is held where it is, else a slow start of the second would find it done.
    os.killpg(first.pid, signal.SIGSTOP)
    try:
        second = workflow(*CONFIG, *TARGETS, dry=False, check=False)
    finally:
        os.killpg(first.pid, signal.SIGCONT)
    assert second.code != 0
    assert "locked" in second.text.lower()
    assert first.wait(1200) == 0, (workflow.folder / "log.txt").read_text()[-3000:]
    assert digests(workflow.folder) == undisturbed[0]


@only_drill
def test_killed_at_random_moments(undisturbed, root, workflow):
    write_study(workflow.folder)
    moments = random.Random(0)
    for _ in range(KILLS):
        process = start(root, workflow.folder, *CONFIG)
        # So that the last one comes before the study is done: all five take some three quarters of an undisturbed run.
        time.sleep(moments.uniform(2.0, max(3.0, 1.4 * undisturbed[1] / KILLS)))
        assert process.poll() is None, "done, or stopped by itself, before it could be killed"
        print(f"killed with {len(digests(workflow.folder))} of {len(undisturbed[0])} files there")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        workflow(*CONFIG, "--unlock", dry=False)
    workflow(*CONFIG, dry=False, timeout=LONGEST)
    assert digests(workflow.folder) == undisturbed[0]
    assert workflow(*CONFIG).nothing


@only_drill
def test_a_server_of_wandb_that_is_gone_changes_no_result(undisturbed, workflow):
    write_study(workflow.folder)
    gone = {"WANDB_MODE": "online", "WANDB_BASE_URL": "http://127.0.0.1:9", "WANDB_API_KEY": KEY}
    workflow(*CONFIG, "--config", "tracking={mode: online}", dry=False, timeout=LONGEST, **gone)
    assert digests(workflow.folder) == undisturbed[0]
    told = [path for path in workflow.folder.rglob("*") if path.suffix in (".json", ".log", ".html", ".yaml")]
    assert len(told) > 20
    assert not [path for path in told if KEY in path.read_text(errors="replace")]


@only_drill
def test_a_queue_that_starts_each_job_elsewhere_changes_no_result(undisturbed, root, workflow, tmp_path):
    """The shipped profile of SLURM, small jobs of a group as one."""
    write_study(workflow.folder)
    queue = tmp_path / "queue"
    sent = queue_options(root, queue)
    run = workflow(*CONFIG, *sent, dry=False, timeout=LONGEST)
    assert digests(workflow.folder) == undisturbed[0]
    assert workflow(*CONFIG).nothing
    said = [(job / "out").read_text() for job in queue.iterdir()]
    ran = sum(len(re.findall(r"^(?:local)?rule \w+:$", text, re.MULTILINE)) for text in said)
    print(f"{ran} jobs in {len(said)} that were sent")
    # Each job was sent, `all` but a name of files; those of a group together.
    assert ran == sum(run.counts.values()) - run.counts["all"]
    assert len(said) < ran
    # None wrote where it was started.
    assert {file.name for job in queue.iterdir() for file in job.iterdir()} == {"asked", "out"}
