"""Comparison of experiments: one table of scores, the config that differs, one page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cogmodels.errors import DataError
from cogmodels.report.html import METRIC_NAMES, embedded, render

SCORE_COLUMNS = [
    "study", "family", "dataset", "experiment", "protocol", "metric",
    "value", "ci_low", "ci_high", "chance", "ceiling", "p", "n", "unit_of_n",
]  # fmt: skip

#: Where decoders have it: the same score with the brain of another stimulus. Elsewhere missing.
CONTROL_COLUMN = "shuffled_brain"

#: Scores that a figure beside others would only repeat.
TABLE_ONLY = {"retrieval_top5", "brain_retrieval_top5", "cosine"}


def gather_scores(paths: Iterable[Path]) -> pd.DataFrame:
    """Scores of all experiments, tidy, one row a number, in the columns of ``SCORE_COLUMNS`` and ``CONTROL_COLUMN``.

    Raises
    ------
    DataError
        A file lacks a column, or an experiment comes twice.
    """
    frames = []
    for path in paths:
        frame = pd.read_csv(path)
        missing = [name for name in SCORE_COLUMNS if name not in frame]
        if missing:
            raise DataError(
                f"column `{missing[0]}` is missing; there are {', '.join(map(str, frame))}",
                where=path,
                remedy="Delete the file and run snakemake again",
            )
        frames.append(frame.reindex(columns=[*SCORE_COLUMNS, CONTROL_COLUMN]))
    if not frames:
        return pd.DataFrame(columns=[*SCORE_COLUMNS, CONTROL_COLUMN])
    scores = pd.concat(frames, ignore_index=True)
    repeated = scores.duplicated(["study", "family", "dataset", "experiment", "protocol", "metric"])
    if repeated.any():
        raise DataError(
            f"experiment `{scores.loc[repeated, 'experiment'].iloc[0]}` was scored twice",
            where="comparison",
            remedy="Give each experiment a name of its own",
        )
    return scores.sort_values(["family", "dataset", "experiment"], kind="stable", ignore_index=True)


def score_summary(scores: pd.DataFrame) -> dict[str, float]:
    """Scores by ``experiment/metric``; by ``experiment/protocol/metric`` where a metric has several protocols."""
    keys = ["family", "dataset", "experiment", "metric"]
    several = scores.groupby(keys)["protocol"].transform("nunique") > 1
    return {
        "/".join([row.experiment, *([row.protocol] if more else []), row.metric]): row.value
        for row, more in zip(scores.itertuples(), several, strict=True)
    }


def config_differences(manifests: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """What distinguishes the experiments: rows = experiments, columns = the config keys that are not all the same.

    Nested keys are joined by dots; folds and seeds do not count. A key that an experiment does not have is empty.
    """
    rows: dict[str, dict[str, str]] = {}
    for manifest in manifests:
        config = {key: value for key, value in manifest["config"].items() if key not in ("fold", "seed")}
        rows.setdefault(manifest["wildcards"]["experiment"], {
            "dataset": manifest["wildcards"]["dataset"], **flat_config(config)
        })  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index").fillna("")
    table.index.name = "experiment"
    return table[[key for key in table if key == "dataset" or table[key].nunique() > 1]]


def comparison_page(
    scores: pd.DataFrame,
    differences: pd.DataFrame,
    study: str,
    simulated: Collection[str] = (),
    made: Mapping[str, str] | None = None,
    *,
    pairs: pd.DataFrame | None = None,
    ranks: pd.DataFrame | None = None,
    figures: Iterable[Path] = (),
) -> str:
    """HTML page: for each family, data set and protocol, the config that differs beside each metric with its interval.

    ``simulated`` names the data sets that must be called simulated; ``made`` those whose scenes for search models are
    made up, and what they must be called. ``pairs``, ``ranks``: of :mod:`cogmodels.report.ranks`, shown below each
    block. ``figures``: PNG files, shown above all.
    """
    blocks = []
    for (family, dataset, protocol), mine in scores.groupby(["family", "dataset", "protocol"], sort=True):
        names = list(dict.fromkeys(mine["experiment"]))
        config = differences.reindex(names).drop(columns="dataset", errors="ignore").fillna("")
        config = config[[key for key in config if config[key].nunique() > 1]]
        metrics = list(dict.fromkeys(mine["metric"]))
        cells = {(row.experiment, row.metric): row for row in mine.itertuples()}
        rows = [
            {
                "experiment": name,
                "config": [config.loc[name, key] for key in config],
                "scores": [cells.get((name, metric)) for metric in metrics],
            }
            for name in names
        ]
        kind = kind_of(family, dataset, simulated, made or {})
        tested = _of_block(pairs, family, dataset, protocol)
        untold = [metric for metric, some in tested if min(row.smallest_p_holm for row in some) > 0.05]
        blocks.append(
            {
                "family": family,
                "dataset": dataset,
                "protocol": protocol,
                "kind": kind,
                "keys": list(config),
                "metrics": metrics,
                "rows": rows,
                "pairs": tested,
                "untold": [METRIC_NAMES.get(metric, metric) for metric in untold],
                "ranks": _of_block(ranks, family, dataset, protocol),
            }
        )
    shown = [embedded(Path(path)) for path in figures]
    return render("comparison.html", study=study, blocks=blocks, metric_names=METRIC_NAMES, figures=shown)


def _of_block(table: pd.DataFrame | None, family: str, dataset: str, protocol: str) -> list[tuple[str, list[Any]]]:
    """Rows of a table that belong to a block, metric by metric."""
    if table is None:
        return []
    mine = table[(table["family"] == family) & (table["dataset"] == dataset) & (table["protocol"] == protocol)]
    return [(metric, list(some.itertuples())) for metric, some in mine.groupby("metric", sort=False)]


def kind_of(family: str, dataset: str, simulated: Collection[str], made: Mapping[str, str]) -> str:
    """What the data of a score must be called."""
    if family == "search" and made.get(dataset):
        return made[dataset]
    return "simulated" if dataset in simulated else "real"


def flat_config(section: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested mapping as one, keys joined by dots, values as text."""
    flat: dict[str, str] = {}
    for key, value in section.items():
        if isinstance(value, Mapping):
            flat |= flat_config(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = "none" if value is None else str(value)
    return flat
