"""Experiments beside each other, unit by unit: paired tests, ranks, and the figure of critical differences."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.metrics.paired import (
    alike_groups,
    bootstrap_means,
    critical_difference,
    friedman_p,
    holm,
    less_is_better,
    paired_p,
    smallest_p,
    unit_ranks,
)
from cogmodels.report.compare import TABLE_ONLY, kind_of
from cogmodels.report.html import METRIC_NAMES
from cogmodels.report.style import BLUE, GREY, INK, LIGHT, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: What experiments must share to be compared; the correction is over all protocols of the first three.
KEYS = ["family", "dataset", "metric", "protocol", "unit_of_n"]
PAIR_COLUMNS = [
    *KEYS, "experiment", "versus", "difference", "ci_low", "ci_high", "better", "p", "p_holm", "tests", "smallest_p",
    "smallest_p_holm", "n",
]  # fmt: skip
RANK_COLUMNS = [
    *KEYS, "experiment", "value", "mean_rank", "ci_low", "ci_high", "experiments", "n", "friedman_p",
    "critical_difference",
]  # fmt: skip
#: With fewer there is no figure: Friedman's test and Nemenyi's are rough.
LEAST_EXPERIMENTS, LEAST_UNITS = 3, 5


def compare_pairs(units: pd.DataFrame, *, bootstrap: int = 2000) -> pd.DataFrame:
    """Paired test of every two experiments on the units that both have.

    Parameters
    ----------
    units : DataFrame
        Of :func:`cogmodels.data.units.read_units`.
    bootstrap : int
        Samples of units behind an interval.

    Returns
    -------
    DataFrame
        A row a pair, in the columns of ``PAIR_COLUMNS``: mean ``difference`` (experiment less versus) with its 95 %
        interval, which of the two is ``better``, two-sided ``p`` of sign flips of the units, ``p_holm`` corrected for
        the ``tests`` of this family, data set and metric, the ``smallest_p`` that so many units allow and what the
        correction leaves of it (``smallest_p_holm``: where it is above .05 no difference can be told), ``n`` units.
    """
    rows = []
    for key, table in _groups(units):
        names = list(combinations(table.columns, 2))
        gaps = np.column_stack([(table[one] - table[other]).to_numpy() for one, other in names])
        bounds, p = bootstrap_means(gaps, samples=bootstrap), paired_p(gaps)
        for place, (one, other) in enumerate(names):
            known = gaps[np.isfinite(gaps[:, place]), place]
            if not len(known):
                continue
            gap = float(known.mean())
            ahead = -gap if less_is_better(key["metric"]) else gap
            better = "" if abs(ahead) < 1e-10 else (one if ahead > 0 else other)
            rows.append(
                {
                    **key, "experiment": one, "versus": other, "difference": gap, "ci_low": bounds[0, place],
                    "ci_high": bounds[1, place], "better": better, "p": p[place] if len(known) > 1 else np.nan,
                    "smallest_p": smallest_p(len(known)), "n": len(known),
                }
            )  # fmt: skip
    pairs = pd.DataFrame(rows, columns=PAIR_COLUMNS)
    together = pairs.groupby(["family", "dataset", "metric"], sort=False)["p"]
    pairs["p_holm"] = together.transform(lambda p: holm(p.to_numpy())).astype(float)
    pairs["tests"] = together.transform("count").astype(int)
    pairs["smallest_p_holm"] = (pairs["smallest_p"] * pairs["tests"]).clip(upper=1.0).astype(float)
    return pairs


def rank_experiments(units: pd.DataFrame, *, bootstrap: int = 2000) -> pd.DataFrame:
    """Mean rank of each experiment over the units that all of its group have; 1 is the best.

    Returns
    -------
    DataFrame
        A row an experiment, the best first, in the columns of ``RANK_COLUMNS``: its mean ``value`` and ``mean_rank``
        with the 95 % interval of units drawn with replacement, the number of ``experiments`` and of units (``n``),
        ``friedman_p``, and Nemenyi's ``critical_difference`` at .05 (missing below three experiments or two
        units).
    """
    rows = []
    for key, table in _groups(units):
        shared = table.dropna()
        if shared.empty:
            continue
        ranks = unit_ranks(shared.to_numpy(), less_better=less_is_better(key["metric"]))
        low, high = bootstrap_means(ranks, samples=bootstrap)
        n, k = ranks.shape
        apart = critical_difference(k, n) if k >= LEAST_EXPERIMENTS and n >= 2 else np.nan
        found = pd.DataFrame(
            {
                "experiment": shared.columns, "value": shared.mean().to_numpy(), "mean_rank": ranks.mean(axis=0),
                "ci_low": low, "ci_high": high, "experiments": k, "n": n,
                "friedman_p": friedman_p(shared.to_numpy()), "critical_difference": apart,
            }
        )  # fmt: skip
        rows.append(found.sort_values("mean_rank", kind="stable").assign(**key))
    if not rows:
        return pd.DataFrame(columns=RANK_COLUMNS)
    return pd.concat(rows, ignore_index=True)[RANK_COLUMNS]


def _groups(units: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """Keys of each group of experiments that can be compared, and values: a row a unit, a column an experiment."""
    for key, mine in units.groupby(KEYS, sort=True):
        table = mine.pivot(index="unit", columns="experiment", values="value").astype(float)
        if table.shape[1] >= 2:
            yield dict(zip(KEYS, key, strict=True)), table


def plot_ranks(ranks: pd.DataFrame, simulated: Collection[str] = (), made: Mapping[str, str] | None = None) -> Figure:
    """Critical-difference diagrams (Demsar 2006), a panel a group of ``LEAST_EXPERIMENTS`` and ``LEAST_UNITS`` or more.

    Experiments lie at their mean ranks; bars join those that Nemenyi's test does not tell apart, and all of them where
    Friedman's does not reject. ``simulated``, ``made``: as :func:`cogmodels.report.compare.comparison_page` takes them.
    """
    drawn = ranks[
        (ranks["experiments"] >= LEAST_EXPERIMENTS) & (ranks["n"] >= LEAST_UNITS) & ~ranks["metric"].isin(TABLE_ONLY)
    ]
    groups = list(drawn.groupby(KEYS, sort=False))
    with house_style():
        if not groups:
            figure = new_figure(8.6, 1.2)
            least = f"{LEAST_EXPERIMENTS} experiments have {LEAST_UNITS} units"
            figure.text(0.5, 0.5, f"no critical differences: no {least} in common", ha="center", color=GREY)
            return figure
        heights = [0.95 + 0.2 * int(np.ceil(len(mine) / 2)) + 0.1 * len(_joined(mine)) for _, mine in groups]
        figure = new_figure(9.2, sum(heights) + 0.3)
        panels = figure.subplots(len(groups), 1, squeeze=False, height_ratios=heights)[:, 0]
        for panel, height, (key, mine) in zip(panels, heights, groups, strict=True):
            named = dict(zip(KEYS, key, strict=True))
            kind = kind_of(named["family"], named["dataset"], simulated, made or {})
            protocol = named["protocol"].replace("_", " ")
            name = METRIC_NAMES.get(named["metric"], named["metric"])
            panel.set_title(f"{name}: {named['dataset']} ({kind}), {protocol}")
            _draw_ranks(panel, mine, height, named["unit_of_n"])
        return figure


def _joined(mine: pd.DataFrame) -> list[tuple[int, int]]:
    """Which experiments, in order of their ranks, are not told apart."""
    if mine["friedman_p"].iloc[0] >= 0.05:
        return [(0, len(mine) - 1)]
    return alike_groups(mine["mean_rank"].to_numpy(), mine["critical_difference"].iloc[0])


def _draw_ranks(panel: Axes, mine: pd.DataFrame, height: float, unit: str) -> None:
    """One diagram; y is in inches below the axis of ranks."""
    mine = mine.sort_values("mean_rank", kind="stable")
    ranks, k = mine["mean_rank"].to_numpy(), len(mine)
    apart, p, n = mine["critical_difference"].iloc[0], mine["friedman_p"].iloc[0], int(mine["n"].iloc[0])
    bars = _joined(mine)
    margin = 0.62 * (k - 1)
    panel.set_xlim(1 - margin, k + margin)
    panel.set_ylim(height - 0.5, -0.42)
    panel.axis("off")
    panel.plot([1, k], [0, 0], color=INK, lw=0.9)
    for tick in range(1, k + 1):
        panel.plot([tick, tick], [-0.05, 0], color=INK, lw=0.9)
        panel.text(tick, -0.07, str(tick), ha="center", va="bottom", fontsize=7.5)
    left = int(np.ceil(k / 2))
    below = 0.12 + 0.1 * len(bars)
    for place, (rank, row) in enumerate(zip(ranks, mine.itertuples(), strict=True)):
        first = place < left
        y = below + 0.2 * ((place if first else k - 1 - place) + 0.5)
        edge = 1 - 0.06 * (k - 1) if first else k + 0.06 * (k - 1)
        panel.plot([rank, rank, edge], [0, y, y], color=GREY, lw=0.8, zorder=1)
        panel.plot([rank], [0], "o", color=BLUE, ms=4, zorder=3)
        text = f"{row.experiment}  {rank:.2f} [{row.ci_low:.2f}, {row.ci_high:.2f}]"
        side = ("right", -1) if first else ("left", 1)
        panel.text(edge + side[1] * 0.02 * (k - 1), y, text, ha=side[0], va="center", fontsize=7.5)
    for level, (first, last) in enumerate(bars):
        y = 0.09 + 0.1 * level
        ends = [ranks[first] - 0.012 * (k - 1), ranks[last] + 0.012 * (k - 1)]
        panel.plot(ends, [y, y], color=INK, lw=3, solid_capstyle="butt", zorder=2)
    panel.plot([1, min(1 + apart, k + margin)], [-0.3, -0.3], color=INK, lw=1.4)
    said = f"critical difference {apart:.2f} (Nemenyi, .05)"
    said += f"; Friedman p = {p:.2g}; n = {n} {unit}" + ("s" if not unit.endswith("s") and n != 1 else "")
    panel.text(min(1 + apart, k) + 0.02 * (k - 1), -0.3, said, ha="left", va="center", fontsize=7, color=GREY)
    panel.axhline(height - 0.52, color=LIGHT, lw=0.7)
