"""A page for one subject's BOLD: what the mask holds, how good the signal is, what cleaning did to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cogmodels.errors import DataError
from cogmodels.fmri.quality import temporal_snr
from cogmodels.report.style import BLUE, GREY, INK, SKY, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SLICES, CARPET_ROWS = 20, 800


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
        percent = 100 * (before / np.where(before.mean(axis=0) == 0, 1, before.mean(axis=0)) - 1)
        carpets = [(percent, "Before: percent of the mean"), (after, "After cleaning")]
        for place, (values, name) in zip((grid[1], grid[2]), carpets, strict=True):
            _carpet(figure.add_subplot(place), values[:, order], repetition_time, name)
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
    edges = np.nan_to_num(mosaic(mask, crop=mask))
    # Drawn on a finer grid, so that the line runs along the voxels' edges.
    fine = np.kron(edges, np.ones((8, 8)))
    ticks = [(np.arange(n * 8) + 0.5) / 8 - 0.5 for n in edges.shape]
    axes.contour(ticks[1], ticks[0], fine, levels=[0.5], colors=VERMILLION, linewidths=0.9)
    axes.set_title(f"Mean image, mask of {int(mask.sum())} of {mask.size} voxels")
    axes.set_axis_off()


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
