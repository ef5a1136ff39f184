"""Running snakemake on studies of empty files, and reading what it would do."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.dag.forks import run_snakemake


@dataclass
class Run:
    """What one snakemake call said."""

    code: int
    text: str
    counts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, set[str]] = field(default_factory=dict)

    @property
    def nothing(self) -> bool:
        return self.code == 0 and "Nothing to be done" in self.text


class Workflow:
    """A working directory in which a checkout's Snakefile is run."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.checkout, self.folder = checkout, folder
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(
        self, *arguments: str, dry: bool = True, timeout: int = 600, check: bool = True, **variables: str
    ) -> Run:
        command = ["-s", str(self.checkout / "Snakefile")]
        command += ["--directory", str(self.folder), "--cores", "2"]
        command += ["--workflow-profile", "none", "--rerun-incomplete"]
        # Before the arguments, which may end with `--` and targets.
        command += [*(["--dry-run"] if dry else []), *arguments]
        environment = {**os.environ, "PYTHONPATH": str(self.checkout), "WANDB_MODE": "offline", **variables}
        code, text = run_snakemake(command, self.folder, environment, timeout)
        assert not check or code == 0, text[-6000:]
        return Run(code, text, job_counts(text), job_reasons(text))


def job_counts(text: str) -> dict[str, int]:
    """Jobs a rule, from snakemake's table."""
    table = re.search(r"Job stats:\njob\s+count\n[-\s]+\n(.*?)\n\n", text, re.DOTALL)
    rows = re.findall(r"^(\w+)\s+(\d+)$", table.group(1), re.MULTILINE) if table else []
    return {name: int(count) for name, count in rows if name != "total"}


def job_reasons(text: str) -> dict[str, set[str]]:
    """Why each rule would run."""
    reasons: dict[str, set[str]] = {}
    for block in re.split(r"\n(?=(?:local)?rule )", text):
        name = re.match(r"(?:local)?rule (\w+):", block)
        reason = re.search(r"^    reason: (.*)$", block, re.MULTILINE)
        if name and reason:
            reasons.setdefault(name.group(1), set()).add(reason.group(1))
    return reasons


@pytest.fixture
def workflow(root, tmp_path) -> Workflow:
    return Workflow(root, tmp_path / "work")


@pytest.fixture(scope="session")
def make_workflow(root):
    """Workflow in a folder of the caller's, on this checkout or a copy of it."""

    def make(folder: Path, checkout: Path | None = None) -> Workflow:
        return Workflow(checkout or root, folder)

    return make
