"""The run manifest: what a model run was, beside what it left. W&B is a view of it."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from cogmodels.errors import DataError
from cogmodels.files import digest, whole

PACKAGES = (
    "cogmodels",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "numba",
    "torch",
    "mne",
    "nibabel",
    "snakemake",
    "wandb",
)


def run_id(rule: str, wildcards: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Deterministic id (12 hex digits) of a run: a rerun replaces, a changed config is a new run."""
    content = json.dumps([rule, dict(sorted(wildcards.items())), config], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def build_manifest(
    *,
    study: str,
    rule: str,
    wildcards: Mapping[str, Any],
    config: Mapping[str, Any],
    inputs: Iterable[Path],
    outputs: Iterable[Path],
    fingerprint: str,
    metrics: Mapping[str, float],
    started: float,
    finished: float,
    root: Path | None = None,
) -> dict[str, Any]:
    """Everything needed to say what a number is made of.

    Parameters
    ----------
    study, rule, wildcards
        Which job of which study.
    config : mapping
        The resolved parameters of this run, not of the whole study.
    inputs, outputs : paths
        Files read and written; their sha256 digests are stored.
    fingerprint : str
        Of the code, see :mod:`cogmodels.tracking.fingerprint`.
    metrics : mapping
        Headline numbers.
    started, finished : float
        Seconds since the epoch.
    root : path, optional
        Checkout whose commit is stored; the working directory by default.
    """
    return {
        "id": run_id(rule, wildcards, config),
        "study": study,
        "rule": rule,
        "wildcards": dict(wildcards),
        "config": dict(config),
        "metrics": dict(metrics),
        "inputs": {Path(path).as_posix(): digest(path) for path in inputs},
        "outputs": {Path(path).as_posix(): digest(path) for path in outputs},
        "code_fingerprint": fingerprint,
        "commit": commit(str(root or Path.cwd())),
        "versions": versions(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
        "seconds": round(finished - started, 3),
    }


def manifest_of_job(
    snakemake: Any, *, config: Mapping[str, Any], metrics: Mapping[str, float], started: float
) -> dict[str, Any]:
    """The manifest of a job whose inputs and outputs (but the manifest itself) are all files of its own.

    Parameters
    ----------
    snakemake : the object that Snakemake gives to scripts
        ``rule``, ``wildcards``, ``input``, ``output`` (with ``manifest``), ``params`` (``study``, ``code``) are read.
    config, metrics, started
        As in `build_manifest`; the job finishes now.
    """
    return build_manifest(
        study=snakemake.params.study,
        rule=snakemake.rule,
        wildcards=dict(snakemake.wildcards.items()),
        config=config,
        inputs=[Path(file) for file in snakemake.input],
        outputs=[Path(file) for file in snakemake.output if file != snakemake.output.manifest],
        fingerprint=snakemake.params.code,
        metrics=metrics,
        started=started,
        finished=time.time(),
    )


def write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write a manifest as JSON, whole or not at all."""
    with whole(path) as temporary:
        temporary.write_text(json.dumps(manifest, indent=2, default=str) + "\n", encoding="utf-8")


def read_manifest(path: Path) -> dict[str, Any]:
    """Manifest of a run.

    Raises
    ------
    DataError
        The file is missing, damaged or no manifest.
    """
    try:
        manifest = json.loads(Path(path).read_text(encoding="utf-8"))
        manifest["id"], manifest["config"], manifest["metrics"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"this is no run manifest ({type(error).__name__})",
            where=path,
            remedy="Delete the folder that holds it and run snakemake again",
        ) from None
    return manifest


@cache
def commit(folder: str) -> str | None:
    """Commit of the checkout, with ``+changes`` where tracked files differ from it; None outside a checkout."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", folder, *arguments], capture_output=True, text=True, check=True, timeout=30
        ).stdout.strip()

    try:
        head = git("rev-parse", "HEAD")
        return head + ("+changes" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def versions() -> dict[str, str]:
    """Installed versions of the packages that results depend on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
