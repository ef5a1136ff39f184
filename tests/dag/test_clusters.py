"""Studies beyond one machine: the shipped profiles plan them, and jobs that a queue starts elsewhere give the same."""

import re
import shutil

import pytest
import yaml

from cogmodels.files import digest
from tests.dag.queues import queue_options
from tests.dag.studies import write_tiny

GPU = {"experiments": {"scanpath-transformer": {"recipe": {"accelerator": "auto", "devices": 2}}}}
FUNC = "derivatives/tiny/trial-mean/sub-01/func/sub-01_desc-"
MADE = [f"{FUNC}brain_mask.nii.gz", f"{FUNC}clean_bold.json", f"{FUNC}quality_bold.json"]


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
    assert {one["gpu"] for one in planned["train_scanpath"]} == {"0", "2"}
    assert {one["mem_mb"] for one in planned["train_scanpath"]} == {"16000"}
    assert {one["mem_mb"] for one in planned["score_scanpath"]} == {"4000"}
    assert {one["runtime"] for one in planned["score_scanpath"]} == {"60"}
    makers = {one.get("gpu_manufacturer") for one in planned["train_scanpath"]}
    assert makers == ({"nvidia"} if profile == "kubernetes" else {None})


def test_a_gpu_model_is_one_line_of_a_profile(workflow, root):
    (workflow.folder / "gpu.yaml").write_text(yaml.safe_dump(GPU))
    configs = [str(root / "config" / name) for name in ("config.yaml", "studies/osie.yaml")]
    profile = ["--profile", str(root / "profiles" / "slurm"), "--set-resources", "train_scanpath:gpu_model=a100"]
    run = workflow(*profile, "--configfile", *configs, "gpu.yaml")
    planned = planned_resources(run.text)["train_scanpath"]
    assert {one["gpu_model"] for one in planned} == {"a100"}
    assert sorted({one["gpu"] for one in planned}) == ["0", "2"]


@pytest.mark.slow
def test_jobs_of_a_queue_give_what_local_ones_give(root, tmp_path, make_workflow):
    """The shipped profile with another executor: more memory after a failure, small jobs of a group as one."""
    queue = tmp_path / "queue"
    here = make_workflow(tmp_path / "here")
    write_tiny(here.folder)
    here("--configfile", "tiny.yaml", "--", *MADE, dry=False)
    queued = make_workflow(shutil.copytree(here.folder, tmp_path / "queued", symlinks=True).parent / "queued")
    shutil.rmtree(queued.folder / "derivatives")
    sent = queue_options(root, queue, least_mb=5000)
    run = queued("--configfile", "tiny.yaml", *sent, "--", *MADE, dry=False)
    assert run.counts == {"mask_bold": 1, "clean_bold": 1, "measure_bold": 1}
    assert [digest(here.folder / name) for name in MADE] == [digest(queued.folder / name) for name in MADE]
    # The mask was turned away once; the other two are one job. Each in a folder of its own, none in the study's.
    asked = sorted(int((job / "asked").read_text()) for job in queue.iterdir())
    ran = [job for job in queue.iterdir() if (job / "out").exists()]
    assert asked[0] == 4000
    assert asked.count(8000) >= 1
    assert len(ran) == 2
    grouped = [job for job in ran if "rule clean_bold" in (job / "out").read_text()]
    assert len(grouped) == 1
    assert "rule measure_bold" in (grouped[0] / "out").read_text()
