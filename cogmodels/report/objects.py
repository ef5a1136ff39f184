"""Figures of scanpath models of objects: paths over layouts, what models and people do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.report.scanpath_models import draw_path
from cogmodels.report.style import BLUE, GREY, INK, LIGHT, ORANGE, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cogmodels.scanpath.objects.layouts import Layouts

#: What the comparison shows, in reading order.
SHOWN = (
    "sequence_score", "next_object_probability", "behavioural_delta", "log_likelihood_bits", "multimatch_vector",
    "multimatch_direction", "multimatch_length", "multimatch_position",
)  # fmt: skip
#: Width of a drawn layout, px.
_WIDTH = 700


def plot_objects(
    layouts: Layouts,
    people: pd.DataFrame,
    predictions: pd.DataFrame,
    steps: pd.DataFrame,
    behaviour: pd.DataFrame,
    *,
    title: str,
) -> Figure:
    """People's and a model's scanpaths on four scenes, and what both do.

    Parameters
    ----------
    layouts : Layouts
        With RENDERED pictures.
    people, predictions : DataFrame
        ``subject, stimulus, index, x, y`` (px) on the same scenes; two scanpaths of each are drawn on a scene, of the
        model the likeliest first where there is one.
    steps : DataFrame
        ``index, probability`` of people's steps.
    behaviour : DataFrame
        ``behaviour, model, people, chance``.
    title : str
    """
    names = sorted(set(predictions["stimulus"]))
    shown = names[:: max(1, len(names) // 4)][:4]
    with house_style():
        figure = new_figure(12.0, 7.6, title=f"{title} (pictures RENDERED)")
        axes = figure.subplots(3, 4, height_ratios=[1, 1, 1.1])
        for column in range(4):
            for row, (who, table, colour) in enumerate((("people", people, ORANGE), ("model", predictions, BLUE))):
                panel = axes[row, column]
                panel.set_axis_off()
                if column < len(shown):
                    _scene(panel, layouts, shown[column])
                    panel.set_title(f"{who}: {shown[column]}", fontsize=8)
                    mine = table[table["stimulus"] == shown[column]]
                    for subject, shade in zip(sorted(set(mine["subject"]))[:2], (colour, INK), strict=False):
                        path = mine[mine["subject"] == subject].sort_values("index")
                        draw_path(panel, path[["x", "y"]].assign(duration=0.2).to_numpy(float), shade)
        _behaviours(axes[2, 0], behaviour)
        _lengths(axes[2, 1], people, predictions)
        _probabilities(axes[2, 2], steps, layouts.there.shape[1])
        _approach(axes[2, 3], layouts, people, predictions)
        return figure


def _scene(panel: Axes, layouts: Layouts, name: str) -> None:
    """A layout with its pictures, pale, and the target framed."""
    code = layouts.names.index(name)
    width, height = layouts.size_px[code]
    scale = _WIDTH / width
    image = np.full((round(height * scale), _WIDTH, 3), 255, np.uint8)
    for number in np.flatnonzero(layouts.there[code]):
        left, top, right, bottom = layouts.boxes[code, number] * scale
        edge = 0.04 * (right - left), 0.04 * (bottom - top)
        rows = np.arange(round(top + edge[1]), round(bottom - edge[1])).clip(0, len(image) - 1)
        columns = np.arange(round(left + edge[0]), round(right - edge[0])).clip(0, _WIDTH - 1)
        picture = layouts.patches[layouts.patch[code, number]]
        there = (
            np.arange(len(side)) * n // max(len(side), 1)
            for side, n in zip((rows, columns), picture.shape[:2], strict=True)
        )
        image[np.ix_(rows, columns)] = picture[np.ix_(*there)]
    panel.imshow(image, alpha=0.4, extent=(0, width, height, 0))
    left, top, right, bottom = layouts.boxes[code, layouts.target[code]]
    panel.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color=VERMILLION, lw=1.8)
    panel.set(xlim=(0, width), ylim=(height, 0))


def _behaviours(panel: Axes, behaviour: pd.DataFrame) -> None:
    shares = behaviour[behaviour["behaviour"] != "length"]
    places = np.arange(len(shares))
    for offset, (who, colour) in enumerate((("people", ORANGE), ("model", BLUE), ("chance", GREY))):
        panel.bar(places + 0.27 * (offset - 1), shares[who], 0.25, color=colour, label=who)
    panel.set_xticks(places, [name.replace("_", "\n") for name in shares["behaviour"]], fontsize=7)
    panel.set_title("share: of scanpaths, of fixations")
    panel.legend()


def _approach(panel: Axes, layouts: Layouts, people: pd.DataFrame, predictions: pd.DataFrame) -> None:
    targets = {name: layouts.centres(code)[layouts.target[code]] for code, name in enumerate(layouts.names)}
    drawn = predictions[predictions["subject"] != "greedy-001"]
    for table, colour, who in ((people, ORANGE, "people"), (drawn, BLUE, "model")):
        there = np.array([targets[name] for name in table["stimulus"]])
        apart = pd.Series(np.hypot(*(table[["x", "y"]].to_numpy(float) - there).T), index=table["index"].to_numpy())
        groups = apart[apart.index < 20].groupby(level=0)
        panel.errorbar(
            groups.mean().index + 1,
            groups.mean(),
            1.96 * groups.sem(),
            color=colour,
            marker="o",
            ms=3,
            lw=1.3,
            label=who,
        )
    panel.set_title("distance to the target, px")
    panel.set_xlabel("fixation (95 % interval of fixations)")
    panel.set_ylim(bottom=0)
    panel.legend()


def _lengths(panel: Axes, people: pd.DataFrame, predictions: pd.DataFrame) -> None:
    drawn = predictions[predictions["subject"] != "greedy-001"]
    lengths = [table.groupby(["subject", "stimulus"]).size() for table in (people, drawn)]
    edges = np.arange(0.5, max(map(max, lengths)) + 3.5, 3)
    for mine, colour, who in zip(lengths, (ORANGE, BLUE), ("people", "model"), strict=True):
        panel.hist(mine, edges, density=True, histtype="step", color=colour, lw=1.5, label=f"{who}, {mine.mean():.1f}")
    panel.set_xlabel("fixations of a scanpath (drawn; mean)")
    panel.set_yticks([])
    panel.legend()


def _probabilities(panel: Axes, steps: pd.DataFrame, objects: int) -> None:
    groups = steps[(steps["index"] < 20)].dropna(subset=["probability"]).groupby("index")["probability"]
    mean, error = groups.mean(), groups.sem()
    panel.errorbar(mean.index + 1, mean, 1.96 * error, color=BLUE, marker="o", ms=3.5, lw=1.4)
    panel.axhline(1 / objects, color=VERMILLION, lw=1.2, label="any object")
    panel.set_title("probability of the next object")
    panel.set_xlabel("fixation (95 % interval of fixations)")
    panel.grid(axis="y", color=LIGHT, lw=0.7)
    panel.legend()
