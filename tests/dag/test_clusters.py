"""Studies beyond one machine: the shipped profiles plan them, and jobs that a queue starts elsewhere give the same."""

import re
import sys

import pytest
import yaml

from cogmodels.files import digest
from tests.dag.studies import write_tiny

GPU = {"experiments": {"scanpath-transformer": {"recipe": {"accelerator": "auto"}}}}
EVENTS = "derivatives/tiny/ivt/sub-01/beh/sub-01_task-freeview_recording-eye1_desc-detected_events.tsv"
# A queue of one machine: each job is a process of its own in a folder of its own, and prints its number.
SUBMIT = """import pathlib, subprocess, sys, tempfile
place = pathlib.Path(tempfile.mkdtemp(dir=sys.argv[1]))
with (place / "out").open("w") as out:
    job = subprocess.Popen(
        ["sh", sys.argv[2]], cwd=place, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
    )
print(job.pid)
"""


def planned_resources(text):
    """Resources of each planned job, by rule."""
    found = {}
    for block in re.split(r"\n(?=(?:local)?rule )", text):
        name = re.match(r"(?:local)?rule (\w+):", block)
        resources = re.search(r"^    resources: (.*)$", block, re.MULTILINE)
        if name and resources:
            pairs = (part.split("=", 1) for part in resources.group(1).split(", "))
            found.setdefault(name.group(1), []).append(dict(pairs))
    return found


@pytest.mark.parametrize("profile", ["slurm", "kubernetes"])
def test_a_profile_plans_memory_time_and_gpus(workflow, root, profile):
    (workflow.folder / "gpu.yaml").write_text(yaml.safe_dump(GPU))
    storage = []
    if profile == "kubernetes":
        # The volume, as it were.
        (workflow.folder / "data_specs").symlink_to(root / "data_specs")
        storage = ["--default-storage-prefix", str(workflow.folder)]
    configs = [str(root / "config" / name) for name in ("config.yaml", "studies/osie.yaml")]
    run = workflow("--profile", str(root / "profiles" / profile), *storage, "--configfile", *configs, "gpu.yaml")
    planned = planned_resources(run.text)
    assert {one["gpu"] for one in planned["train_scanpath"]} == {"0", "1"}
    assert {one["mem_mb"] for one in planned["train_scanpath"]} == {"16000"}
    assert {one["mem_mb"] for one in planned["score_scanpath"]} == {"4000"}
    assert {one["runtime"] for one in planned["score_scanpath"]} == {"60"}


@pytest.mark.slow
def test_jobs_of_a_queue_give_what_local_ones_give(root, tmp_path, make_workflow):
    queue = tmp_path / "queue"
    queue.mkdir()
    (tmp_path / "submit.py").write_text(SUBMIT)
    digests = []
    for name in ("here", "queued"):
        workflow = make_workflow(tmp_path / name)
        write_tiny(workflow.folder)
        submit = f"{sys.executable} {tmp_path / 'submit.py'} {queue}"
        executor = ["--executor", "cluster-generic", "--cluster-generic-submit-cmd", submit, "--jobs", "2"]
        workflow("--configfile", "tiny.yaml", *(executor if name == "queued" else []), "--", EVENTS, dry=False)
        digests.append(digest(workflow.folder / EVENTS))
    assert digests[0] == digests[1]
    # Each in a folder of its own, none in the study's.
    jobs = sorted(queue.iterdir())
    assert len(jobs) >= 3
    assert all("Finished" in (job / "out").read_text() or "100%" in (job / "out").read_text() for job in jobs)
