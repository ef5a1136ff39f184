"""`snakemake --sdm conda` with a channel of files and a stand-in for conda: the wiring, not what conda-forge has.

The channel has every package of the lock under its conda name, with the dependencies that its release declares: the
environments are solved against these, so that a misspelt name, a version that nobody has and two that do not go together
are found.
"""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tests.dag.studies import copy_checkout, write_tiny
from tests.unit.test_environments import ENVIRONMENTS, PIP_NAMES, lock, normal

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
SHIM = Path(__file__).with_name("conda_shim.py")
# Tools of this test alone, in an environment of their own.
TOOLS = ["py-rattler==0.28.0", "pyyaml==6.0.3"]
CONDA_NAMES = {pip: conda for conda, pip in PIP_NAMES.items()}


@pytest.fixture(scope="module")
def tool():
    """Python of the tools' environment, made once under `.bench/`."""
    folder = ROOT / ".bench" / "conda-shim"
    python, stamp = folder / "bin" / "python", folder / ".installed"
    if not (stamp.exists() and stamp.read_text() == "\n".join(TOOLS)):
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *TOOLS]
        done = subprocess.run(pip, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            pytest.skip(
                f"{TOOLS[0]} cannot be installed, without which conda's part is not tried: {done.stderr[-200:]}"
            )
        stamp.write_text("\n".join(TOOLS))
    return python


def conda_name(pip_name):
    return CONDA_NAMES.get(normal(pip_name), normal(pip_name))


def packages(note):
    """Every package of the lock, as the channel has it; python notes who called it."""
    locked = lock()
    run = f'#!/bin/sh\necho "$CONDA_PREFIX" >> "{note}"\nexec "{sys.executable}" "$@"\n'
    found = [
        {"name": "python", "version": "3.11.7", "depends": [], "files": {"bin/python": run}},
        {"name": "pip", "version": "26.0", "depends": [], "files": {}},
    ]
    for name, version in locked.items():
        depends = []
        for requirement in map(Requirement, importlib.metadata.requires(name) or []):
            wanted = normal(requirement.name)
            if wanted in locked and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
                depends.append(f"{conda_name(wanted)} {requirement.specifier}".strip())
        found.append({"name": conda_name(name), "version": version, "depends": depends, "files": {}})
    return found


@pytest.fixture(scope="module")
def conda(tool, tmp_path_factory):
    """Folder of the stand-in: `bin/conda`, `bin/activate`, the channel, and who called python."""
    folder = tmp_path_factory.mktemp("conda")
    note, channel = folder / "called", folder / "channel"
    (folder / "packages.json").write_text(json.dumps(packages(note)))
    subprocess.run([tool, SHIM, "channel", channel, folder / "packages.json"], check=True, timeout=120)
    (folder / "bin").mkdir()
    (folder / "bin" / "conda").write_text(f'#!/bin/sh\nexec "{tool}" "{SHIM}" "{folder}" "{channel}" "$@"\n')
    (folder / "bin" / "activate").write_text('export CONDA_PREFIX="$1" PATH="$1/bin:$PATH"\n')
    (folder / "bin" / "conda").chmod(0o755)
    return folder


def call(conda, *words):
    return subprocess.run([conda / "bin" / "conda", *words], capture_output=True, text=True, check=False, timeout=120)


def test_environments_can_be_solved_and_wrong_ones_cannot(conda, tmp_path):
    done = call(conda, "solve", *map(str, ENVIRONMENTS))
    assert done.returncode == 0, done.stderr
    counts = {Path(name).stem: count for name, count in json.loads(done.stdout).items()}
    # With what their packages depend on.
    named = yaml.safe_load((ROOT / "envs" / "gaze.yaml").read_text())["dependencies"]
    assert counts["gaze"] > len(named)
    assert counts["cogmodels"] == max(counts.values())
    for wrong in ("nmupy=2.4.6", "numpy=9.9.9", "nilearn=0.13.1, packaging=26.0"):
        (tmp_path / "wrong.yaml").write_text(yaml.safe_dump({"dependencies": ["python=3.11", *wrong.split(", ")]}))
        assert call(conda, "solve", str(tmp_path / "wrong.yaml")).returncode == 1, wrong


def test_jobs_run_in_the_environments_of_their_rules(conda, tmp_path, make_workflow):
    checkout = copy_checkout(ROOT, tmp_path / "checkout")
    workflow = make_workflow(tmp_path / "work", checkout)
    write_tiny(workflow.folder)
    target = ["--configfile", "tiny.yaml", "--sdm", "conda", "--", "derivatives/tiny/features/latent.parquet"]
    path = f"{conda / 'bin'}{os.pathsep}{os.environ['PATH']}"
    run = workflow(*target, dry=False, PATH=path)
    made = re.findall(r"Creating conda environment (?:\S*/)?envs/(\w+)\.yaml", run.text)
    assert sorted(made) == ["simulate"]
    (environment,) = (workflow.folder / ".snakemake" / "conda").glob("*_")
    assert set((conda / "called").read_text().split()) == {str(environment)}
    assert workflow(*target, PATH=path).nothing
    # Another environment is another software stack.
    file = checkout / "envs" / "simulate.yaml"
    file.write_text(file.read_text().replace("  - numba=", "  - tqdm\n  - numba="))
    run = workflow(*target, PATH=path)
    assert any("Software environment definition has changed" in text for text in run.reasons["simulate_truth"])
    # One that cannot be solved stops before any job, and says what is missing.
    file.write_text(file.read_text().replace("numba=0.", "numba=9."))
    run = workflow(*target, dry=False, check=False, PATH=path)
    assert run.code != 0
    assert "numba" in run.text
    assert "Could not create conda environment" in run.text
