"""Figure of what mechanisms of attention cost and bring in a scanpath network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.report.html import METRIC_NAMES
from cogmodels.report.style import BLUE, GREEN, GREY, LIGHT, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COSTS = {
    "ms_per_step": ("training, ms/step", 1.0),
    "peak_mb": ("peak memory, GB", 1024.0),
    "parameters": ("parameters, 1000", 1000.0),
}


def plot_costs(costs: pd.DataFrame, *, title: str) -> Figure:
    """Every network's scores, as differences from softmax too, and its costs.

    Parameters
    ----------
    costs : DataFrame
        As :func:`cogmodels.scanpath.costs.attention_costs` gives it.
    title : str
    """
    shown = costs.sort_values("cig_bits", kind="stable").reset_index(drop=True)
    places, metrics = range(len(shown)), ("cig_bits", "sequence_score")
    with house_style():
        figure = new_figure(13.0, 1.8 + 0.3 * len(shown), title=title)
        axes = figure.subplots(1, 2 * len(metrics) + len(_COSTS), width_ratios=[1.3] * 4 + [0.8] * len(_COSTS))
        for panels, metric in zip((axes[:2], axes[2:4]), metrics, strict=True):
            _values(panels[0], shown, metric)
            _gaps(panels[1], shown, metric)
        for panel, (name, (label, unit)) in zip(axes[4:], _COSTS.items(), strict=True):
            values = shown[name] / unit
            panel.barh(places, values, color=LIGHT)
            for place, value in zip(places, values, strict=True):
                stated = "not known" if np.isnan(value) else f"{value:.3g}"
                panel.text(0.03, place, stated, transform=panel.get_yaxis_transform(), va="center", fontsize=7)
            if f"{name}_min" in shown:
                panel.hlines(places, shown[f"{name}_min"] / unit, shown[f"{name}_max"] / unit, color=GREY, lw=1.6)
            panel.set_title(label, fontsize=7)
        for number, panel in enumerate(axes):
            panel.set(ylim=(-0.6, len(shown) - 0.4), yticks=places)
            panel.set_yticklabels(map(_label, shown.itertuples()) if number == 0 else [], fontsize=7)
            panel.set_axisbelow(True)
        from matplotlib.lines import Line2D

        legend = [
            Line2D([], [], color=BLUE, marker="o", lw=2.2, label="mean over seeds, 95 % interval over images"),
            Line2D([], [], color=GREY, lw=6, alpha=0.35, label="1 sd over seeds, each side; line: range of times"),
            Line2D([], [], color=VERMILLION, lw=1.4, label="chance; no difference (* p < .05, Holm)"),
            Line2D([], [], color=GREEN, lw=1.2, ls=":", label="people (each other; the others' density)"),
        ]
        figure.legend(handles=legend, loc="outside lower center", ncols=4)
        return figure


def _label(row) -> str:
    """What is not softmax, and where."""
    wheres: dict[str, list[str]] = {}
    for place in ("encoder", "decoder", "cross"):
        wheres.setdefault(getattr(row, place), []).append(place)
    wheres.pop("softmax", None)
    names = [f"{kind} ({'everywhere' if len(at) == 3 else ', '.join(at)})" for kind, at in wheres.items()]
    return f"{' + '.join(names) or 'softmax'}\n{row.experiment}, {_count(row.seeds, 'seed')}"


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _values(panel, shown: pd.DataFrame, metric: str) -> None:
    for place, row in shown.iterrows():
        spread = 0.0 if np.isnan(row[f"{metric}_seed_sd"]) else row[f"{metric}_seed_sd"]
        panel.plot([row[metric] - spread, row[metric] + spread], [place] * 2, color=GREY, lw=6, alpha=0.35)
        panel.plot([row[f"{metric}_ci_low"], row[f"{metric}_ci_high"]], [place] * 2, color=BLUE, lw=2.2)
        panel.plot(row[metric], place, "o", color=BLUE, ms=4.5)
    panel.axvline(shown[f"{metric}_chance"].mean(), color=VERMILLION, lw=1.4)
    panel.axvline(shown[f"{metric}_ceiling"].mean(), color=GREEN, lw=1.2, ls=":")
    panel.set_title(METRIC_NAMES.get(metric, metric), fontsize=8)


def _gaps(panel, shown: pd.DataFrame, metric: str) -> None:
    """Differences from softmax; a star where the interval's p, held against all of them, is below .05."""
    for place, row in shown.iterrows():
        gap = row[f"{metric}_difference"]
        if np.isnan(gap):
            why = "reference" if row["versus"] == row["experiment"] else "none to compare with"
            style = {"ha": "center", "va": "center", "color": GREY, "fontsize": 7}
            panel.text(0.5, place, why, transform=panel.get_yaxis_transform(), **style)
            continue
        ends = [row[f"{metric}_difference_ci_low"], row[f"{metric}_difference_ci_high"]]
        panel.plot(ends, [place] * 2, color=BLUE, lw=2.2)
        panel.plot(gap, place, "o", color=BLUE, ms=4.5)
        if row[f"{metric}_p_holm"] < 0.05:
            panel.annotate("*", (gap, place), (0, 1), textcoords="offset points", ha="center", fontsize=10)
    panel.axvline(0, color=VERMILLION, lw=1.4)
    panel.set_title("minus softmax", fontsize=8)
    panel.locator_params(axis="x", nbins=3)
