"""Figures of search: the displays, reaction times beside people's, asymmetries, where models looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.data.displays import DisplaySet
from cogmodels.report.style import BLUE, GREY, INK, LIGHT, VERMILLION, house_style, new_figure
from cogmodels.search.analysis import slopes_of_trials
from cogmodels.search.stimuli import Experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


#: What stands beside the indices of a model: column, heading, format.
_BESIDE = (
    ("human_polarity_count", "people's\npolarities", "{:.0f}"),
    ("distance_to_people", "mean |diff|\nto people", "{:.2f}"),
    ("slope_correlation", "r of\nslopes", "{:+.2f}"),
)


def plot_displays(sets: Sequence[DisplaySet], *, title: str) -> Figure:
    """A contact sheet: the first display of the smallest and the largest set size of each condition, target framed."""
    with house_style():
        figure = new_figure(11, 2.35 * len(sets) + 0.6, title=title)
        axes = figure.subplots(len(sets), 4, squeeze=False)
        for row, displays in zip(axes, sets, strict=True):
            trials = displays.trials
            conditions = list(dict.fromkeys(trials["condition"]))
            sizes = trials["set_size"].min(), trials["set_size"].max()
            shown = [(condition, size) for condition in conditions for size in sizes]
            for panel, (condition, size) in zip(row, shown, strict=True):
                mine = trials[(trials["condition"] == condition) & (trials["set_size"] == size)].iloc[0]
                show_display(panel, displays, int(mine["trial"]))
                panel.set_title(f"{condition}, {size} items", fontsize=8)
            row[0].set_ylabel(displays.about["title"], fontsize=9)
    return figure


def plot_search(
    trials: pd.DataFrame,
    experiments: Sequence[Experiment],
    sets: Sequence[DisplaySet],
    fixations: Sequence[pd.DataFrame],
    *,
    title: str,
) -> Figure:
    """Reaction times against set size, the model's beside people's; asymmetry indices; one search of each experiment.

    Parameters
    ----------
    trials : DataFrame
        Of :func:`cogmodels.search.models.run_search`, all experiments.
    experiments, sets, fixations : sequences
        Each display experiment, its displays, and the model's fixations on them.
    title : str
    """
    found = slopes_of_trials(trials, experiments, resamples=1000)
    slopes = {row["condition"]: row for row in found.slopes.to_dict("records")}
    columns = len(experiments)
    with house_style():
        figure = new_figure(2.7 * max(columns, 3), 8.2, title=title)
        grid = figure.add_gridspec(3, columns, height_ratios=(1.0, 1.0, 0.85))
        for k, experiment in enumerate(experiments):
            mine = trials[trials["experiment"] == experiment.name]
            _times(figure.add_subplot(grid[0, k]), experiment, mine, slopes, k == 0)
            panel = figure.add_subplot(grid[1, k])
            trial = _longest_median(mine, sets[k])
            show_display(panel, sets[k], trial)
            _path(panel, fixations[k][fixations[k]["trial"] == trial])
            shown = sets[k].trials.loc[trial]
            panel.set_title(f"{shown['condition']}, {shown['set_size']} items", fontsize=8)
        _indices(figure.add_subplot(grid[2, :]), found.asymmetries, experiments)
    return figure


def plot_asymmetries(table: pd.DataFrame, experiments: Sequence[Experiment], *, title: str) -> Figure:
    """Asymmetry indices of all models: blue where people's polarity, red where the other; intervals below the numbers.

    Parameters
    ----------
    table : DataFrame
        Of :func:`cogmodels.search.analysis.asymmetry_table`.
    experiments : sequence of Experiment
    title : str
    """
    from matplotlib.colors import LinearSegmentedColormap

    names = [*(experiment.name for experiment in experiments), "mean"]
    titles = [*(experiment.title for experiment in experiments), "mean"]
    colours = LinearSegmentedColormap.from_list("polarity", [VERMILLION, "white", BLUE])
    with house_style():
        figure = new_figure(2.2 + 1.22 * len(names) + 3.0, 1.3 + 0.42 * len(table), title=title)
        axes = figure.subplots()
        axes.imshow(table[names].to_numpy(float), cmap=colours, vmin=-1.6, vmax=1.6, aspect="auto")
        for row, model in enumerate(table.to_dict("records")):
            for column, name in enumerate(names):
                if not np.isfinite(model[name]):
                    continue
                ends = np.array([model[f"{name}_low"], model[f"{name}_high"]])
                axes.text(column, row - 0.12, f"{model[name]:+.2f}", ha="center", va="center", fontsize=8.5, color=INK)
                if np.isfinite(ends).all():
                    below = f"{ends[0]:+.2f} to {ends[1]:+.2f}"
                    axes.text(column, row + 0.26, below, ha="center", va="center", fontsize=6, color=INK)
            for k, (name, _, how) in enumerate(_BESIDE):
                text = how.format(model[name]) if np.isfinite(model.get(name, np.nan)) else "-"
                axes.text(len(names) - 0.15 + 0.75 * k, row, text, ha="center", va="center", fontsize=8.5, color=INK)
        for k, (_, text, _) in enumerate(_BESIDE):
            axes.text(len(names) - 0.15 + 0.75 * k, -0.6, text, ha="center", va="bottom", fontsize=8, color=INK)
        axes.set_xlim(-0.5, len(names) + 1.75)
        axes.set_xticks(range(len(names)), [text.replace(", ", ",\n").replace(" ", "\n", 1) for text in titles])
        axes.set_yticks(range(len(table)), table["model"])
        axes.tick_params(length=0, labeltop=True, labelbottom=False)
        axes.spines[:].set_visible(False)
        axes.grid(False)
    return figure


def show_display(axes: Axes, displays: DisplaySet, trial: int) -> None:
    """One display, its target framed."""
    from matplotlib.patches import Rectangle

    image, row = displays.images[trial], displays.trials.loc[trial]
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="bilinear")
    if row["top"] >= 0:
        axes.add_patch(
            Rectangle(
                (row["left"] - 0.5, row["top"] - 0.5), row["right"] - row["left"], row["bottom"] - row["top"],
                fill=False, edgecolor=VERMILLION, linewidth=1.3,
            )
        )  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)


def _times(
    axes: Axes, experiment: Experiment, trials: pd.DataFrame, slopes: Mapping[str, Mapping[str, Any]], first: bool
) -> None:
    """Model: points with intervals over displays, solid; people: dashed. Easy blue, hard red; slopes in the legend."""
    for condition, colour in zip(experiment.conditions, (BLUE, VERMILLION), strict=True):
        mine = trials[trials["condition"] == condition.name].groupby("set_size")["rt_ms"]
        mean, error = mine.mean(), 1.96 * mine.std(ddof=1) / np.sqrt(mine.size())
        found = slopes[condition.name]
        label = f"{condition.name}\n{found['slope']:.1f} ms/item, {found['efficiency']}"
        axes.errorbar(mean.index, mean, error.fillna(0), color=colour, marker="o", markersize=3.5, label=label)
        if condition.name in experiment.human_rt_ms:
            axes.plot(
                experiment.set_sizes, experiment.human_rt_ms[condition.name], color=colour, ls="--", lw=1, alpha=0.8
            )
    axes.set_title(experiment.title, fontsize=9)
    axes.set_xlabel("set size")
    if first:
        axes.set_ylabel("RT, ms (dashed: people)")
    # Room for the legend above the lines.
    axes.set_ylim(0, 1.3 * axes.get_ylim()[1])
    axes.legend(fontsize=6, loc="upper left")


def _longest_median(trials: pd.DataFrame, displays: DisplaySet) -> int:
    """A trial of the harder condition and largest set size that took as long as half of them."""
    largest = trials[trials["set_size"] == trials["set_size"].max()]
    hard = largest.groupby("condition")["n_fixations"].mean().idxmax()
    mine = largest[largest["condition"] == hard].sort_values("n_fixations", kind="stable")
    chosen = mine.iloc[len(mine) // 2]
    about = displays.trials
    same = (
        (about["condition"] == hard) & (about["set_size"] == chosen["set_size"]) & (about["number"] == chosen["number"])
    )
    return int(about.loc[same, "trial"].iloc[0])


def _path(axes: Axes, fixations: pd.DataFrame) -> None:
    """A scanpath, its fixations numbered from the first after the start."""
    x, y = fixations["x"].to_numpy(), fixations["y"].to_numpy()
    axes.plot(x, y, color=BLUE, lw=1.0, alpha=0.9)
    axes.plot(x[0], y[0], marker="+", color=BLUE, markersize=8, mew=1.5)
    for number, (u, v) in enumerate(zip(x[1:], y[1:], strict=True), start=1):
        axes.plot(u, v, marker="o", color="white", markeredgecolor=BLUE, markersize=8)
        axes.text(u, v, str(number), fontsize=5.5, ha="center", va="center", color=INK)


def _indices(axes: Axes, asymmetries: pd.DataFrame, experiments: Sequence[Experiment]) -> None:
    names = {experiment.name: experiment.title for experiment in experiments} | {"mean": "mean"}
    at = np.arange(len(asymmetries))
    value = asymmetries["index"].to_numpy()
    error = np.abs(asymmetries[["ci_low", "ci_high"]].to_numpy().T - value)
    axes.bar(at - 0.18, value, 0.34, color=BLUE, label="model, 95 % interval over displays")
    axes.errorbar(at - 0.18, value, error, fmt="none", ecolor=INK, elinewidth=1, capsize=2)
    axes.bar(at + 0.18, asymmetries["human"], 0.34, color=LIGHT, edgecolor=GREY, label="people")
    axes.axhline(0, color=VERMILLION, lw=1.2, label="chance")
    axes.set_xticks(at, [names[name] for name in asymmetries["experiment"]], fontsize=7.5)
    axes.set_ylim(-1.15, 1.15)
    axes.set_ylabel("asymmetry index")
    axes.legend(fontsize=7, ncols=3, loc="lower left")
