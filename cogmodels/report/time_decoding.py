"""Decoding over time, all people together: a curve, or a matrix of training and test times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.report.style import BLUE, GREY, INK, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_time_decoding(
    curve: pd.DataFrame,
    clusters: pd.DataFrame,
    classes: Mapping[str, Sequence[str]],
    *,
    alpha: float = 0.05,
    title: str | None = None,
) -> Figure:
    """Area under the ROC curve over time with its interval over people, chance, and the times of clusters.

    Parameters
    ----------
    curve, clusters : DataFrame
        What :func:`cogmodels.eeg.time_scores.average_scores` gave.
    classes : mapping of class -> conditions
    alpha : float
        Level of the clusters.
    title : str, optional

    Raises
    ------
    DataError
        No time.
    """
    if not len(curve):
        raise DataError("there is no time", where="figure of decoding over time", remedy="Check the epochs")
    times = np.sort(curve["time"].unique()) * 1000
    square = len(curve) > len(times)
    with house_style():
        figure = new_figure(7.0 if square else 9.5, 6.0 if square else 4.2, title=title or "Decoding over time")
        axes = figure.add_subplot()
        (_matrix if square else _curve)(axes, curve, times)
        found = [f"{p:.3g}" for p in clusters["p"] if p < alpha]
        said = f"{len(found)} of {len(clusters)} clusters with p < {alpha:g}" + (
            f" (p = {', '.join(found)})" if found else ""
        )
        one, other = (f"{name} ({', '.join(conditions)})" for name, conditions in classes.items())
        axes.set_title(f"{one} against {other}\n{int(curve['n_subjects'].iloc[0])} people; {said}")
    return figure


def _curve(axes: Axes, curve: pd.DataFrame, times: np.ndarray) -> None:
    axes.axhline(curve["chance"].iloc[0], color=GREY, lw=0.9, ls="--", label="chance")
    axes.plot(times, curve["mean"], color=BLUE, lw=1.5, label="mean over people")
    axes.fill_between(
        times, curve["ci_low"], curve["ci_high"], color=BLUE, alpha=0.18, lw=0, label="95 % t interval, pointwise"
    )
    low, high = axes.get_ylim()
    place = low - 0.04 * (high - low)
    marked = np.where(curve["significant"].astype(bool), place, np.nan)
    axes.plot(times, marked, color=VERMILLION, lw=4, solid_capstyle="butt", label="cluster above chance")
    if times[0] <= 0 <= times[-1]:
        axes.axvline(0, color=INK, lw=0.9, zorder=0)
    axes.set(xlabel="time after the event (ms)", ylabel="area under the ROC curve", xlim=(times[0], times[-1]))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _matrix(axes: Axes, curve: pd.DataFrame, times: np.ndarray) -> None:
    n = len(times)
    mean = curve["mean"].to_numpy().reshape(n, n)
    chance = curve["chance"].iloc[0]
    limit = max(float(np.abs(mean - chance).max()), 0.01)
    image = axes.pcolormesh(times, times, mean, cmap="RdBu_r", vmin=chance - limit, vmax=chance + limit)
    significant = curve["significant"].to_numpy().reshape(n, n).astype(float)
    if 0 < significant.mean() < 1:
        axes.contour(times, times, significant, levels=[0.5], colors=INK, linewidths=0.8)
    axes.set(xlabel="time of test (ms)", ylabel="time of training (ms)", aspect="equal")
    axes.figure.colorbar(image, ax=axes, label="area under the ROC curve (outlined: clusters above chance)")
