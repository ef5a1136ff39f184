"""Figures of scanpaths: how much alike people look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.report.html import METRIC_NAMES
from cogmodels.report.style import BLUE, GREY, LIGHT, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: People beyond are drawn as arrows at the edge.
_LEFT, _RIGHT = -1.0, 3.0
_PANELS = {
    "Scanpath metrics": lambda kind, metric: kind == "scanpath" and not metric.startswith("crps_"),
    "Saliency metrics": lambda kind, metric: kind == "saliency",
    "Proper scores of the others as a prediction": lambda kind, metric: metric.startswith("crps_"),
}


def plot_consistency(persons: pd.DataFrame, scores: pd.DataFrame, *, title: str) -> Figure:
    """Every metric's consistency, people as dots, on an axis of its own from chance (0) to the mean of people (1).

    Parameters
    ----------
    persons : DataFrame
        As :func:`~cogmodels.metrics.human_consistency.human_consistency` gives it.
    scores : DataFrame
        As :func:`~cogmodels.metrics.human_consistency.summarise_consistency` gives it.
    title : str
    """
    kinds = dict(zip(persons["metric"], persons["kind"], strict=True))
    panels = {
        name: mine
        for name, belongs in _PANELS.items()
        if len(mine := scores[[belongs(kinds[metric], metric) for metric in scores["metric"]]])
    }
    with house_style():
        figure = new_figure(10.5, 1.3 + sum(0.24 * len(mine) + 0.55 for mine in panels.values()), title=title)
        # Room at the right for the numbers.
        figure.get_layout_engine().set(rect=(0, 0, 0.79, 1))
        axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=[len(m) + 1.5 for m in panels.values()])
        for panel, (name, mine) in zip(axes[:, 0], panels.items(), strict=True):
            _draw(panel, persons, mine.iloc[::-1])
            panel.set_title(name)
        axes[-1, 0].set_xlabel(
            "consistency of each person with the others: 0 = with other images, 1 = mean of people; arrows: beyond"
        )
        n = int(scores["n"].max())
        from matplotlib.lines import Line2D

        legend = [
            Line2D([], [], color=GREY, marker="o", lw=0, ms=4, alpha=0.5, label=f"one of {n} people"),
            Line2D([], [], color=BLUE, marker="o", lw=2.2, label="mean and 95 % interval over people"),
            Line2D([], [], color=VERMILLION, lw=1.6, label="chance: the others on other images"),
        ]
        figure.legend(handles=legend, loc="outside lower center", ncols=3)
        return figure


def _draw(panel: Axes, persons: pd.DataFrame, scores: pd.DataFrame) -> None:
    for place, row in enumerate(scores.itertuples()):
        span = row.value - row.chance
        if not np.isfinite(span) or span == 0:
            panel.text(0.5, place, "no difference from chance, or no chance level", va="center", color=GREY)
        else:
            values = (persons.loc[persons["metric"] == row.metric, "value"].to_numpy() - row.chance) / span
            for shown, marker in (
                (np.where(values < _LEFT, _LEFT, np.nan), "<"),
                (np.where(values > _RIGHT, _RIGHT, np.nan), ">"),
                (np.where((values >= _LEFT) & (values <= _RIGHT), values, np.nan), "o"),
            ):
                panel.plot(shown, np.full(len(values), place), marker, color=GREY, ms=3.5, alpha=0.5)
            ends = np.clip((np.array([row.ci_low, row.ci_high]) - row.chance) / span, _LEFT, _RIGHT)
            panel.plot(ends, [place, place], color=BLUE, lw=2.2, solid_capstyle="round")
            panel.plot(1, place, "o", color=BLUE, ms=5)
        stated = f"{_short(row.value)} [{_short(row.ci_low)}, {_short(row.ci_high)}]"
        for x, text in ((1.03, stated), (1.32, _short(row.chance))):
            panel.text(
                x, place, text, transform=panel.get_yaxis_transform(), va="center", fontsize=7.5, in_layout=False
            )
    for x, text in ((1.03, "mean [95 % interval]"), (1.32, "chance")):
        panel.text(
            x,
            len(scores) - 0.2,
            text,
            transform=panel.get_yaxis_transform(),
            va="bottom",
            fontsize=7.5,
            color=GREY,
            in_layout=False,
        )
    panel.axvline(0, color=VERMILLION, lw=1.6)
    panel.set_yticks(range(len(scores)), [METRIC_NAMES.get(name, name) for name in scores["metric"]], fontsize=7.5)
    panel.set(ylim=(-0.7, len(scores) - 0.3), xlim=(_LEFT - 0.1, _RIGHT + 0.1))
    panel.grid(axis="x", color=LIGHT, lw=0.7)
    panel.set_axisbelow(True)


def _short(value: float) -> str:
    """Three decimals below 10, and no more digits than say something above."""
    return f"{value:.{3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0}f}"
