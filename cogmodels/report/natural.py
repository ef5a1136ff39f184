"""Figures of search in scenes: how soon targets are found, and where models and people looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.data.displays import DisplaySet
from cogmodels.report.search import show_display
from cogmodels.report.style import BLUE, GREY, INK, PALETTE, VERMILLION, house_style, new_figure, say
from cogmodels.search.natural import merge_near

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Scenes of a set that are shown.
SHOWN = 3


def plot_performance(models: Mapping[str, pd.DataFrame], about: Sequence[Mapping[str, Any]], *, title: str) -> Figure:
    """Cumulative performance of all models on each set of scenes, beside people and chance.

    Parameters
    ----------
    models : mapping of name -> DataFrame
        Of :func:`cogmodels.search.natural.cumulative_performance`, with the column ``set``.
    about : sequence of mapping
        What each set says of itself.
    title : str
    """
    with house_style():
        figure = new_figure(7.2 * len(about), 4.6, title=title)
        for panel, one in zip(figure.subplots(1, len(about), squeeze=False)[0], about, strict=True):
            curves = {name: table[table["set"] == one["name"]] for name, table in models.items()}
            curves = {name: table for name, table in curves.items() if len(table)}
            if not curves:
                say(panel, "no model searched this set")
                continue
            # Models differ in the scenes that they find at the start, if at all: people and chance are the first's.
            first = next(iter(curves.values()))
            _references(panel, first)
            colours = [colour for colour in PALETTE if colour not in (VERMILLION, INK, GREY)]
            styles = ["-", "--", ":"]
            for k, (name, table) in enumerate(curves.items()):
                mine = table[table["who"] == "model"]
                area = mine["share"].mean()
                panel.plot(
                    mine["fixation"],
                    mine["share"],
                    color=colours[k % len(colours)],
                    ls=styles[k // len(colours) % 3],
                    label=f"{name} ({area:.2f})",
                )
            _finish(panel, one, int(first["n"].max()))
            panel.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.01, 0.5), title="area under the curve")
    return figure


def plot_scenes(
    performance: pd.DataFrame,
    sets: Sequence[DisplaySet],
    fixations: Sequence[pd.DataFrame],
    people: pd.DataFrame | None,
    *,
    title: str,
) -> Figure:
    """One model: cumulative performance on each set, and its scanpath with a person's on a few scenes.

    Parameters
    ----------
    performance : DataFrame
        Of :func:`cogmodels.search.natural.cumulative_performance`, with the column ``set``.
    sets, fixations : sequences
        Each set of scenes, and the model's fixations on it (px of the images as they are).
    people : DataFrame, optional
        People's fixations.
    title : str
    """
    with house_style():
        figure = new_figure(13.5, 3.5 * len(sets) + 0.5, title=title)
        # Room at the right for the last scene's target.
        figure.get_layout_engine().set(rect=(0, 0, 0.965, 1))
        grid = figure.add_gridspec(len(sets), 1 + SHOWN, width_ratios=(0.9, *[1.15] * SHOWN))
        for k, (scenes, found) in enumerate(zip(sets, fixations, strict=True)):
            panel = figure.add_subplot(grid[k, 0])
            mine = performance[performance["set"] == scenes.about["name"]]
            _references(panel, mine)
            model = mine[mine["who"] == "model"]
            panel.fill_between(model["fixation"], model["ci_low"], model["ci_high"], color=BLUE, alpha=0.2, lw=0)
            label = f"model ({model['share'].mean():.2f}), 95 % intervals over images"
            panel.plot(model["fixation"], model["share"], color=BLUE, label=label)
            _finish(panel, scenes.about, int(model["n"].max()))
            panel.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.45, -0.2))
            theirs = people if scenes.about["people"] else None
            for j, trial in enumerate(_chosen(found)):
                panel = figure.add_subplot(grid[k, 1 + j])
                _scene(panel, scenes, trial, found, theirs)
    return figure


def _references(panel: Axes, curves: pd.DataFrame) -> None:
    for who, colour, style in (("people", INK, "-"), ("chance", VERMILLION, "-")):
        mine = curves[curves["who"] == who]
        if len(mine):
            panel.fill_between(mine["fixation"], mine["ci_low"], mine["ci_high"], color=colour, alpha=0.15, lw=0)
            label = f"{who} ({mine['share'].mean():.2f})"
            panel.plot(mine["fixation"], mine["share"], color=colour, ls=style, lw=1.6, label=label)


def _finish(panel: Axes, about: Mapping[str, Any], n: int) -> None:
    panel.set(xlabel="fixations after the start", ylabel="share of targets found", ylim=(0, 1.02), xlim=(0, None))
    panel.set_title(f"{about['title']}, {n} images", fontsize=9)
    panel.grid(alpha=0.3)


def _chosen(fixations: pd.DataFrame) -> list[int]:
    """Trials whose searches took as long as a quarter, a half and three quarters of them."""
    lengths = fixations.groupby("trial")["index"].max().sort_values(kind="stable")
    at = np.unique((np.linspace(0.25, 0.75, SHOWN) * (len(lengths) - 1)).astype(int))
    return lengths.index[at].tolist()


def _scene(panel: Axes, scenes: DisplaySet, trial: int, model: pd.DataFrame, people: pd.DataFrame | None) -> None:
    """A scene, its target framed, the paths of the model and of the first person, and the template."""
    from matplotlib.patheffects import Normal, Stroke

    row = scenes.trials.loc[trial]
    show_display(panel, scenes, trial)
    for frame in panel.patches:
        # Pictures have all colours: a frame shows between white lines.
        frame.set(linewidth=1.8, path_effects=[Stroke(linewidth=4.2, foreground="white"), Normal()], zorder=4)
    mine = model[model["trial"] == trial]
    what = f"model: {_times(len(mine) - 1)}{'' if mine['found'].any() else ', not found'}"
    if people is not None:
        same = (people["stimulus"] == row["stimulus"]) & (people["target"].isna() | (people["target"] == row["target"]))
        theirs = people[same]
        if len(theirs):
            theirs = theirs[theirs["subject"] == theirs["subject"].min()]
            window = scenes.about["window_px"] / row["factor"]
            places = merge_near(theirs[["x", "y"]].to_numpy(float), window)
            _path(panel, *_scene_px(places[:, 0], places[:, 1], row), INK)
            what += f"; person {theirs['subject'].iloc[0]}: {_times(len(places))}"
    _path(panel, *_scene_px(mine["x"].to_numpy(), mine["y"].to_numpy(), row), BLUE)
    inset = panel.inset_axes((1.01, 0.72, 0.16, 0.28))
    inset.imshow(scenes.targets[row["target"]], cmap="gray", vmin=0, vmax=255)
    inset.set(xticks=[], yticks=[])
    inset.set_title("target", fontsize=6.5, fontweight="normal", loc="center")
    panel.set_title(what, fontsize=8, fontweight="normal")


def _times(n: int) -> str:
    return f"{n} fixation{'s' if n != 1 else ''}"


def _scene_px(x: np.ndarray, y: np.ndarray, row: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Places on the image as they lie in the scene."""
    return ((x + 0.5) * row["factor"] - 0.5 + row["x0"]), ((y + 0.5) * row["factor"] - 0.5 + row["y0"])


def _path(panel: Axes, x: np.ndarray, y: np.ndarray, colour: str) -> None:
    from matplotlib.patheffects import Normal, Stroke

    glow = [Stroke(linewidth=2.4, foreground="white"), Normal()]
    panel.plot(x, y, color=colour, lw=1.1, path_effects=glow)
    panel.plot(x, y, "o", ms=3.2, color=colour, markeredgecolor="white", markeredgewidth=0.5)
    panel.plot(x[-1], y[-1], "s", ms=5, color=colour, markeredgecolor="white", markeredgewidth=0.6)
