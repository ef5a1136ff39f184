"""Upload what runs left offline to Weights & Biases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from cogmodels.errors import DataError
from cogmodels.tracking.secrets import without_secrets

#: Runs of one call of `wandb sync`: one that hangs holds up no more.
BATCH = 20


def offline_runs(folders: Iterable[Path]) -> list[Path]:
    """Folders of all runs that were logged offline, anywhere below some folders.

    Raises
    ------
    DataError
        A folder does not exist, or there is no run below any.
    """
    found: list[Path] = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise DataError("there is no such folder", where=folder, remedy="Name the folder of results")
        found += sorted(file.parent for file in folder.glob("**/wandb/offline-run-*/run-*.wandb"))
    if not found:
        raise DataError(
            "there is no offline run",
            where=", ".join(map(str, folders)),
            remedy="Run the study with `tracking: {mode: offline}`",
        )
    return list(dict.fromkeys(found))


def is_synced(run: Path) -> bool:
    """Whether W&B's own mark beside a run's file says that it was uploaded."""
    return any(run.glob("run-*.wandb.synced"))


def sync_runs(
    runs: Sequence[Path], *, timeout_s: float = 600.0, command: Sequence[str] = (sys.executable, "-m", "wandb")
) -> tuple[list[Path], list[Path], str]:
    """Upload the runs that were not yet, a few at a time; what was uploaded before is left alone.

    Parameters
    ----------
    runs : folders
    timeout_s : float
        So long a batch of ``BATCH`` runs may take.
    command : sequence of str
        How W&B is called.

    Returns
    -------
    uploaded, failed : lists of folders
    said : str
        What W&B said last where one failed, keys left out; the next batch is then not tried.
    """
    waiting = [run for run in runs if not is_synced(run)]
    for start in range(0, len(waiting), BATCH):
        batch = waiting[start : start + BATCH]
        try:
            done = subprocess.run(
                [*command, "sync", *map(str, batch)], capture_output=True, text=True, check=False,
                timeout=timeout_s, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            lines = (done.stderr + done.stdout).strip().splitlines()
        except subprocess.TimeoutExpired:
            lines = [f"no answer within {timeout_s:g} s"]
        if not all(map(is_synced, batch)):
            break
    uploaded, failed = ([run for run in waiting if is_synced(run) == done] for done in (True, False))
    said = next((line for line in reversed(lines) if "rror" in line), lines[-1] if lines else "") if failed else ""
    return uploaded, failed, without_secrets(said)


def sync_folders(folders: Iterable[Path]) -> dict[str, int]:
    """Upload all offline runs below some folders: numbers of those ``uploaded`` now and ``before``.

    Raises
    ------
    DataError
        No run, or W&B did not take all; what it took stays uploaded.
    """
    runs = offline_runs(folders)
    uploaded, failed, said = sync_runs(runs)
    before = len(runs) - len(uploaded) - len(failed)
    if failed:
        raise DataError(
            f"W&B took {len(uploaded)} runs, {before} before, and left {len(failed)}: {said}",
            where=failed[0],
            remedy="Log in (`wandb login`) or wait for the server, then do this again",
        )
    return {"uploaded": len(uploaded), "before": before}
