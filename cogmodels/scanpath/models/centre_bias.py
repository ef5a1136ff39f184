"""Where people look in any image: a kernel density of all training fixations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from cogmodels.scanpath.grid import Grid
from cogmodels.scanpath.model import StaticModel
from cogmodels.scanpath.viewing import Paths, Pictures

#: Widths of the kernel that are tried, px; share of the uniform density that keeps a surprise finite.
BANDWIDTHS = (8.0, 12.0, 18.0, 27.0, 40.0, 60.0, 90.0)
UNIFORM_SHARE = 1e-3


def smoothed_mass(grid: Grid, xy: np.ndarray, bandwidth_px: float) -> np.ndarray:
    """Mass (rows, columns) of fixations (n, 2) under a Gaussian kernel that is folded back at the image's edges."""
    counts = np.zeros(grid.cells)
    np.add.at(counts, grid.index(*xy.T), 1.0)
    side_x, side_y = grid.sides
    found = gaussian_filter(counts, (bandwidth_px / side_y, bandwidth_px / side_x), mode="reflect")
    return (1 - UNIFORM_SHARE) * found / found.sum() + UNIFORM_SHARE / grid.n


def best_bandwidth(
    grid: Grid, train: np.ndarray, validation: np.ndarray, tried: Sequence[float] = BANDWIDTHS
) -> pd.DataFrame:
    """Log-likelihood, bits a fixation over uniform, of the validation fixations (n, 2) under each width."""
    rows = []
    for width in tried:
        mass = smoothed_mass(grid, train, width)
        rows.append((width, float(np.log2(mass[grid.index(*validation.T)] * grid.n).mean())))
    return pd.DataFrame(rows, columns=["bandwidth_px", "validation_bits"])


class CentreBias(StaticModel):
    """Density of all training fixations; the width of its kernel is that which suits the validation images."""

    def _learn(
        self, pictures: Pictures, train: Paths, validation: Paths, seed: int, folder: Path | None
    ) -> pd.DataFrame:
        choices = best_bandwidth(self.grid, train.flat()[0], validation.flat()[0])
        width = float(choices.loc[choices["validation_bits"].idxmax(), "bandwidth_px"])
        self.mass = smoothed_mass(self.grid, train.flat()[0], width)
        return choices

    def image_mass(self, pictures: Pictures, image: int) -> np.ndarray:
        return self.mass

    def weights(self) -> dict[str, np.ndarray]:
        return super().weights() | {"mass": self.mass}
