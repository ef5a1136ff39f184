"""Figures of RDMs: how much people's agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.metrics.rdm_agreement import ALL_REGIONS
from cogmodels.report.style import BLUE, GREY, LIGHT, SKY, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS = {
    "reliability": "Reliability: r of ranks with the mean of the others (band: up to the mean of all)",
    "identification_top1": "Identification across people, top 1: items by rows; region by its RDM",
    "identification_two_way": "Identification of items across people, two-way",
}


def plot_agreement(persons: pd.DataFrame, scores: pd.DataFrame, *, title: str) -> Figure:
    """Bars of each region's reliability and identification with interval and chance, people as dots.

    Parameters
    ----------
    persons, scores : DataFrame
        As :func:`~cogmodels.metrics.rdm_agreement.rdm_agreement` gives them.
    title : str
    """
    with house_style():
        figure = new_figure(9.5, 8.4, title=title)
        axes = figure.subplots(len(_PANELS), 1)
        for panel, (metric, name) in zip(axes, _PANELS.items(), strict=True):
            _bars(panel, persons[persons["metric"] == metric], scores[scores["metric"] == metric])
            panel.set_title(name)
        axes[-1].set_ylim(0.0, 1.0)
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        n = int(scores["n"].max())
        legend = [
            Patch(color=SKY, label=f"mean of {n} people"),
            Line2D([], [], color=BLUE, lw=2.2, label="95 % interval over people"),
            Line2D([], [], color=GREY, marker="o", lw=0, ms=3, alpha=0.5, label="one person"),
            Line2D([], [], color=VERMILLION, lw=1.6, label="chance"),
        ]
        figure.legend(handles=legend, loc="outside lower center", ncols=4)
        return figure


def _bars(panel: Axes, persons: pd.DataFrame, scores: pd.DataFrame) -> None:
    spread = np.random.default_rng(0)
    for place, row in enumerate(scores.itertuples()):
        panel.bar(place, row.value, width=0.62, color=SKY)
        values = persons.loc[persons["experiment"] == row.experiment, "value"].to_numpy()
        panel.plot(place + spread.uniform(-0.24, 0.24, len(values)), values, "o", color=GREY, ms=2.5, alpha=0.5)
        if np.isfinite(row.ceiling):
            panel.fill_between([place - 0.31, place + 0.31], row.value, row.ceiling, color=GREY, alpha=0.3, lw=0)
        panel.plot([place, place], [row.ci_low, row.ci_high], color=BLUE, lw=2.2, solid_capstyle="round")
        panel.plot([place - 0.36, place + 0.36], [row.chance] * 2, color=VERMILLION, lw=1.6)
    names = [
        f"{row.experiment.replace(' (', chr(10) + '(')}\n{row.value:.3f}{'' if row.p < 0.05 else ', n.s.'}"
        for row in scores.itertuples()
    ]
    panel.set_xticks(range(len(scores)), names, fontsize=7.5)
    if names and scores["experiment"].iloc[-1].startswith(ALL_REGIONS):
        panel.axvline(len(scores) - 1.5, color=GREY, lw=0.7)
    panel.set_xlim(-0.6, len(scores) - 0.4)
    panel.grid(axis="y", color=LIGHT, lw=0.7)
    panel.set_axisbelow(True)
