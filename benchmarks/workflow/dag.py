"""Time to plan studies: `snakemake --dry-run` of the default study, and of one on a BIDS data set of NSD's size.

Empty files of 8 people, 40 sessions of 8 runs, and steps of single runs: some 5,000 jobs. Beside them a Snakefile of
four rules and as many jobs, which tells what snakemake itself takes on this machine at this time.

    python benchmarks/workflow/dag.py        # writes benchmarks/results/workflow_dag.csv
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "workflow_dag.csv"
PEOPLE, SESSIONS, RUNS, GOAL_S = 8, 40, 8, 20.0
RULE = """
rule {after}:
    input: {before}
    output: "{after}/{{n}}"
    shell: "touch {{output}}"
"""
CHAIN = 'rule all:\n    input: expand("d/{n}", n=range(1250))\n' + "".join(
    RULE.format(after=after, before=f'"{before}/{{n}}"' if before else "[]")
    for before, after in (("", "a"), ("a", "b"), ("b", "c"), ("c", "d"))
)


def write_study(folder):
    """Empty files of the data set, its spec, and a study on it."""
    for person in range(1, PEOPLE + 1):
        for session in range(1, SESSIONS + 1):
            place = folder / f"bids/sub-{person:02d}/ses-{session:02d}/func"
            place.mkdir(parents=True)
            for run in range(1, RUNS + 1):
                stem = f"sub-{person:02d}_ses-{session:02d}_task-nsd_run-{run:02d}"
                for name in ("_bold.nii.gz", "_bold.json", "_events.tsv"):
                    (place / f"{stem}{name}").touch()
    spec = {
        "name": "large", "title": "Empty files", "modalities": ["fmri"],
        "licence": {"name": "CC0-1.0", "redistributable": True}, "source": {"kind": "folder", "path": "bids"},
    }  # fmt: skip
    steps = {"slice_timing": True, "realign": True, "high_pass_s": 128.0, "motion_regressors": 12, "responses": "lss"}
    study = {
        "study": "large", "datasets": ["large"],
        "pipelines": {"betas": {"modality": "fmri", "datasets": ["large"], **steps}},
        "experiments": {"one": {"dataset": "large", "pipeline": "betas", "protocol": "held_out_stimuli"}},
    }  # fmt: skip
    (folder / "data_specs").mkdir()
    (folder / "data_specs" / "large.yaml").write_text(yaml.safe_dump(spec))
    (folder / "large.yaml").write_text(yaml.safe_dump(study))
    (folder / "Chain").write_text(CHAIN)


def plan(folder, snakefile, *arguments):
    """Jobs, seconds and CPU seconds of one dry run."""
    command = [sys.executable, "-m", "snakemake", "-s", str(snakefile), "--directory", str(folder)]
    command += ["--cores", "2", "--workflow-profile", "none", "--dry-run", "--quiet", "rules", *arguments]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    jobs = int(re.search(r"^total +(\d+)$", done.stdout + done.stderr, re.MULTILINE).group(1))
    return jobs, wall, cpu


def main():
    rows = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_study(folder)
        ours = ROOT / "Snakefile"
        for study, *call in (
            ("default", ours),
            ("large", ours, "--configfile", "large.yaml"),
            ("four rules", folder / "Chain"),
        ):
            jobs, wall, cpu = plan(folder, *call)
            load = os.getloadavg()[0]
            goal = GOAL_S if study != "four rules" else None
            rows.append({"study": study, "jobs": jobs, "wall_s": wall, "cpu_s": cpu, "load": load, "goal_s": goal})
            reached = "" if goal is None else f"goal {goal:g} s  {'yes' if wall < goal else 'MISSED'}"
            print(f"{study:10} {jobs:5} jobs {wall:6.1f} s  CPU {cpu:5.1f} s  load {load:.1f}  {reached}")
    pd.DataFrame(rows).to_csv(RESULTS, index=False, float_format="%.3g")


if __name__ == "__main__":
    main()
