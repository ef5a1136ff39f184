"""Weights & Biases: a view of the manifest that never breaks a run."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
) -> dict[str, Any]:
    """Log a finished run to W&B; whatever W&B does, the job goes on.

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

    Returns
    -------
    outcome : dict
        ``logged`` (bool), ``mode``, ``id``, and ``reason`` where nothing was logged.
    """
    outcome = {"logged": False, "mode": mode, "id": manifest["id"]}
    if mode == "disabled":
        return {**outcome, "reason": "W&B is disabled"}
    try:
        os.environ.setdefault("WANDB_SILENT", "true")
        import wandb

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        # A rerun replaces its run: what an earlier one left unsynchronised is the same run, out of date.
        for earlier in folder.glob(f"wandb/offline-run-*-{manifest['id']}"):
            shutil.rmtree(earlier)
        settings = wandb.Settings(
            console="off", disable_git=True, x_disable_stats=True, x_disable_meta=True, init_timeout=60
        )
        with wandb.init(
            mode=mode,
            project=project,
            entity=entity,
            dir=str(folder),
            id=manifest["id"],
            resume="allow" if mode == "online" else None,
            group=group,
            job_type=manifest["rule"],
            tags=[tag[:64] for tag in tags],
            name=name,
            config={
                **manifest["config"],
                "code_fingerprint": manifest["code_fingerprint"],
                "commit": manifest["commit"],
            },
            settings=settings,
        ) as run:
            for row in [] if history is None else history.to_dict("records"):
                run.log(row)
            for key, table in (tables or {}).items():
                run.log({key: wandb.Table(dataframe=table.reset_index(drop=True))})
            for key, path in (images or {}).items():
                run.log({key: wandb.Image(str(path))})
            run.summary.update(dict(manifest["metrics"]))
        return {**outcome, "logged": True}
    except Exception as error:  # W&B may fail in any way; the manifest holds everything it would have shown.
        reason = f"{type(error).__name__}: {error}"
        logger.warning("W&B failed (%s); the study goes on, the manifest is complete", reason)
        return {**outcome, "reason": reason}
