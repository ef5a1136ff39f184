"""Figure of alignment across subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.report.html import METRIC_NAMES
from cogmodels.report.style import BLUE, GREY, INK, PALETTE, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_alignment(scores: pd.DataFrame, subjects: pd.DataFrame, *, title: str) -> Figure:
    """Agreement of held-out stimuli with the other subjects: mean with its interval, each subject, chance.

    Parameters
    ----------
    scores : DataFrame
        Rows of the table of scores: experiment, metric, value, ci_low, ci_high, chance, p.
    subjects : DataFrame
        Columns ``subject``, ``metric``, ``part`` (``aligned`` or what stands beside it), ``value``.
    title : str
    """
    parts = list(dict.fromkeys(subjects["part"]))
    with house_style():
        figure = new_figure(9.5, 3.8, title=title)
        metrics = list(dict.fromkeys(subjects["metric"]))
        for axes, metric in zip(np.atleast_1d(figure.subplots(1, len(metrics))), metrics, strict=True):
            mine = scores[scores["metric"] == metric]
            for k, (part, row) in enumerate(zip(parts, mine.itertuples(), strict=True)):
                each = subjects[(subjects["metric"] == metric) & (subjects["part"] == part)]
                shift = np.linspace(-0.16, 0.16, len(each)) if len(each) > 1 else np.zeros(1)
                axes.plot(k + shift, each["value"], ".", color=PALETTE[5] if k == 0 else GREY, ms=6, zorder=2)
                axes.vlines(k, row.ci_low, row.ci_high, color=BLUE if k == 0 else INK, lw=2.2, zorder=3)
                axes.plot(k, row.value, "_", color=BLUE if k == 0 else INK, ms=16, mew=2.2, zorder=3)
                axes.hlines(row.chance, k - 0.35, k + 0.35, color=VERMILLION, lw=1.3, ls="--")
                axes.annotate(
                    f"{row.value:.3f}\np {row.p:.2g}", (k + 0.22, row.value), fontsize=7.5, va="center", color=INK
                )
            axes.set_xticks(range(len(parts)), parts)
            axes.set_xlim(-0.6, len(parts) - 0.2)
            axes.margins(y=0.1)
            axes.set_ylabel(METRIC_NAMES.get(metric, metric))
        axes.plot([], [], color=VERMILLION, lw=1.3, ls="--", label="chance (stimuli permuted)")
        axes.plot([], [], ".", color=GREY, label="a subject")
        axes.legend(loc="upper right")
    return figure
