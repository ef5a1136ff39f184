"""Features of any number at known places, brought to the cells of one grid: anatomical alignment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cogmodels.errors import DataError

#: Numbers of a piece of distances that is in memory at a time.
_PIECE = 4_000_000


def grid_weights(
    positions: np.ndarray,
    *,
    cells: Sequence[int],
    low: Sequence[float],
    high: Sequence[float],
    width: float = 0.6,
    where: object = "positions",
) -> np.ndarray:
    """Weights (n_features, n_cells), float32, from features to the cells of a grid, rows of the first axis first.

    A cell is a mean with Gaussian weights exp(-d^2 / 2 (width cell)^2) of the distance d between a feature and its
    centre, axis by axis in cells; it always has the nearest feature. Weights are scaled so that independent noise of
    variance 1 keeps its variance: cells with many features do not become quieter than a decoder expects.

    Parameters
    ----------
    positions : array (n_features, k)
    cells : k int
    low, high : k float
        Bounds of the grid, in the units of the positions.
    width : float
        In cells.

    Raises
    ------
    DataError
        Positions on another number of axes, or all of them outside of the grid.
    """
    positions, low, high = (np.asarray(one, dtype=np.float64) for one in (positions, low, high))
    if positions.shape[1] != len(cells):
        raise DataError(
            f"positions have {positions.shape[1]} axes, the grid {len(cells)}",
            where=where,
            remedy="Give `cells`, `low` and `high` of the grid a number for each axis",
        )
    at = (positions - low) / (high - low) * np.asarray(cells)
    if not ((at >= 0) & (at <= np.asarray(cells))).all(axis=1).any():
        raise DataError(
            f"no position lies on the grid; they reach from {positions.min(0)} to {positions.max(0)}",
            where=where,
            remedy="Correct `low` and `high` of the grid",
        )
    axes = np.meshgrid(*(np.arange(count) + 0.5 for count in cells), indexing="ij")
    centres = np.stack([axis.ravel() for axis in axes], axis=1)
    found, step = np.empty((len(at), len(centres)), dtype=np.float32), max(1, _PIECE // len(at))
    for first in range(0, len(centres), step):
        piece = centres[first : first + step]
        squares = ((at[:, None] - piece) ** 2).sum(axis=2)
        # Far from all features the nearest one counts alone.
        weights = np.exp(-(squares - squares.min(axis=0)) / (2 * width**2))
        found[:, first : first + step] = weights / np.sqrt((weights**2).sum(axis=0))
    return found
