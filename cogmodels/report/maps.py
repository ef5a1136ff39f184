"""Figures of models of every voxel: encoding against the noise ceiling, searchlights against chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.report.fmri import mosaic, outline
from cogmodels.report.style import BLUE, GREY, INK, PALETTE, SKY, VERMILLION, house_style, new_figure, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Share of false discoveries that the line around voxels stands for.
FDR = 0.05


def plot_encoding(voxels: pd.DataFrame, mask: np.ndarray, *, title: str) -> Figure:
    """Map of held-out correlations, correlations against their ceiling, and what bands add.

    Parameters
    ----------
    voxels : DataFrame
        As `cogmodels.fmri.encoding.fit_encoding` gives it, one row a voxel of the mask.
    mask : (x, y, z) bool
    title : str

    Raises
    ------
    DataError
        Another number of voxels than the mask has.
    """
    r, found = voxels["r"].to_numpy(), voxels["q"].to_numpy() < FDR
    with house_style():
        figure = new_figure(12.0, 4.6, title=title)
        panels = figure.subplots(1, 3, width_ratios=[1.7, 1, 0.9])
        limit = max(float(np.abs(r).max()), 0.05)
        name = f"r over held-out stimuli; lines: {found.sum()} of {found.size} voxels with q < {FDR:g}"
        _map(panels[0], r, found, mask, limit, name)
        _against_ceiling(panels[1], voxels, found)
        bands = [column for column in voxels if column.startswith("r2_") and column != "r2_normalised"]
        _bands(panels[2], voxels, bands)
    return figure


def plot_searchlight(voxels: pd.DataFrame, mask: np.ndarray, *, title: str) -> Figure:
    """Map of accuracies less chance, and their histogram beside chance.

    Parameters
    ----------
    voxels : DataFrame
        As `cogmodels.fmri.searchlight.score_spheres` gives it, one row a voxel of the mask.
    mask : (x, y, z) bool
    title : str

    Raises
    ------
    DataError
        Another number of voxels than the mask has.
    """
    above, found = voxels["above_chance"].to_numpy(), voxels["q"].to_numpy() < FDR
    with house_style():
        figure = new_figure(11.5, 4.8, title=title)
        panels = figure.subplots(1, 2, width_ratios=[2, 1])
        limit = max(float(np.abs(above).max()), 0.02)
        family = int((voxels["p_family"] < 0.05).sum())
        name = f"Accuracy less chance; lines: {found.sum()} of {found.size} spheres with q < {FDR:g}"
        _map(panels[0], above, found, mask, limit, name)
        accuracy, chance = voxels["accuracy"].to_numpy(), float(voxels["chance"].mean())
        edges = _edges(accuracy)
        panels[1].hist(accuracy, bins=edges, color=SKY, label="all spheres")
        panels[1].hist(accuracy[found], bins=edges, color=BLUE, label=f"q < {FDR:g}")
        panels[1].axvline(chance, color=VERMILLION, lw=1.6, label=f"chance ({chance:.3f})")
        panels[1].axvline(accuracy.mean(), color=INK, lw=1.2, ls="--", label=f"mean ({accuracy.mean():.3f})")
        panels[1].set(xlabel="accuracy", ylabel="spheres")
        panels[1].set_title(f"largest {accuracy.max():.3f}; {family} with p < .05 of the largest of all", fontsize=8.5)
        panels[1].legend(loc="upper right")
    return figure


def _edges(accuracy: np.ndarray) -> np.ndarray:
    """Edges of bins that hold the same number of possible accuracies each, some 40 at most."""
    steps = np.diff(np.unique(accuracy.round(9)))
    step = steps.min() if len(steps) else 0.01
    step *= np.ceil((accuracy.max() - accuracy.min() + step) / step / 40)
    return np.arange(accuracy.min() - step / 2, accuracy.max() + step, step)


def _map(axes: Axes, values: np.ndarray, found: np.ndarray, mask: np.ndarray, limit: float, name: str) -> None:
    mask = np.asarray(mask, dtype=bool)
    if len(values) != mask.sum():
        raise DataError(
            f"{len(values)} voxels for a mask of {int(mask.sum())}",
            where="figure of a model of every voxel",
            remedy="Give the mask that the responses were taken in",
        )
    image, inside = np.full(mask.shape, np.nan), np.zeros(mask.shape, dtype=bool)
    image[mask], inside[mask] = values, found
    axes.set_facecolor("white")
    shown = axes.imshow(mosaic(image, crop=mask), cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
    axes.figure.colorbar(shown, ax=axes, shrink=0.75, pad=0.02)
    outline(axes, mask, mask, GREY)
    if inside.any():
        outline(axes, inside, mask, INK)
    axes.set_title(name, fontsize=8.5)
    axes.set_axis_off()


def _against_ceiling(axes: Axes, voxels: pd.DataFrame, found: np.ndarray) -> None:
    r = voxels["r"].to_numpy()
    if voxels["ceiling"].isna().all():
        axes.hist(r, bins=30, color=SKY)
        axes.set(xlabel="r", ylabel="voxels")
        axes.set_title("No repeats of held-out stimuli: no ceiling", fontsize=8.5)
        return
    ceiling = np.sqrt(np.maximum(voxels["ceiling"].to_numpy(), 0))
    for mine, colour, name in ((~found, GREY, f"q >= {FDR:g}"), (found, BLUE, f"q < {FDR:g}")):
        axes.plot(ceiling[mine], r[mine], ".", color=colour, ms=4, alpha=0.6, label=f"{name} ({mine.sum()})")
    most = max(1.0, float(ceiling.max()))
    axes.plot([0, most], [0, most], color=INK, lw=1.1, ls=":", label="ceiling")
    axes.axhline(0, color=VERMILLION, lw=1.2, label="chance")
    axes.set(xlabel="noise ceiling of r (square root of the explainable share)", ylabel="r over held-out stimuli")
    axes.set_title(f"mean r {r.mean():.3f}, mean ceiling {ceiling.mean():.3f}", fontsize=8.5)
    axes.legend(loc="upper left")


def _bands(axes: Axes, voxels: pd.DataFrame, bands: list[str]) -> None:
    """R2 of each band and of all, mean over voxels; with one band the histogram of the normalised r."""
    if len(bands) > 1:
        names = [*bands, "r2"]
        for k, name in enumerate(names):
            value = voxels[name].mean()
            axes.bar(k, value, color=INK if name == "r2" else PALETTE[k % len(PALETTE)], width=0.65)
            axes.text(k, value, f"{value:.3f}", ha="center", va="bottom" if value >= 0 else "top")
        axes.margins(y=0.12)
        axes.axhline(0, color=GREY, lw=0.7)
        axes.set_xticks(range(len(names)), [*(name.removeprefix("r2_") for name in bands), "all"])
        axes.set_ylabel("R2, mean of voxels")
        axes.set_title("R2 of each band (product measure)", fontsize=8.5)
        return
    normalised = voxels["r_normalised"].dropna().to_numpy()
    if not len(normalised):
        say(axes, "no voxel with a clear noise ceiling")
        return
    axes.hist(np.clip(normalised, -1, 2), bins=np.linspace(-1, 2, 31), color=SKY)
    axes.axvline(1, color=INK, lw=1.1, ls=":", label="ceiling")
    axes.axvline(0, color=VERMILLION, lw=1.2, label="chance")
    axes.set(xlabel="r over its ceiling", ylabel="voxels")
    axes.set_title(f"{len(normalised)} voxels with a clear ceiling", fontsize=8.5)
    axes.legend(loc="upper left")
