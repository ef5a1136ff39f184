"""Figure of head motion: what was estimated here beside what came with the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.fmri.confounds import MOTION
from cogmodels.report.style import BLUE, GREY, INK, LIGHT, VERMILLION, house_style, new_figure, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_UNITS = {"trans": (1.0, "mm"), "rot": (180 / np.pi, "deg")}


def plot_motion(
    estimated: Sequence[pd.DataFrame], shipped: Sequence[pd.DataFrame], agreement: pd.DataFrame, *, title: str
) -> Figure:
    """Each estimated parameter over all runs, over it the shipped column most like it; the table of all pairs.

    Parameters
    ----------
    estimated, shipped : sequences of DataFrame, one a run
        ``trans_x`` ... (mm), ``rot_x`` ... (radians); columns of any name and unit.
    agreement : DataFrame
        From `cogmodels.fmri.motion_agreement.motion_agreement`.
    title : str

    Returns
    -------
    figure : matplotlib Figure
    """
    with house_style():
        figure = new_figure(12.0, 11.0, title=title)
        grid = figure.add_gridspec(len(MOTION) + 1, 1, height_ratios=[1] * len(MOTION) + [3.0])
        first = None
        for row, name in enumerate(MOTION):
            axes = figure.add_subplot(grid[row], sharex=first)
            first = first or axes
            axes.tick_params(labelbottom=name == MOTION[-1])
            _traces(axes, name, estimated, shipped, agreement[agreement["estimated"] == name])
        axes.set_xlabel("Volume, runs one after the other")
        _table(figure.add_subplot(grid[len(MOTION)]), agreement)
    return figure


def _traces(
    axes: Axes, name: str, estimated: Sequence[pd.DataFrame], shipped: Sequence[pd.DataFrame], pairs: pd.DataFrame
) -> None:
    ends = np.cumsum([len(table) for table in estimated])
    axes.set(xlim=(0, ends[-1]), ylabel="z in its run", yticks=[-3, 0, 3], ylim=(-5, 5))
    known = pairs.dropna(subset="median_abs_r")
    if known.empty:
        axes.set_title(f"{name}: not estimated, or nothing to compare it with")
        say(axes, "constant")
        return
    best = known.loc[known["median_abs_r"].idxmax()]
    factor, unit = _UNITS[name.split("_")[0]]
    spread = factor * np.median([table[name].std(ddof=0) for table in estimated])
    for start, end, mine, theirs in zip([0, *ends[:-1]], ends, estimated, shipped, strict=True):
        axes.plot(range(start, end), _scaled(mine[name]), color=BLUE, lw=1.0)
        sign = np.sign(best["median_r"])
        axes.plot(range(start, end), sign * _scaled(theirs[best["shipped"]]), color=VERMILLION, lw=0.8, alpha=0.8)
        axes.axvline(end, color=LIGHT, lw=0.8)
    turned = " turned over" if best["median_r"] < 0 else ""
    axes.set_title(
        f"{name} (blue; SD {spread:.3f} {unit} in a run) and shipped {best['shipped']}{turned} (red), the most alike "
        f"of {len(known)}: median |r| {best['median_abs_r']:.2f}, chance {best['chance']:.2f}"
    )


def _scaled(values: pd.Series) -> np.ndarray:
    """In standard deviations of the run; 0 where it does not move."""
    centred = values.to_numpy(dtype=float) - values.mean()
    return centred / (centred.std() or 1.0)


def _table(axes: Axes, agreement: pd.DataFrame) -> None:
    columns = list(dict.fromkeys(agreement["shipped"]))
    table = agreement.set_index(["estimated", "shipped"])
    size = np.array([[table.loc[(name, column), "median_abs_r"] for column in columns] for name in MOTION])
    axes.imshow(size, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, name in enumerate(MOTION):
        for k, column in enumerate(columns):
            row = table.loc[(name, column)]
            known = np.isfinite(row["median_abs_r"])
            text = f"{row['median_abs_r']:.2f}  (chance {row['chance']:.2f}, p {row['p']:.4f})" if known else "n/a"
            colour = ("white" if row["median_abs_r"] > 0.6 else INK) if known else GREY
            axes.text(k, i, text, ha="center", va="center", color=colour)
    axes.set_xticks(range(len(columns)), [f"shipped column {k}: {name}" for k, name in enumerate(columns, 1)])
    axes.set_yticks(range(len(MOTION)), MOTION)
    runs = int(agreement["n"].iloc[0])
    pairs = int(agreement["median_abs_r"].notna().sum())
    axes.set_title(
        f"Median |r| over {runs} runs (names of shipped columns as the data set gives them); chance: with other runs' "
        f"shipped motion; p: each of {pairs} pairs alone"
    )
