"""What every job that trains does beside training: where its checkpoints lie, and the manifest that it ends with."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cogmodels.tracking.manifest import build_manifest, run_id, write_manifest


def checkpoint_folder(snakemake: Any, config: Mapping[str, Any]) -> Path:
    """Folder of a job's checkpoints, beside its output ``model``.

    Those of another config, other code or other inputs lie elsewhere: they are not gone on from.
    """
    inputs = [Path(file).stat().st_mtime_ns for file in snakemake.input]
    content = {**config, "code": snakemake.params.code, "inputs": inputs}
    name = run_id(snakemake.rule, dict(snakemake.wildcards.items()), content)
    return Path(snakemake.output.model).parent / f"checkpoints-{name}"


def finish_run(
    snakemake: Any, config: Mapping[str, Any], metrics: Mapping[str, float], outputs: Sequence[str], started: float
) -> None:
    """Write the manifest of a job whose outputs are whole, and drop its checkpoints.

    Parameters
    ----------
    snakemake
        The job, with ``study`` and ``code`` among its params and ``model`` and ``manifest`` among its outputs.
    config, metrics
        As :func:`cogmodels.tracking.manifest.build_manifest` takes them.
    outputs : sequence of str
        Names of the outputs whose digests are kept.
    started : float
        Seconds since the epoch.
    """
    wanted = snakemake.output
    manifest = build_manifest(
        study=snakemake.params.study, rule=snakemake.rule, wildcards=dict(snakemake.wildcards.items()), config=config,
        inputs=list(snakemake.input), outputs=[wanted[name] for name in outputs], fingerprint=snakemake.params.code,
        metrics=metrics, started=started, finished=time.time(),
    )  # fmt: skip
    write_manifest(Path(wanted.manifest), manifest)
    for old in Path(wanted.model).parent.glob("checkpoints-*"):
        shutil.rmtree(old)
