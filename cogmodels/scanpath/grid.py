"""Cells of an image on which densities lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Grid:
    """Equal cells (rows, columns) of an image of ``size_px`` (width, height).

    Pixels are counted from 0 at their centres, so the image reaches from -0.5 to width - 0.5.
    """

    size_px: tuple[float, float]
    cells: tuple[int, int]

    @classmethod
    def of_side(cls, size_px: tuple[float, float], side_px: float) -> Grid:
        """Cells whose sides are as near to ``side_px`` as whole numbers of them allow."""
        width, height = size_px
        return cls(size_px, (max(1, round(height / side_px)), max(1, round(width / side_px))))

    @property
    def n(self) -> int:
        """Number of cells."""
        return self.cells[0] * self.cells[1]

    @property
    def sides(self) -> tuple[float, float]:
        """Width and height of a cell, px."""
        return self.size_px[0] / self.cells[1], self.size_px[1] / self.cells[0]

    @property
    def cell_area(self) -> float:
        """px^2."""
        return float(np.prod(self.sides))

    @property
    def log_uniform(self) -> float:
        """Natural logarithm of the uniform density of the image, per px^2."""
        return -float(np.log(self.size_px[0] * self.size_px[1]))

    def centres(self) -> tuple[np.ndarray, np.ndarray]:
        """x (columns,) and y (rows,) of the cells' centres, px."""
        side_x, side_y = self.sides
        return (np.arange(self.cells[1]) + 0.5) * side_x - 0.5, (np.arange(self.cells[0]) + 0.5) * side_y - 0.5

    def index(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of the cell of each place; places beside the image belong to the nearest."""
        side_x, side_y = self.sides
        column = np.floor((np.asarray(x, float) + 0.5) / side_x).astype(np.int64)
        row = np.floor((np.asarray(y, float) + 0.5) / side_y).astype(np.int64)
        return np.clip(row, 0, self.cells[0] - 1), np.clip(column, 0, self.cells[1] - 1)

    def draw(self, mass: np.ndarray, n: int, generator: np.random.Generator) -> np.ndarray:
        """Places (n, 2) of the density that is constant within each cell; ``mass`` (rows, columns) sums to 1."""
        chosen = generator.choice(self.n, size=n, p=mass.ravel() / mass.sum())
        row, column = np.divmod(chosen, self.cells[1])
        side_x, side_y = self.sides
        inside = generator.random((n, 2))
        return np.column_stack([(column + inside[:, 0]) * side_x - 0.5, (row + inside[:, 1]) * side_y - 0.5])
