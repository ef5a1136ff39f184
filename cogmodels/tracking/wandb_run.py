"""Weights & Biases: a view of the manifest that never breaks a run."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cogmodels.tracking.artifacts import log_artifacts
from cogmodels.tracking.secrets import without_secrets

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)


def log_run(
    manifest: Mapping[str, Any],
    *,
    mode: str,
    project: str,
    entity: str | None,
    folder: Path,
    group: str,
    tags: list[str],
    name: str,
    tables: Mapping[str, pd.DataFrame] | None = None,
    images: Mapping[str, Path] | None = None,
    history: pd.DataFrame | None = None,
    read: Mapping[str, str] | None = None,
    artifacts: str = "none",
    artifact_limit_mb: float = 10.0,
    timeout_s: float = 120.0,
) -> dict[str, Any]:
    """Log a finished run to W&B; whatever W&B does, the job goes on.

    Online, a run of the same id that was cut off is gone on with. What a server does not take (there is no key, it is
    gone, it is too slow) is logged offline, for `cogmodels sync`.

    Parameters
    ----------
    manifest : mapping
        Config, metrics and id come from it; the id is deterministic, so a rerun replaces its run.
    mode : {"offline", "online", "disabled"}
    project, entity
        Where the run belongs.
    folder : path
        Where the ``wandb`` folder is made.
    group, tags, name
        Group = experiment; the job type is the manifest's rule.
    tables, images : mappings
        Logged beside the summary.
    history : DataFrame, optional
        Drawn as curves, a step a row.
    read : mapping of path -> sha256, optional
        Files that were read, beside the manifest's inputs.
    artifacts, artifact_limit_mb
        As :func:`cogmodels.tracking.artifacts.log_artifacts` takes them.
    timeout_s : float
        So long an upload may take; then the study goes on.

    Returns
    -------
    outcome : dict
        ``logged`` (bool), ``mode`` in which it was, ``id``; ``reason`` where it was not, or not online though asked.
    """
    outcome = {"logged": False, "mode": mode, "id": manifest["id"]}
    if mode == "disabled":
        return {**outcome, "reason": "W&B is disabled"}
    told = {"tables": tables or {}, "images": images or {}, "history": history, "read": read or {}}
    place = {"project": project, "entity": entity, "group": group, "name": name, "tags": [tag[:64] for tag in tags]}
    kept = {"which": artifacts, "limit_mb": artifact_limit_mb}
    reasons: list[str] = []
    for how in ["online", "offline", "offline"] if mode == "online" else [mode]:
        try:
            if len(reasons) == 2:
                # W&B's own process still holds the run that it could not begin.
                import wandb

                wandb.teardown()
            _log(manifest, how, Path(folder), place, told, kept, timeout_s)
            return {**outcome, "logged": True, "mode": how, **({"reason": reasons[0]} if reasons else {})}
        except Exception as error:  # W&B may fail in any way; the manifest holds everything it would have shown.
            reasons.append(without_secrets(f"{type(error).__name__}: {error}"))
            logger.warning("W&B failed, %s (%s); the study goes on, the manifest is complete", how, reasons[-1])
    return {**outcome, "reason": reasons[0]}


def _log(
    manifest: Mapping[str, Any],
    mode: str,
    folder: Path,
    place: Mapping[str, Any],
    told: Mapping[str, Any],
    kept: Mapping[str, Any],
    timeout_s: float,
) -> None:
    """One try of :func:`log_run`; whatever fails is raised."""
    os.environ.setdefault("WANDB_SILENT", "true")
    folder.mkdir(parents=True, exist_ok=True)
    import wandb

    # A rerun replaces its run: what an earlier one left unsynchronised is the same run, out of date.
    for earlier in folder.glob(f"wandb/offline-run-*-{manifest['id']}"):
        shutil.rmtree(earlier)
    # The manifest's versions go with the config: to list all that is installed takes a sixth of the job.
    settings = wandb.Settings(
        console="off",
        disable_git=True,
        x_disable_stats=True,
        x_disable_meta=True,
        x_save_requirements=False,
        **_patience(timeout_s),
    )
    about = {name: manifest[name] for name in ("code_fingerprint", "commit", "versions") if name in manifest}
    with (
        _data_beside(folder),
        wandb.init(
            mode=mode,
            dir=str(folder),
            id=manifest["id"],
            resume="allow" if mode == "online" else None,
            job_type=manifest["rule"],
            config={**manifest["config"], **about, "inputs": dict(manifest["inputs"])},
            settings=settings,
            **place,
        ) as run,
    ):
        for row in [] if told["history"] is None else told["history"].to_dict("records"):
            run.log(row)
        for key, table in told["tables"].items():
            run.log({key: wandb.Table(dataframe=table.reset_index(drop=True))})
        for key, path in told["images"].items():
            run.log({key: wandb.Image(str(path))})
        # After the curves, of which one of the same name would stand in its place.
        run.summary.update(dict(manifest["metrics"]))
        inputs = {**manifest["inputs"], **told["read"]}
        log_artifacts(run, inputs, manifest["outputs"], **kept, offline=mode != "online")


@contextlib.contextmanager
def _data_beside(folder: Path) -> Iterator[None]:
    """What W&B keeps for an upload lies beside the run, not in the home of whoever ran it."""
    name = "WANDB_DATA_DIR"
    if name in os.environ:
        yield
        return
    os.environ[name] = str(folder.resolve() / "wandb")
    try:
        yield
    finally:
        os.environ.pop(name, None)


def _patience(timeout_s: float) -> dict[str, Any]:
    """Settings by which W&B gives up in time; by its own a server that is gone holds a job for long."""
    return {
        "init_timeout": min(60.0, timeout_s), "finish_timeout": timeout_s, "finish_timeout_raises": True,
        "x_graphql_retry_max": 3, "x_graphql_retry_wait_max_seconds": 5, "x_graphql_timeout_seconds": 20,
        "x_file_stream_retry_max": 3, "x_file_stream_retry_wait_max_seconds": 5, "x_file_transfer_retry_max": 3,
        "x_file_transfer_retry_wait_max_seconds": 5,
    }  # fmt: skip
