"""Figures of scanpath models: where they look beside people, and how they compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.report.html import METRIC_NAMES
from cogmodels.report.style import BLUE, GREEN, GREY, INK, LIGHT, ORANGE, VERMILLION, house_style, new_figure, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: What the comparison shows, in reading order.
SHOWN = (
    "cig_bits", "log_likelihood_bits", "cnss", "cauc", "duration_log_likelihood", "sequence_score", "scanmatch",
    "sequence_score_typical", "scanmatch_typical", "multimatch_position", "crps_sequence_score", "crps_scanmatch",
)  # fmt: skip


def plot_scanpaths(
    images: Mapping[str, np.ndarray],
    people: Mapping[str, Sequence[np.ndarray]],
    samples: Mapping[str, Sequence[np.ndarray]],
    typical: Mapping[str, np.ndarray],
    steps: pd.DataFrame,
    quantities: Mapping[str, Mapping[str, np.ndarray]],
    *,
    title: str,
) -> Figure:
    """People's and a model's scanpaths on images, the gain by step, and how saccades and fixations are distributed.

    Parameters
    ----------
    images : mapping of stimulus -> (h, w, 3) uint8
        Up to four.
    people, samples : mapping of stimulus -> scanpaths (k, 3)
        Two of people's are drawn, one of the samples.
    typical : mapping of stimulus -> scanpath (k, 3)
        The model's typical one, which is drawn last.
    steps : DataFrame
        ``index, cig_bits, log_likelihood_bits`` of single fixations.
    quantities : mapping of {"people", "model"} -> mapping of quantity -> (n,)
        As :func:`cogmodels.scanpath.tables.quantities` gives them.
    title : str
    """
    with house_style():
        figure = new_figure(11.0, 8.2, title=title)
        axes = figure.subplots(3, 4, height_ratios=[1, 1, 0.9])
        for column in range(4):
            both = {name: [samples[name][0], typical[name]] for name in images}
            rows = (("people", people, (ORANGE, INK)), ("typical (blue), a draw", both, (INK, BLUE)))
            for row, (name, source, colours) in enumerate(rows):
                panel = axes[row, column]
                panel.set_axis_off()
                if column < len(images):
                    stimulus = list(images)[column]
                    panel.imshow(images[stimulus], alpha=0.85)
                    for path, shade in zip(source[stimulus][:2], colours, strict=False):
                        draw_path(panel, path, shade)
                    panel.set_title(f"{name}: {stimulus}", fontsize=8)
        _by_step(axes[2, 0], steps)
        for panel, (name, unit, top) in zip(
            axes[2, 1:],
            (("amplitude", "saccade amplitude, px", None), ("direction", "direction, degrees (90 = up)", None),
             ("duration", "fixation duration, s", 1.0)), strict=True,
        ):  # fmt: skip
            _histogram(panel, quantities, name, unit, top)
        return figure


def draw_path(panel: Axes, path: np.ndarray, colour: str) -> None:
    """A scanpath (k, 3) of x, y (px) and duration (s), numbered; the area of a circle is the duration."""
    panel.plot(path[:, 0], path[:, 1], color=colour, lw=1.0, alpha=0.8)
    panel.scatter(path[:, 0], path[:, 1], s=np.nan_to_num(path[:, 2], nan=0.2) * 90, color=colour, alpha=0.75, lw=0)
    for number, (x, y) in enumerate(path[:, :2], start=1):
        panel.annotate(str(number), (x, y), color="white", fontsize=5, ha="center", va="center")


def _by_step(panel: Axes, steps: pd.DataFrame) -> None:
    panel.set_title("bits a fixation over centre bias")
    found = steps.dropna(subset=["cig_bits"])
    if found.empty:
        return say(panel, "this model has no density")
    groups = found[found["index"] <= 12].groupby("index")["cig_bits"]
    mean, error = groups.mean(), groups.sem()
    panel.errorbar(mean.index + 1, mean, 1.96 * error, color=BLUE, marker="o", ms=3.5, lw=1.4)
    panel.axhline(0, color=VERMILLION, lw=1.2)
    panel.set_xlabel("fixation (95 % interval of fixations)")
    return None


def _histogram(
    panel: Axes, quantities: Mapping[str, Mapping[str, np.ndarray]], name: str, label: str, top: float | None
) -> None:
    both = np.concatenate([quantities[who][name] for who in ("people", "model")])
    if not len(both):
        return say(panel, "not published")
    edges = np.linspace(both.min(), top or both.max(), 41)
    for who, colour in (("people", ORANGE), ("model", BLUE)):
        panel.hist(quantities[who][name], edges, density=True, histtype="step", color=colour, lw=1.5, label=who)
    panel.set_yticks([])
    panel.set_xlabel(label)
    panel.legend()
    return None


def plot_comparison(scores: pd.DataFrame, *, title: str, shown: Sequence[str] = SHOWN) -> Figure:
    """Every model under every metric, with its interval, chance and people.

    Parameters
    ----------
    scores : DataFrame
        Rows of the table of scores of several scanpath experiments on one data set.
    title : str
    shown : sequence of str
        Metrics, in reading order.
    """
    metrics = [name for name in shown if name in set(scores["metric"])]
    names = list(dict.fromkeys(scores["experiment"]))
    with house_style():
        rows = int(np.ceil(len(metrics) / 2))
        figure = new_figure(11.0, 0.9 + rows * (0.24 * len(names) + 0.55), title=title)
        axes = figure.subplots(rows, 2, squeeze=False).ravel()
        for panel, metric in zip(axes, metrics, strict=False):
            mine = scores[scores["metric"] == metric].set_index("experiment")
            for place, name in enumerate(reversed(names)):
                if name not in mine.index:
                    panel.text(
                        0.02, place, "no density", transform=panel.get_yaxis_transform(), va="center", color=GREY
                    )
                    continue
                row = mine.loc[name]
                panel.plot([row["ci_low"], row["ci_high"]], [place, place], color=BLUE, lw=2.2)
                panel.plot(row["value"], place, "o", color=BLUE, ms=5)
                panel.plot([row["chance"]] * 2, [place - 0.35, place + 0.35], color=VERMILLION, lw=1.4)
            if mine["ceiling"].notna().any():
                panel.axvline(mine["ceiling"].mean(), color=GREEN, lw=1.2, ls=":")
            panel.set_ylim(-0.6, len(names) - 0.4)
            panel.set_title(METRIC_NAMES.get(metric, metric))
            panel.set_yticks(range(len(names)), list(reversed(names)), fontsize=7.5)
            panel.grid(axis="x", color=LIGHT, lw=0.7)
            panel.set_axisbelow(True)
        for panel in axes[len(metrics) :]:
            panel.set_axis_off()
        from matplotlib.lines import Line2D

        legend = [
            Line2D([], [], color=BLUE, marker="o", lw=2.2, label="mean and 95 % interval over images"),
            Line2D([], [], color=VERMILLION, lw=1.4, label="chance"),
            Line2D([], [], color=GREEN, lw=1.2, ls=":", label="people (each other; the others' density)"),
        ]
        figure.legend(handles=legend, loc="outside lower center", ncols=3)
        return figure


def plot_overlay(image: np.ndarray, paths: Sequence[np.ndarray], *, title: str) -> Figure:
    """Predicted scanpaths (k, 3) over an image (h, w, 3); three are drawn as paths, the fixations of all as dots."""
    with house_style():
        figure = new_figure(6.0, 0.5 + 6.0 * image.shape[0] / image.shape[1], title=f"PREDICTED, {title}")
        panel = figure.subplots()
        panel.imshow(image)
        panel.set_axis_off()
        every = np.concatenate(list(paths))
        panel.plot(every[:, 0], every[:, 1], ".", color=VERMILLION, ms=3, alpha=0.5)
        for path, colour in zip(paths[:3], (BLUE, ORANGE, GREEN), strict=False):
            draw_path(panel, path, colour)
        panel.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
        return figure
