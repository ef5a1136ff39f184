"""Figure of adaptation curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.report.style import BLUE, GREY, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TITLES = {
    "two_way": "two-way identification",
    "retrieval_top1": "retrieval, top 1",
    "brain_retrieval_top1": "retrieval of brains, top 1",
}


def plot_adaptation(table: pd.DataFrame, *, title: str) -> Figure:
    """Scores by the new subject's trials, with and without the other subjects before, over their paired difference.

    Parameters
    ----------
    table : DataFrame
        Of :func:`cogmodels.decoding.adaptation.compare_adaptation`.
    title : str
    """
    metrics = list(dict.fromkeys(table["metric"]))
    with house_style():
        figure = new_figure(3.6 * len(metrics), 5.6, title=title)
        panels = figure.subplots(2, len(metrics), squeeze=False, height_ratios=[1.5, 1])
        for (above, below), metric in zip(panels.T, metrics, strict=True):
            mine = table[table["metric"] == metric]
            place = np.arange(len(mine))
            for name, colour, label, shift in (
                ("pretrained", BLUE, "after the other subjects", -0.06),
                ("scratch", GREY, "from scratch", 0.06),
            ):
                _bars(above, place + shift, mine, name, colour, label)
            above.axhline(mine["chance"].iloc[0], color=VERMILLION, lw=1.4, label="chance")
            above.set_title(_TITLES.get(metric, metric))
            _bars(below, place, mine, "gain", BLUE, None)
            below.axhline(0, color=VERMILLION, lw=1.4)
            below.set_title("difference, paired")
            for at, p, top in zip(place, mine["p"], mine["gain_ci_high"], strict=True):
                below.annotate(f"p {p:.3f}", (at, top), (0, 3), textcoords="offset points", ha="center", fontsize=7)
            below.margins(y=0.25)
            for panel in (above, below):
                panel.set_xticks(place, mine["n_trials"])
                panel.set_xlim(-0.5, len(mine) - 0.5)
                panel.set_xlabel("trials of the new subject")
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _bars(panel, place: np.ndarray, table: pd.DataFrame, name: str, colour: str, label: str | None) -> None:
    low, value, high = (table[f"{name}{end}"].to_numpy() for end in ("_ci_low", "", "_ci_high"))
    panel.errorbar(place, value, [value - low, high - value], fmt="o-", color=colour, ms=5, lw=1.4, label=label)
