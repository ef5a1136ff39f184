"""A study's config checked without running anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cogmodels.commands.datasets import find_spec
from cogmodels.config.base import read_yaml
from cogmodels.config.load import load_study
from cogmodels.config.study import Study

#: The default study, over which Snakemake lays every `--configfile`.
DEFAULT = Path(__file__).resolve().parents[2] / "config" / "config.yaml"


def validate_files(files: Sequence[Path]) -> tuple[Study, list[str]]:
    """Lay config files over the default study, as ``snakemake --configfile`` does, and check what comes out.

    Parameters
    ----------
    files : sequence of path
        In the order of ``--configfile``; none checks the default study.

    Returns
    -------
    study : Study
    lines : list of str
        What the study is, for people.

    Raises
    ------
    ConfigError
        What is wrong, where, and what to do; data specs are checked too.
    """
    from snakemake.utils import update_config

    content: dict[str, Any] = {}
    for file in [DEFAULT, *files]:
        update_config(content, read_yaml(file))
    study = load_study(content, " + ".join(str(file) for file in reversed(files)) or DEFAULT)
    specs = {name: find_spec(name, [Path(study.paths.specs)])[0] for name in study.datasets}
    running = {name: one for name, one in study.experiments.items() if one.dataset in specs}
    families = sorted({one.family for one in running.values()})
    lines = [f"study {study.study}: {study.title}"]
    lines += [f"  {name}: {', '.join(spec.modalities)} ({spec.title})" for name, spec in specs.items()]
    for family in families:
        names = [name for name, one in running.items() if one.family == family]
        lines.append(f"  {family}: {len(names)} experiments ({', '.join(names)})")
    if idle := sorted(set(study.experiments) - set(running)):
        lines.append(f"  left out, as their data sets are not of the study: {', '.join(idle)}")
    return study, lines
