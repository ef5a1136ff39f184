"""Figures of scanpath models step by step: where they expect the next fixation, and how well they do as it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.report.html import METRIC_NAMES
from cogmodels.report.style import BLUE, GREEN, GREY, INK, ORANGE, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STEPWISE = ("log_likelihood_bits", "cig_bits", "cnss", "cauc")
_CHANCE = {"log_likelihood_bits": 0.0, "cig_bits": 0.0, "cnss": 0.0, "cauc": 0.75}
#: Steps of fewer images say little.
_LEAST = 10


def plot_next_fixations(images: Mapping[str, np.ndarray], expected: Sequence[Any], *, title: str) -> Figure:
    """The density of each next fixation over the image, with the fixations before and the one that came.

    Parameters
    ----------
    images : mapping of stimulus -> (h, w, 3) uint8
    expected : sequence of NextFixations
        As :func:`cogmodels.scanpath.generate.expected_fixations` gives them; a row each.
    title : str
    """
    steps = max(len(one.xy) for one in expected)
    height, width = next(iter(images.values())).shape[:2]
    with house_style():
        cell = 11.0 / steps
        figure = new_figure(11.0, 0.8 + len(expected) * (cell * height / width + 0.2), title=title)
        axes = figure.subplots(len(expected), steps, squeeze=False)
        for row, one in zip(axes, expected, strict=True):
            image = images[one.image]
            extent = (-0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5)
            for step, panel in enumerate(row):
                panel.set_axis_off()
                if step >= len(one.xy):
                    continue
                panel.imshow(image.mean(axis=2), cmap="gray", extent=extent)
                # Each map on its own scale: what matters is where, not how much. Where it is low the image shows.
                share = one.maps[step] / one.maps[step].max()
                panel.imshow(share, cmap="inferno", alpha=0.85 * np.sqrt(share), extent=extent)
                past = one.xy[:step]
                panel.plot(past[:, 0], past[:, 1], "-o", color="white", lw=0.9, ms=2.5, alpha=0.9)
                panel.plot(*one.xy[step], "o", mfc="none", mec="#00ff66", ms=9, mew=1.6)
                panel.plot(*one.xy[step], ".", color="#00ff66", ms=3)
                name = f"{one.view}, {one.subject}: " if step == 0 else ""
                panel.set_title(f"{name}{step + 1}: {one.bits[step]:+.1f} bits", fontsize=7)
                panel.set(xlim=extent[:2], ylim=extent[2:])
        from matplotlib.lines import Line2D

        legend = [
            Line2D([], [], color="#00c050", marker="o", mfc="none", mew=1.6, lw=0, label="the fixation that came"),
            Line2D([], [], color=GREY, marker="o", ms=3, lw=0.9, label="fixations before (white)"),
        ]
        figure.legend(handles=legend, loc="outside lower center", ncols=2)
        return figure


def plot_steps(steps: Mapping[str, pd.DataFrame], *, title: str, seed: int = 0) -> Figure:
    """Likelihood, gain, cNSS and cAUC of every model by the number of the fixation, with intervals over images.

    Parameters
    ----------
    steps : mapping of experiment -> DataFrame
        ``stimulus, index`` and the metrics, as :func:`cogmodels.scanpath.score.score_steps` gives them; models without
        a density are left out.
    title : str
    seed : int
        Of the bootstrap of images.
    """
    shown = {name: table for name, table in steps.items() if table["log_likelihood_bits"].notna().any()}
    colours = (BLUE, ORANGE, GREEN, VERMILLION, GREY, INK, "#CC79A7", "#56B4E9")
    with house_style():
        figure = new_figure(11.0, 6.4, title=title)
        for panel, metric in zip(figure.subplots(2, 2).ravel(), _STEPWISE, strict=True):
            for number, (name, table) in enumerate(shown.items()):
                curve = step_curve(table, metric, seed=seed)
                colour = colours[number % len(colours)]
                panel.plot(curve["step"], curve["value"], "-o", color=colour, ms=3, lw=1.3, label=name)
                panel.fill_between(curve["step"], curve["ci_low"], curve["ci_high"], color=colour, alpha=0.15, lw=0)
            panel.axhline(_CHANCE[metric], color=GREY, lw=1.0, ls=":")
            panel.set_title(METRIC_NAMES.get(metric, metric))
            panel.set_xlabel("fixation")
        handles, labels = panel.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        return figure


def step_curve(steps: pd.DataFrame, metric: str, *, bootstrap: int = 500, seed: int = 0) -> pd.DataFrame:
    """``step, value, ci_low, ci_high, n``: means over images of their mean at each fixation; bootstrap over images.

    Steps that fewer than ten images have are left out, unless there are fewer images.
    """
    means = steps.dropna(subset=[metric]).groupby(["index", "stimulus"])[metric].mean()
    least, rows = min(_LEAST, steps["stimulus"].nunique()), []
    generator = np.random.default_rng([seed, 101])
    for index, values in means.groupby(level=0):
        n = len(values)
        if n >= least:
            drawn = values.to_numpy()[generator.integers(n, size=(bootstrap, n))].mean(axis=1)
            rows.append((int(index) + 1, values.mean(), *np.quantile(drawn, [0.025, 0.975]), n))
    return pd.DataFrame(rows, columns=["step", "value", "ci_low", "ci_high", "n"])
