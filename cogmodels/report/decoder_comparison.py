"""Decoders beside a reference and controls: each person's score, the mean, chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.report.html import METRIC_NAMES
from cogmodels.report.style import BLUE, GREY, LIGHT, ORANGE, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_comparison(table: pd.DataFrame, people: Mapping[str, pd.DataFrame], *, metric: str, title: str) -> Figure:
    """A row an experiment: a dot a person, mean and interval, numbers, and the difference from the reference.

    Parameters
    ----------
    table : DataFrame
        Of :func:`cogmodels.decoding.class_scores.compare_people`, the reference first, with ``control``.
    people : mapping of experiment -> DataFrame
        Columns ``subject`` and the metric.
    metric, title : str
    """
    rows = table.iloc[::-1].reset_index(drop=True)
    # A gap between decoders and controls.
    places = np.arange(len(rows)) + 0.6 * (~rows["control"].to_numpy(dtype=bool) & rows["control"].any())
    generator = np.random.default_rng(0)
    with house_style():
        figure = new_figure(11.0, 1.5 + 0.42 * len(rows), title=title)
        axes, side = figure.subplots(1, 2, width_ratios=[1.0, 1.15])
        for place, row in zip(places, rows.itertuples(), strict=True):
            colour = ORANGE if row.control else BLUE
            values = people[row.experiment][metric].to_numpy()
            spread = place + generator.uniform(-0.16, 0.16, len(values))
            axes.plot(values, spread, "o", color=colour, ms=3.2, alpha=0.45, mec="none")
            axes.plot([row.ci_low, row.ci_high], [place, place], color="black", lw=2.2, solid_capstyle="round")
            axes.plot(row.value, place, "o", color=colour, mec="black", ms=7)
            side.text(0.0, place, _score(row), va="center", fontsize=8)
            side.text(0.58, place, _difference(row), va="center", fontsize=8, color=GREY)
        axes.axvline(rows["chance"].iloc[0], color=VERMILLION, lw=1.4)
        axes.axvline(table["value"].iloc[0], color=GREY, lw=0.9, ls=":")
        axes.set_yticks(places, [f"{one.experiment}{' (control)' if one.control else ''}" for one in rows.itertuples()])
        axes.set(xlabel=METRIC_NAMES.get(metric, metric), ylim=(-0.6, places[-1] + 0.7))
        axes.grid(axis="x", color=LIGHT, lw=0.7)
        axes.set_axisbelow(True)
        side.set(ylim=axes.get_ylim(), xlim=(0, 1))
        side.axis("off")
        heads = ("mean [95 % over people], other brains, p", f"less {table['experiment'].iloc[0]}, p two-sided")
        for x, head in zip((0.0, 0.58), heads, strict=True):
            side.text(x, 1.01, head, transform=side.transAxes, va="bottom", fontweight="bold", fontsize=8)
        _legend(figure, bool(rows["control"].any()), int(rows["n"].iloc[0]))
    return figure


def _score(row) -> str:
    refit = "" if pd.isna(row.p_refit) else f" (refits {row.p_refit:.3f})"
    return f"{row.value:.3f} [{row.ci_low:.3f}, {row.ci_high:.3f}], {row.shuffled_brain:.3f}, {row.p:.4f}{refit}"


def _difference(row) -> str:
    if pd.isna(row.difference):
        return "reference"
    return f"{row.difference:+.3f} [{row.difference_low:+.3f}, {row.difference_high:+.3f}], {row.difference_p:.3f}"


def _legend(figure: Figure, controls: bool, n: int) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=BLUE, marker="o", lw=0, mec="black", ms=7, label=f"decoder: mean of {n} people"),
        Line2D([], [], color=BLUE, marker="o", lw=0, ms=3.2, alpha=0.5, label="a person"),
        Line2D([], [], color="black", lw=2.2, label="95 % interval over people"),
        Line2D([], [], color=VERMILLION, lw=1.4, label="chance"),
        Line2D([], [], color=GREY, lw=0.9, ls=":", label="reference"),
    ]
    if controls:
        handles.insert(1, Line2D([], [], color=ORANGE, marker="o", lw=0, mec="black", ms=7, label="control"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
