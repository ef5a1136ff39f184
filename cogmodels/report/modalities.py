"""Figure of a joint decoder that is given some of its modalities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.report.html import METRIC_NAMES
from cogmodels.report.style import BLUE, GREY, VERMILLION, house_style, new_figure, score_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_modalities(
    table: pd.DataFrame, *, title: str, metrics: tuple[str, ...] = ("two_way", "retrieval_top1")
) -> Figure:
    """Scores by what the decoder is given, beside what all modalities add to it, paired; a row of panels a metric.

    Parameters
    ----------
    table : DataFrame
        Of :func:`cogmodels.decoding.modalities.score_modalities`.
    title : str
    metrics : tuple of str
    """
    with house_style():
        names = list(dict.fromkeys(table["modalities"]))
        figure = new_figure(9.0, 1.2 + len(metrics) * (0.9 + 0.3 * len(names)), title=title)
        panels = figure.subplots(len(metrics), 2, squeeze=False, sharey="row", width_ratios=[1.5, 1])
        for (left, right), metric in zip(panels, metrics, strict=True):
            rows = table[table["metric"] == metric].iloc[::-1].reset_index(drop=True)
            place = np.arange(len(rows))
            colours = [BLUE if p < 0.05 else GREY for p in rows["p"]]
            left.hlines(place, rows["ci_low"], rows["ci_high"], color=colours, lw=2.2)
            left.scatter(rows["value"], place, color=colours, s=36, zorder=3)
            # A choice with all subjects' stimuli has one chance; people's pools may differ.
            left.vlines(rows["chance"], place - 0.4, place + 0.4, color=VERMILLION, lw=1.6)
            left.vlines(
                rows["ceiling"].dropna(), *(place[rows["ceiling"].notna()] + s for s in (-0.4, 0.4)), "k", ":", lw=1.2
            )
            left.set(yticks=place, yticklabels=rows["modalities"], xlabel=METRIC_NAMES.get(metric, metric))
            right.axvline(0, color=VERMILLION, lw=1.4)
            right.hlines(place, rows["gain_ci_low"], rows["gain_ci_high"], color="black", lw=2.2)
            right.scatter(rows["gain"], place, color="black", s=36, zorder=3)
            for at, row in zip(place, rows.itertuples(), strict=True):
                text = "all" if pd.isna(row.gain) else f"p {row.gain_p:.3f}"
                spot = 0 if pd.isna(row.gain) else row.gain_ci_high
                right.annotate(text, (spot, at), (5, 0), textcoords="offset points", va="center", fontsize=7)
            right.margins(x=0.3)
            right.locator_params(axis="x", nbins=5)
            right.set_xlabel("what all modalities add, paired")
        score_legend(figure, " over subjects")
    return figure
