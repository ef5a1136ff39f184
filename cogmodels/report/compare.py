"""Comparison of experiments: one table of scores, the config that differs, one figure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cogmodels.errors import DataError
from cogmodels.report.html import METRIC_NAMES, embedded, render
from cogmodels.report.style import BLUE, GREY, LIGHT, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCORE_COLUMNS = [
    "study", "family", "dataset", "experiment", "protocol", "metric",
    "value", "ci_low", "ci_high", "chance", "ceiling", "p", "n", "unit_of_n",
]  # fmt: skip

#: Where decoders have it: the same score with the brain of another stimulus. Elsewhere missing.
CONTROL_COLUMN = "shuffled_brain"

#: Scores that a figure beside others would only repeat.
TABLE_ONLY = {"retrieval_top5", "brain_retrieval_top5", "cosine"}

#: Scores of scanpaths that tables and comparisons have, and that would make the figure of all scores a yard long.
_REPEATS = {
    "cnss", "cauc", "scanmatch_timed", "crps_scanmatch", "string_edit", "crps_string_edit", "sequence_score_timed",
    *(f"multimatch_{part}" for part in ("vector", "direction", "length", "position", "duration")),
}  # fmt: skip


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
        blocks.append(
            {
                "family": family,
                "dataset": dataset,
                "protocol": protocol,
                "kind": kind,
                "keys": list(config),
                "metrics": metrics,
                "rows": rows,
                "pairs": _of_block(pairs, family, dataset, protocol),
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


def plot_scores(scores: pd.DataFrame, simulated: Collection[str] = (), made: Mapping[str, str] | None = None) -> Figure:
    """Every experiment's score with its interval, chance and ceiling, one panel a metric.

    ``simulated``, ``made``: as :func:`comparison_page` takes them.
    """
    metrics = [name for name in dict.fromkeys(scores["metric"]) if name not in TABLE_ONLY | _REPEATS]
    counts = [max(1, int((scores["metric"] == metric).sum())) for metric in metrics]
    height = 1.1 + sum(0.34 * count + 0.75 for count in counts)
    with house_style():
        figure = new_figure(8.6, max(2.2, height))
        if not metrics:
            figure.text(0.5, 0.5, "no experiment in this study", ha="center")
            return figure
        panels = figure.subplots(len(metrics), 1, squeeze=False, height_ratios=[c + 1.2 for c in counts])[:, 0]
        for panel, metric in zip(panels, metrics, strict=True):
            mine = scores[scores["metric"] == metric].iloc[::-1].reset_index(drop=True)
            for place, row in enumerate(mine.itertuples()):
                above = row.p < 0.05
                colour = BLUE if above else GREY
                panel.plot([row.ci_low, row.ci_high], [place, place], color=colour, lw=2.2, solid_capstyle="round")
                panel.plot(row.value, place, "o", color=colour, ms=6.5)
                panel.plot([row.chance] * 2, [place - 0.38, place + 0.38], color=VERMILLION, lw=1.6)
                if pd.notna(row.ceiling):
                    panel.plot([row.ceiling] * 2, [place - 0.38, place + 0.38], color="black", lw=1.2, ls=":")
            kinds = [
                kind_of(family, name, simulated, made or {})
                for family, name in zip(mine["family"], mine["dataset"], strict=True)
            ]
            # The name is enough, unless one is scored under several protocols.
            several = mine.groupby("experiment")["protocol"].transform("nunique") > 1
            shown = mine["experiment"].where(~several, mine["experiment"] + ", " + mine["protocol"])
            names = [f"{name} ({kind})" for name, kind in zip(shown, kinds, strict=True)]
            panel.set_yticks(range(len(mine)), names)
            panel.set_ylim(-0.7, len(mine) - 0.3)
            panel.set_title(METRIC_NAMES.get(metric, metric))
            panel.grid(axis="x", color=LIGHT, lw=0.7)
            panel.set_axisbelow(True)
        from matplotlib.lines import Line2D

        legend = [
            Line2D([], [], color=BLUE, marker="o", lw=2.2, label="score and 95 % interval, p < .05"),
            Line2D([], [], color=GREY, marker="o", lw=2.2, label="p >= .05"),
            Line2D([], [], color=VERMILLION, lw=1.6, label="chance"),
            Line2D([], [], color="black", lw=1.2, ls=":", label="ceiling"),
        ]
        figure.legend(handles=legend, loc="outside lower center", ncols=4)
        return figure


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
