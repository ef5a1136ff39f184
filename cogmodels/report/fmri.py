"""Pages of BOLD: what the mask holds, how good the signal is, what cleaning did to it; maps of contrasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.fmri.confounds import MOTION
from cogmodels.fmri.masks import is_demeaned
from cogmodels.fmri.quality import RUN_LIMITS, temporal_snr
from cogmodels.report.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LIGHT,
    ORANGE,
    SKY,
    VERMILLION,
    house_style,
    new_figure,
    say,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SLICES, CARPET_ROWS = 20, 800
# Rows of the numbers of a run: measure, name, format.
_NUMBERS = (
    ("n_volumes", "volumes", "{:.0f}"), ("n_voxels", "voxels of the mask", "{:.0f}"),
    ("mean_fd_mm", "mean displacement (mm)", "{:.3f}"), ("max_fd_mm", "largest displacement (mm)", "{:.2f}"),
    ("motion_range_mm", "range of translation (mm)", "{:.2f}"),
    ("motion_range_deg", "range of rotation (deg)", "{:.2f}"),
    ("outlier_share", "outlier volumes", "{:.1%}"), ("mean_std_dvars", "mean standardised DVARS", "{:.2f}"),
    ("median_tsnr", "median temporal SNR", "{:.0f}"),
)  # fmt: skip
# Share of false discoveries that the line around voxels of a contrast stands for; |z| at which its colour is full.
FDR, FULL_Z = 0.05, 3.0


def plot_cleaning(
    raw: np.ndarray, clean: np.ndarray, mask: np.ndarray, repetition_time: float, *, title: str | None = None
) -> Figure:
    """Mean image with the mask, temporal SNR, and the voxels over time before and after cleaning.

    Parameters
    ----------
    raw, clean : (x, y, z, n_volumes) float
        One run before and after cleaning.
    mask : (x, y, z) bool
        Voxels that were cleaned.
    repetition_time : float
        Seconds.
    title : str, optional

    Returns
    -------
    figure : matplotlib Figure

    Raises
    ------
    DataError
        The images do not fit each other, or the mask is empty.
    """
    raw, clean, mask = np.asarray(raw), np.asarray(clean), np.asarray(mask, dtype=bool)
    if raw.ndim != 4 or raw.shape != clean.shape or mask.shape != raw.shape[:3] or not mask.any():
        raise DataError(
            f"images of shape {raw.shape} and {clean.shape} with a mask of {mask.shape}, {int(mask.sum())} voxels",
            where="figure of a BOLD run",
            remedy="Give one run before and after cleaning and the mask it was cleaned in",
        )
    before, after = raw[mask].T.astype(np.float64), clean[mask].T.astype(np.float64)
    tsnr = np.zeros(mask.shape)
    tsnr[mask] = temporal_snr(before)
    with house_style():
        figure = new_figure(11.5, 7.6, title=title or "BOLD")
        grid = figure.add_gridspec(3, 1, height_ratios=[1.9, 1, 1])
        upper = grid[0].subgridspec(1, 3, width_ratios=[1.5, 1.5, 0.9])
        _mean_image(figure.add_subplot(upper[0]), raw.mean(axis=3), mask)
        _tsnr_image(figure.add_subplot(upper[1]), tsnr, mask)
        _tsnr_histogram(figure.add_subplot(upper[2]), tsnr[mask])
        order = _by_global_signal(after)
        carpets = [_changes(before), (after, "After cleaning")]
        for place, (values, name) in zip((grid[1], grid[2]), carpets, strict=True):
            _carpet(figure.add_subplot(place), values[:, order], repetition_time, name)
    return figure


def plot_quality(
    before: np.ndarray,
    after: np.ndarray,
    mask: np.ndarray,
    repetition_time: float,
    *,
    volumes: pd.DataFrame,
    quality: Mapping[str, Any],
    motion: pd.DataFrame | None = None,
    title: str | None = None,
) -> Figure:
    """One run: temporal SNR, its numbers, head motion, changes from volume to volume, voxels before and after cleaning.

    Parameters
    ----------
    before, after : (n_volumes, n_voxels) float
        The run inside the mask, before and after cleaning.
    mask : (x, y, z) bool
    repetition_time : float
        Seconds.
    volumes, quality
        From `cogmodels.fmri.quality.measure_run`.
    motion : data frame, optional
        ``trans_x`` ... (mm), ``rot_x`` ... (radians); by default it is said that they are not known.
    title : str, optional

    Returns
    -------
    figure : matplotlib Figure

    Raises
    ------
    DataError
        Runs, mask and tables that do not fit each other.
    """
    before, after, mask = np.asarray(before), np.asarray(after), np.asarray(mask, dtype=bool)
    if before.ndim != 2 or before.shape != after.shape or before.shape != (len(volumes), int(mask.sum())):
        raise DataError(
            f"runs of {before.shape} and {after.shape}, a mask of {int(mask.sum())} voxels and {len(volumes)} rows",
            where="figure of a BOLD run",
            remedy="Give one run before and after cleaning, its mask and its table",
        )
    mean, tsnr = np.full(mask.shape, np.nan), np.full(mask.shape, np.nan)
    # Volumes that are not steady have no global signal in the table.
    steady = before[volumes["global_signal"].notna().to_numpy()]
    mean[mask], tsnr[mask] = steady.mean(axis=0, dtype=np.float64), temporal_snr(steady)
    time = np.arange(len(before)) * repetition_time
    with house_style():
        figure = new_figure(11.5, 12.0, title=title or "BOLD run")
        grid = figure.add_gridspec(6, 1, height_ratios=[2.4, 0.75, 0.6, 0.6, 1.25, 1.25])
        upper = grid[0].subgridspec(1, 3, width_ratios=[1.4, 1.5, 0.9])
        _masked_image(figure.add_subplot(upper[0]), mean, mask)
        _tsnr_image(figure.add_subplot(upper[1]), tsnr, mask)
        _run_numbers(figure.add_subplot(upper[2]), quality)
        first = figure.add_subplot(grid[1])
        _motion(first, time, motion)
        bad = time[volumes["outlier"].to_numpy() > 0]
        limits = (("framewise_displacement", "Framewise displacement (mm)", 0.5, BLUE),)
        limits += (("std_dvars", "Standardised DVARS (1 is what noise does)", 1.5, GREEN),)
        for place, (name, label, limit, colour) in zip((grid[2], grid[3]), limits, strict=True):
            axes = figure.add_subplot(place, sharex=first)
            _trace(axes, time, volumes[name].to_numpy(dtype=float), bad, repetition_time, label, limit, colour)
        order = _by_global_signal(after)
        carpets = [_changes(before), (after, "After cleaning")]
        for place, (values, name) in zip((grid[4], grid[5]), carpets, strict=True):
            _carpet(figure.add_subplot(place), values[:, order], repetition_time, name)
    return figure


def plot_contrast(
    z: np.ndarray, mean: np.ndarray, mask: np.ndarray, *, weights: Mapping[str, float], title: str | None = None
) -> Figure:
    """z values of a contrast over the mean image, none hidden: the weaker, the fainter; those beyond chance outlined.

    Parameters
    ----------
    z, mean : (x, y, z) float
    mask : (x, y, z) bool
    weights : mapping of condition -> weight
    title : str, optional

    Returns
    -------
    figure : matplotlib Figure

    Raises
    ------
    DataError
        Images of different shapes.
    """
    from scipy import stats

    z, mean, mask = np.asarray(z, dtype=float), np.asarray(mean, dtype=float), np.asarray(mask, dtype=bool)
    if not z.shape == mean.shape == mask.shape or z.ndim != 3 or not mask.any():
        raise DataError(
            f"images of {z.shape} and {mean.shape} with a mask of {mask.shape}, {int(mask.sum())} voxels",
            where="figure of a contrast",
            remedy="Give images on one grid",
        )
    inside = z[mask]
    beyond = np.zeros(mask.shape, dtype=bool)
    beyond[mask] = stats.false_discovery_control(2 * stats.norm.sf(np.abs(inside))) < FDR
    limit = max(float(np.percentile(np.abs(inside), 99.5)), FULL_Z)
    with house_style():
        figure = new_figure(11.5, 5.4, title=title or "Contrast")
        panels = figure.add_gridspec(1, 2, width_ratios=[2.2, 1])
        axes = figure.add_subplot(panels[0])
        picture = mosaic(mean, crop=mask)
        axes.imshow(picture, cmap="gray", vmin=0, vmax=np.nanpercentile(picture, 99.5), interpolation="nearest")
        shown = mosaic(np.where(mask, z, np.nan), crop=mask)
        solid = np.clip(np.abs(np.nan_to_num(shown)) / FULL_Z, 0, 1)
        image = axes.imshow(shown, cmap="RdBu_r", vmin=-limit, vmax=limit, alpha=solid, interpolation="nearest")
        # The bar of a picture with alpha would be faint as well.
        figure.colorbar(_solid(image), ax=axes, shrink=0.75, pad=0.02, label="z")
        if beyond.any():
            outline(axes, beyond, mask, INK)
        axes.set_title(
            f"z, mean of runs; lines: {int(beyond.sum())} of {int(mask.sum())} voxels beyond a false discovery rate of "
            f"{FDR:g}"
        )
        axes.set_axis_off()
        axes = figure.add_subplot(panels[1])
        edges = np.linspace(-limit, limit, 41)
        axes.hist(np.clip(inside, -limit, limit), bins=edges, color=SKY, density=True)
        axes.plot(edges, stats.norm.pdf(edges), color=INK, lw=1.1, label="no effect anywhere")
        axes.set(xlabel=f"z (beyond {limit:.1f}: in the last bar)", ylabel="density of voxels")
        axes.legend(loc="upper right")
        axes.set_title(" ".join(f"{weight:+g} {name}" for name, weight in weights.items()))
    return figure


def mosaic(volume: np.ndarray, *, slices: int = SLICES, crop: np.ndarray | None = None) -> np.ndarray:
    """Slices of a volume beside each other, x to the right and y upwards.

    Parameters
    ----------
    volume : (x, y, z)
    slices : int
        At most so many, evenly spread.
    crop : (x, y, z) bool, optional
        Only the slices in which this holds anything.

    Returns
    -------
    picture : (rows, columns) float
        NaN where no slice lies.
    """
    levels = np.arange(volume.shape[2]) if crop is None else np.flatnonzero(crop.any(axis=(0, 1)))
    levels = levels[np.unique(np.linspace(0, len(levels) - 1, min(slices, len(levels))).round().astype(int))]
    tiles = [volume[:, ::-1, level].T.astype(float) for level in levels]
    height, width = tiles[0].shape
    # Columns that bring the whole nearest to a picture of 3 to 2.
    options = range(1, len(tiles) + 1)
    columns = min(options, key=lambda n: abs(np.log(n * width / (np.ceil(len(tiles) / n) * height) / 1.5)))
    rows = -(-len(tiles) // columns)
    picture = np.full((rows * height, columns * width), np.nan)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        picture[row * height : (row + 1) * height, column * width : (column + 1) * width] = tile
    return picture


def _mean_image(axes: Axes, mean: np.ndarray, mask: np.ndarray) -> None:
    picture = mosaic(mean, crop=mask)
    axes.imshow(picture, cmap="gray", vmin=0, vmax=np.nanpercentile(picture, 99.5), interpolation="nearest")
    outline(axes, mask, mask, VERMILLION)
    axes.set_title(f"Mean image, mask of {int(mask.sum())} of {mask.size} voxels")
    axes.set_axis_off()


def _masked_image(axes: Axes, mean: np.ndarray, mask: np.ndarray) -> None:
    picture = mosaic(mean, crop=mask)
    axes.imshow(picture, cmap="gray", vmin=0, vmax=np.nanpercentile(picture, 99.5), interpolation="nearest")
    axes.set_title(f"Mean in the mask, {int(mask.sum())} of {mask.size} voxels")
    axes.set_axis_off()


def outline(axes: Axes, inside: np.ndarray, crop: np.ndarray, colour: str) -> None:
    """Edges of voxels, on a mosaic with a crop."""
    edges = np.nan_to_num(mosaic(inside, crop=crop))
    # Drawn on a finer grid, so that the line runs along the voxels' edges.
    fine = np.kron(edges, np.ones((8, 8)))
    ticks = [(np.arange(n * 8) + 0.5) / 8 - 0.5 for n in edges.shape]
    axes.contour(ticks[1], ticks[0], fine, levels=[0.5], colors=colour, linewidths=0.9)


def _changes(data: np.ndarray) -> tuple[np.ndarray, str]:
    """What voxels change by, and in which unit: of a run without its mean there is no percent."""
    level = data.mean(axis=0, dtype=np.float64)
    if is_demeaned(data):
        return data - level, "Before: its mean has been removed"
    return 100 * (data / np.where(level == 0, 1, level) - 1), "Before: percent of the mean"


def _solid(image: Any) -> Any:
    from matplotlib.cm import ScalarMappable

    return ScalarMappable(norm=image.norm, cmap=image.cmap)


def _run_numbers(axes: Axes, quality: Mapping[str, Any]) -> None:
    axes.set_axis_off()
    values = {name: quality.get(name) for name, _, _ in _NUMBERS}
    known = {name: value for name, value in values.items() if value is not None and np.isfinite(value)}
    bad = {name for name, limit in RUN_LIMITS.items() if known.get(name, 0) > limit}
    axes.set_title("Quality" + (": beyond the limits" if bad else ""))
    for row, (name, label, pattern) in enumerate(_NUMBERS):
        colour = VERMILLION if name in bad else INK
        text = pattern.format(known[name]) if name in known else "n/a"
        for x, words, side in ((0.0, label, "left"), (1.0, text, "right")):
            axes.text(x, 0.94 - 0.1 * row, words, transform=axes.transAxes, ha=side, va="center", color=colour)


def _motion(axes: Axes, time: np.ndarray, motion: pd.DataFrame | None) -> None:
    axes.set_title("Head motion")
    if motion is None:
        say(axes, "not known: the pipeline does not realign")
        axes.set(yticks=[], xlim=(time[0], time[-1]))
        return
    values = motion[list(MOTION)].to_numpy(dtype=float)
    turns = axes.twinx()
    turns.spines["right"].set_visible(True)
    for i, colour in enumerate((BLUE, ORANGE, GREEN)):
        axes.plot(time, values[:, i], color=colour, lw=1.1, label=f"{'xyz'[i]} (mm)")
        turns.plot(time, np.degrees(values[:, i + 3]), color=colour, lw=1.0, ls="--", label=f"about {'xyz'[i]} (deg)")
    axes.set(ylabel="mm", xlim=(time[0], time[-1]))
    turns.set_ylabel("degrees")
    handles = [*axes.get_legend_handles_labels()[0], *turns.get_legend_handles_labels()[0]]
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 0.985), ncols=6, handlelength=1.6)


def _trace(
    axes: Axes,
    time: np.ndarray,
    values: np.ndarray,
    bad: np.ndarray,
    step: float,
    label: str,
    limit: float,
    colour: str,
) -> None:
    """A measure over volumes, outlier volumes shaded. The first volume has none to be compared with."""
    axes.set_title(label)
    if not np.isfinite(values).any():
        say(axes, "not known: the pipeline does not realign")
        axes.set(yticks=[])
        return
    for moment in bad:
        axes.axvspan(moment - step / 2, moment + step / 2, color=LIGHT, lw=0)
    axes.plot(time[1:], values[1:], color=colour, lw=1.1)
    axes.axhline(limit, color=VERMILLION, lw=1.0, ls="--")
    axes.set_ylim(0, max(1.15 * limit, 1.05 * np.nanmax(values)))
    axes.text(
        1.0,
        1.05,
        f"line: limit {limit:g}; grey: {len(bad)} outlier volumes",
        transform=axes.transAxes,
        ha="right",
        color=GREY,
    )


def _tsnr_image(axes: Axes, tsnr: np.ndarray, mask: np.ndarray) -> None:
    picture = mosaic(np.where(mask, tsnr, np.nan), crop=mask)
    image = axes.imshow(picture, cmap="viridis", vmin=0, vmax=np.nanpercentile(picture, 99), interpolation="nearest")
    axes.figure.colorbar(image, ax=axes, shrink=0.75, pad=0.02)
    axes.set_title("Temporal SNR, trend removed")
    axes.set_axis_off()


def _tsnr_histogram(axes: Axes, tsnr: np.ndarray) -> None:
    axes.hist(tsnr, bins=30, color=SKY)
    median = float(np.median(tsnr))
    axes.axvline(median, color=INK, lw=1.1)
    axes.set(xlabel="temporal SNR", ylabel="voxels")
    axes.set_title(f"Median {median:.0f}, {len(tsnr)} voxels")


def _carpet(axes: Axes, values: np.ndarray, repetition_time: float, name: str) -> None:
    """Voxels over time (Power 2017, NeuroImage 154, 150-158), the mean of all drawn over them."""
    n_volumes, n_voxels = values.shape
    rows = np.unique(np.linspace(0, n_voxels - 1, min(CARPET_ROWS, n_voxels)).round().astype(int))
    limit = max(float(np.percentile(np.abs(values), 97)), 1e-9)
    extent = (-0.5 * repetition_time, (n_volumes - 0.5) * repetition_time, 0, 1)
    image = axes.imshow(
        values[:, rows].T, cmap="gray", vmin=-limit, vmax=limit, aspect="auto", extent=extent, interpolation="nearest"
    )
    axes.figure.colorbar(image, ax=axes, pad=0.01, aspect=12)
    mean = values.mean(axis=1)
    spread = max(float(np.abs(mean).max()), 1e-9)
    axes.plot(np.arange(n_volumes) * repetition_time, 0.5 + 0.45 * mean / spread, color=BLUE, lw=1.3)
    axes.set(xlabel="time (s)", ylabel="voxels", yticks=[], ylim=(0, 1))
    axes.set_title(name)
    axes.text(
        1.0, 1.03, "line: mean of all voxels, scaled to the panel", transform=axes.transAxes, ha="right", color=GREY
    )


def _by_global_signal(values: np.ndarray) -> np.ndarray:
    """Voxels in order of their correlation with the mean of all, highest first (Aquino et al. 2020, NeuroImage 212)."""
    mean = values.mean(axis=1)
    centred = values - values.mean(axis=0)
    norm = np.linalg.norm(centred, axis=0)
    correlation = (mean - mean.mean()) @ centred / np.where(norm == 0, 1, norm)
    return np.argsort(-correlation, kind="stable")
