"""Figures of training: what a diet shows, learning curves, what diets do to search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.report.style import BLUE, GREY, INK, LIGHT, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Images of each class, and classes, on a contact sheet.
SHOWN, MOST_CLASSES = 6, 10


def plot_diet(images: Mapping[str, Sequence[np.ndarray]], *, title: str) -> Figure:
    """Contact sheet: a row a class, images (h, w, 3) uint8 as the network sees them."""
    names = list(images)[:MOST_CLASSES]
    with house_style():
        figure = new_figure(1.05 * SHOWN + 1.2, 1.0 * len(names) + 0.5, title=title)
        axes = figure.subplots(len(names), SHOWN, squeeze=False)
        for row, name in zip(axes, names, strict=True):
            for panel in row:
                panel.set_axis_off()
            for panel, image in zip(row, images[name], strict=False):
                panel.imshow(image, interpolation="nearest")
            row[0].text(-0.08, 0.5, name, transform=row[0].transAxes, ha="right", va="center", fontsize=8.5, color=INK)
    return figure


def plot_training(curves: Sequence[pd.DataFrame], metrics: Sequence[Mapping[str, Any]], *, title: str) -> Figure:
    """Loss and accuracy of each epoch, a line a seed; the accuracy of the weights that were kept, with chance.

    Parameters
    ----------
    curves : sequence of DataFrame
        Of :func:`cogmodels.training.fit.fit`, one a seed.
    metrics : sequence of mappings
        Of :func:`cogmodels.stimuli.backbone_training.train_backbone`, one a seed.
    title : str
    """
    with house_style():
        figure = new_figure(10.5, 3.2, title=title)
        loss, accuracy, kept = figure.subplots(1, 3, width_ratios=(1, 1, 0.9))
        for table in curves:
            for panel, name in ((loss, "loss"), (accuracy, "accuracy")):
                panel.plot(table["epoch"], table[f"train_{name}"], color=GREY, lw=1)
                panel.plot(table["epoch"], table[f"validation_{name}"], color=BLUE, lw=1.2)
        for panel, name in ((loss, "loss"), (accuracy, "accuracy")):
            panel.plot([], [], color=GREY, label="training images, as they are mirrored and cropped")
            panel.plot([], [], color=BLUE, label="validation images")
            panel.set_xlabel("epoch")
            panel.set_title(name)
        loss.set_ylim(bottom=0)
        accuracy.set_ylim(0, 1.02)
        loss.legend(fontsize=6.5, loc="upper right")
        names = list(metrics[0])
        for place, name in enumerate(names):
            values = [one[name]["value"] for one in metrics]
            spread = np.linspace(-0.12, 0.12, len(values)) if len(values) > 1 else [0.0]
            kept.plot(place + np.asarray(spread), values, "o", color=BLUE, ms=4)
            chance = np.mean([one[name]["chance"] for one in metrics])
            kept.plot([place - 0.35, place + 0.35], [chance] * 2, color=VERMILLION, lw=1.6)
        kept.plot([], [], color=VERMILLION, label="always the commonest")
        kept.set_xticks(range(len(names)), [name.replace("_", "\n") for name in names], fontsize=6.5)
        kept.set_xlim(-0.6, len(names) - 0.4)
        kept.set_ylim(0, 1.02)
        kept.set_title("weights that were kept, a point a seed")
        kept.legend(fontsize=6.5, loc="lower left")
    return figure


def plot_diet_comparison(
    networks: pd.DataFrame, comparison: pd.DataFrame, titles: Mapping[str, str], *, title: str
) -> Figure:
    """Asymmetry index of each diet, and the slopes behind it: a point a network, mean with interval, people as a line.

    Parameters
    ----------
    networks, comparison : DataFrame
        Of :func:`cogmodels.search.diets.compare_diets`.
    titles : display experiment -> title
    title : str
    """
    diets = list(dict.fromkeys(networks["diet"]))
    with house_style():
        figure = new_figure(11, 0.42 * len(diets) * len(titles) + 1.3 * len(titles) + 0.4, title=title)
        axes = figure.subplots(len(titles), 2, squeeze=False, width_ratios=(1, 1.15))
        for (index, slopes), (name, shown) in zip(axes, titles.items(), strict=True):
            mine = comparison[comparison["experiment"] == name].set_index(["measure", "diet"])
            points = networks[networks["experiment"] == name]
            _rows(index, diets, points, mine, {"index": (BLUE, 0.0)}, people=mine.loc["index", "human"].iloc[0])
            index.axvline(0, color=VERMILLION, lw=1.2, label="no asymmetry")
            index.set_xlim(-1.12, 1.12)
            index.set_xlabel("asymmetry index")
            index.set_title(f"{shown}: index, a point a network")
            _rows(slopes, diets, points, mine, {"hard": (VERMILLION, 0.16), "easy": (BLUE, -0.16)})
            for measure, colour in (("hard", VERMILLION), ("easy", BLUE)):
                slopes.axvline(mine.loc[measure, "human"].iloc[0], color=colour, lw=1.2, ls=":")
                slopes.plot([], [], "o", color=colour, ms=4, label=f"{measure} for people")
            slopes.axvline(0, color=LIGHT, lw=1, zorder=0)
            slopes.plot([], [], color=INK, ls=":", label="people")
            slopes.set_xlabel("slope, ms an item")
            slopes.set_title(f"{shown}: slopes")
            slopes.set_yticklabels([])
            index.legend(fontsize=6.5, loc="best")
            slopes.legend(fontsize=6.5, loc="best")
    return figure


def _rows(
    axes: Axes,
    diets: Sequence[str],
    points: pd.DataFrame,
    mine: pd.DataFrame,
    measures: Mapping[str, tuple[str, float]],
    people: float | None = None,
) -> None:
    """A row a diet: points of the networks, and their mean with its interval."""
    for row, diet in enumerate(reversed(diets)):
        for measure, (colour, shift) in measures.items():
            values = points.loc[points["diet"] == diet, measure].to_numpy()
            spread = np.linspace(-0.1, 0.1, len(values)) if len(values) > 1 else np.zeros(1)
            axes.plot(values, row + shift + spread, "o", color=colour, ms=3.2, alpha=0.45, mew=0)
            found = mine.loc[(measure, diet)]
            axes.plot([found["ci_low"], found["ci_high"]], [row + shift] * 2, color=colour, lw=2)
            axes.plot(found["mean"], row + shift, "D", color=colour, ms=5.5, mec=INK, mew=0.6)
    axes.set_yticks(range(len(diets)), list(reversed(diets)))
    axes.set_ylim(-0.6, len(diets) - 0.4)
    if people is not None and np.isfinite(people):
        axes.axvline(people, color=INK, lw=1.2, ls=":", label="people")
