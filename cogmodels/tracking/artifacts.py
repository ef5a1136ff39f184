"""W&B artifacts of a run: what it read and what it left, so that W&B draws the line from data to scores."""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cogmodels.tracking.secrets import without_secrets

logger = logging.getLogger(__name__)

#: Types by file name; other files are tables.
TYPES = {
    "model.safetensors": "model", "predictions.parquet": "predictions", "typical.parquet": "predictions",
    "sequences.csv": "predictions", "split.csv": "split", "stimuli.csv": "split", "scores.csv": "scores",
    "pairs.csv": "scores", "ranks.csv": "scores",
}  # fmt: skip


def artifact_name(path: str) -> str:
    """Name of the artifact of a file: its path, in letters that W&B takes. A file has one name in all runs."""
    return re.sub(r"[^A-Za-z0-9_.-]", ".", Path(path).as_posix()).strip(".")[-128:]


def log_artifacts(
    run: Any, read: Mapping[str, str], left: Mapping[str, str], *, which: str, limit_mb: float, offline: bool
) -> list[str]:
    """Tell W&B which files a run read and left.

    Parameters
    ----------
    run : wandb run
    read, left : mappings of path -> sha256
        Of what was left, files of a type in ``TYPES``. A split that was read is kept like what was left: the rule that
        made it is no run of W&B's.
    which : {"none", "small", "all"}
        ``small`` and ``all`` upload what was left (up to ``limit_mb`` each, or whatever its size). Of all else, and of
        what was read, the artifact holds path and digest alone. ``none``: no artifacts.
    limit_mb : float
    offline : bool
        W&B takes no inputs offline: what was read is then in the run's config alone.

    Returns
    -------
    Names of the files that were uploaded, or kept for it. An artifact that fails is warned of and left out.
    """
    if which == "none":
        return []
    uploaded = []
    splits = {path: sha256 for path, sha256 in read.items() if TYPES.get(Path(path).name) == "split"}
    for path, sha256 in {**splits, **left}.items():
        if Path(path).name in TYPES:
            with _warned(path):
                artifact, whole = _artifact(path, sha256, float("inf") if which == "all" else limit_mb)
                run.log_artifact(artifact)
                uploaded += [path] if whole else []
    for path, sha256 in {} if offline else read.items():
        with _warned(path):
            _use(run, path, sha256)
    return uploaded


@contextlib.contextmanager
def _warned(path: str) -> Iterator[None]:
    """An artifact less is no reason to stop."""
    try:
        yield
    except Exception as error:  # W&B may fail in any way.
        logger.warning("no artifact of %s (%s)", path, without_secrets(f"{type(error).__name__}: {error}"))


def _artifact(path: str, sha256: str, limit_mb: float) -> tuple[Any, bool]:
    """Artifact of a file, and whether it holds it."""
    import wandb

    file = Path(path)
    size = file.stat().st_size if file.exists() else None
    about = {"path": file.as_posix(), "sha256": sha256, "bytes": size}
    artifact = wandb.Artifact(artifact_name(path), TYPES.get(file.name, "table"), metadata=about)
    whole = size is not None and size <= limit_mb * 1e6
    if whole:
        # A result is not edited: it need not be copied to be uploaded later.
        artifact.add_file(str(file.resolve()), name=file.name, policy="immutable", skip_cache=True)
    else:
        with artifact.new_file("digest.json", mode="w") as handle:
            json.dump(about, handle)
    return artifact, whole


def _use(run: Any, path: str, sha256: str) -> None:
    """The artifact that another run logged of this very file; else one of its path and digest."""
    try:
        known = run.use_artifact(f"{artifact_name(path)}:latest")
        if known.metadata.get("sha256") == sha256:
            return
    except Exception:  # There is none, or the server does not say.
        logger.debug("no run has logged %s", path)
    run.use_artifact(_artifact(path, sha256, -1)[0])
