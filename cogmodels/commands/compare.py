"""What distinguishes two runs: config, inputs, code, versions; and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cogmodels.data.bids import read_json
from cogmodels.data.units import read_units
from cogmodels.errors import DataError
from cogmodels.report.compare import flat_config
from cogmodels.report.ranks import compare_pairs


def read_manifest(path: Path) -> dict[str, Any]:
    """Manifest of a run, from its folder or the file itself.

    Raises
    ------
    DataError
        There is none.
    """
    file = Path(path) / "manifest.json" if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise DataError("there is no manifest", where=file, remedy="Name the folder of a run (`.../fold-all_seed-0`)")
    return read_json(file)


def compare_runs(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two manifests side by side.

    Returns
    -------
    differences : DataFrame
        ``kind`` (config, input, code, version), ``key``, ``first``, ``second``: what is not the same; empty where a run
        does not have it.
    metrics : DataFrame
        ``metric, first, second, difference`` (second less first); of what only one run has, the other is empty.
    """
    rows = []
    for kind, one, other in zip(_KINDS, _described(first), _described(second), strict=True):
        for key in dict.fromkeys([*one, *other]):
            values = one.get(key, ""), other.get(key, "")
            if values[0] != values[1]:
                rows.append({"kind": kind, "key": key, "first": values[0], "second": values[1]})
    differences = pd.DataFrame(rows, columns=["kind", "key", "first", "second"])
    metrics = pd.DataFrame({"first": first["metrics"], "second": second["metrics"]}, dtype=float)
    metrics["difference"] = metrics["second"] - metrics["first"]
    return differences, metrics.rename_axis("metric").reset_index()


def compare_units(first: Path, second: Path) -> pd.DataFrame:
    """Paired tests of the experiments that two runs belong to, on the units that both have; empty where there are none.

    Parameters
    ----------
    first, second : path
        Folders of runs, or their manifests. Seeds and folds of an experiment are scored together.

    Returns
    -------
    DataFrame
        ``metric, difference`` (second less first) with its 95 % interval (``ci_low, ci_high``), two-sided ``p`` of sign
        flips, not corrected for the number of metrics, ``n`` and ``unit_of_n``.
    """
    folders = [(path if path.is_dir() else path.parent).resolve().parent for path in (first, second)]
    files = [sorted(folder.glob("*units.csv")) for folder in folders]
    if folders[0] == folders[1] or not all(files):
        return pd.DataFrame(columns=_TESTED)
    # In the order of the command, whatever the names.
    named = [read_units(mine).assign(experiment=name) for mine, name in zip(files, ("1", "2"), strict=True)]
    pairs = compare_pairs(pd.concat(named))
    low, high = -pairs["ci_high"], -pairs["ci_low"]
    return pairs.assign(difference=-pairs["difference"], ci_low=low, ci_high=high)[_TESTED]


_TESTED = ["metric", "difference", "ci_low", "ci_high", "p", "n", "unit_of_n"]
_KINDS = ("config", "input", "code", "version")


def _described(manifest: Mapping[str, Any]) -> tuple[dict[str, str], ...]:
    names = {key: str(value) for key, value in manifest["wildcards"].items()}
    code = {"fingerprint": manifest["code_fingerprint"], "commit": str(manifest["commit"])}
    return {**names, **flat_config(manifest["config"])}, flat_config(manifest["inputs"]), code, manifest["versions"]
