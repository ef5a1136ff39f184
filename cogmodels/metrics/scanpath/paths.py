"""Many scanpaths in one, so that all pairs of them are compared in one compiled loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cogmodels.errors import DataError

PathLike = "np.ndarray | pd.DataFrame | Scanpaths"


@dataclass(frozen=True)
class Scanpaths:
    """Scanpaths one after another.

    ``x``, ``y`` (n_fixations,) px; ``duration`` (n_fixations,) s, NaN where not known; ``offsets`` (n_paths + 1,) where
    each begins and the last ends; ``symbols`` (n_fixations,) int, what each fixation looks at (cluster, segment), or
    None.
    """

    x: np.ndarray
    y: np.ndarray
    duration: np.ndarray
    offsets: np.ndarray
    symbols: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("x", "y", "duration"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.float64))
        object.__setattr__(self, "offsets", np.ascontiguousarray(self.offsets, dtype=np.int64))
        if self.symbols is not None:
            object.__setattr__(self, "symbols", np.ascontiguousarray(self.symbols, dtype=np.int64))
        _check(self)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """(n_paths,) number of fixations of each."""
        return np.diff(self.offsets)

    def with_symbols(self, symbols: np.ndarray) -> Scanpaths:
        """The same scanpaths with symbols (n_fixations,)."""
        return replace(self, symbols=symbols)


def pack(paths: Sequence[np.ndarray | pd.DataFrame]) -> Scanpaths:
    """Scanpaths from arrays (n_fixations, 2 or 3) of x, y (px) and duration (s), or tables with these columns.

    Raises
    ------
    DataError
        A path has another shape or no columns x and y; positions that are not finite; durations that are negative.
    """
    arrays = [_array(path, number) for number, path in enumerate(paths)]
    joined = np.concatenate([np.empty((0, 3)), *arrays])
    return Scanpaths(*joined.T, offsets=np.cumsum([0, *map(len, arrays)]))


def pack_fixations(fixations: pd.DataFrame, by: Sequence[str] = ("subject", "trial")) -> tuple[Scanpaths, pd.DataFrame]:
    """Scanpaths of a Fixations table, and the columns ``by`` of each (one row a scanpath, in order of the table)."""
    ordered = fixations.sort_values([*by, "index"], kind="stable", ignore_index=True)
    first = ~ordered.duplicated(list(by))
    offsets = np.append(np.flatnonzero(first), len(ordered))
    values = (ordered[name].to_numpy(dtype=float) for name in ("x", "y", "duration"))
    return Scanpaths(*values, offsets=offsets), ordered.loc[first, list(by)].reset_index(drop=True)


def compare(
    kernel: Callable[..., None],
    first: PathLike,
    second: PathLike,
    pairs: np.ndarray | None,
    parameters: Sequence[float],
    *,
    where: str,
    minimum: int = 1,
    columns: int = 0,
    needs_duration: bool = False,
    needs_symbols: bool = False,
) -> np.ndarray | float:
    """Run a compiled comparison over pairs of scanpaths.

    Parameters
    ----------
    kernel : callable
        Takes x, y, duration, symbols and offsets of both, pairs, parameters and the array to fill.
    first, second : (n, 2 or 3) array, table or Scanpaths
    pairs : (n_pairs, 2) int, optional
        Rows of ``first`` and ``second`` to compare; without, those of equal number.
    parameters : sequence of float
    where : str
        Name of the metric, for messages.
    minimum : int
        Scanpaths shorter than this cannot be compared: an error for a single pair, NaN among many.
    columns : int
        Numbers per pair; 0 for one.

    Returns
    -------
    float or (columns,) for two single paths; else (n_pairs,) or (n_pairs, columns).
    """
    single = not isinstance(first, Scanpaths) and not isinstance(second, Scanpaths)
    first, second = (path if isinstance(path, Scanpaths) else pack([path]) for path in (first, second))
    if pairs is None:
        if len(first) != len(second):
            raise DataError(
                f"{len(first)} scanpaths and {len(second)}", where=where, remedy="Give `pairs`, or as many of each"
            )
        pairs = np.repeat(np.arange(len(first))[:, None], 2, axis=1)
    pairs = np.ascontiguousarray(pairs, dtype=np.int64).reshape(-1, 2)
    if len(pairs) and (pairs.min() < 0 or pairs[:, 0].max() >= len(first) or pairs[:, 1].max() >= len(second)):
        raise DataError("a pair names a scanpath that is not there", where=where, remedy="Count from 0")
    for side in (first, second):
        if needs_duration and np.isnan(side.duration).any():
            raise DataError(
                "durations are missing", where=where, remedy="Give x, y and duration (s), or leave durations out of it"
            )
        if needs_symbols and side.symbols is None:
            raise DataError("the fixations have no symbols", where=where, remedy="Set them: Scanpaths.with_symbols")
    short = (first.lengths[pairs[:, 0]] < minimum) | (second.lengths[pairs[:, 1]] < minimum)
    if single and short.any():
        raise DataError(
            f"scanpaths of {first.lengths[0]} and {second.lengths[0]} fixations",
            where=where,
            remedy=f"It is defined for scanpaths of {minimum} fixations or more",
        )
    found = np.full((len(pairs), max(columns, 1)), np.nan)
    rows = np.flatnonzero(~short)
    kept = np.empty((len(rows), max(columns, 1)))
    kernel(*_columns(first), *_columns(second), pairs[rows], np.asarray(parameters, dtype=np.float64), kept)
    found[rows] = kept
    if single:
        return found[0] if columns else float(found[0, 0])
    return found if columns else found[:, 0]


def _columns(paths: Scanpaths) -> tuple[np.ndarray, ...]:
    symbols = np.zeros(len(paths.x), np.int64) if paths.symbols is None else paths.symbols
    return paths.x, paths.y, paths.duration, symbols, paths.offsets


def _array(path: np.ndarray | pd.DataFrame, number: int) -> np.ndarray:
    if isinstance(path, pd.DataFrame):
        missing = [name for name in ("x", "y") if name not in path]
        if missing:
            raise DataError(
                f"column `{missing[0]}` is missing", where=f"scanpath {number}", remedy="Name x, y and duration"
            )
        path = path[[name for name in ("x", "y", "duration") if name in path]].to_numpy(dtype=float)
    values = np.asarray(path, dtype=float)
    if values.size == 0:
        return np.empty((0, 3))
    if values.ndim != 2 or values.shape[1] not in (2, 3):
        raise DataError(
            f"an array of shape {values.shape}", where=f"scanpath {number}", remedy="Give (n, 2) x, y or (n, 3)"
        )
    if values.shape[1] == 2:
        values = np.column_stack([values, np.full(len(values), np.nan)])
    return values


def _check(paths: Scanpaths) -> None:
    n = len(paths.x)
    given = [paths.y, paths.duration, *([] if paths.symbols is None else [paths.symbols])]
    if any(values.shape != (n,) for values in given):
        raise DataError(
            f"{n} positions, and columns of {sorted({v.size for v in given})}",
            where="scanpaths",
            remedy="Give as many of each",
        )
    offsets = paths.offsets
    if len(offsets) < 1 or offsets[0] != 0 or offsets[-1] != n or (np.diff(offsets) < 0).any():
        raise DataError("offsets do not divide the fixations", where="scanpaths", remedy="Give 0, ..., n in order")
    wrong = np.flatnonzero(~np.isfinite(paths.x + paths.y) | (paths.duration < 0) | np.isinf(paths.duration))
    if len(wrong):
        at = wrong[0]
        path = int(np.searchsorted(offsets, at, side="right")) - 1
        raise DataError(
            f"fixation {at - offsets[path]} is at ({paths.x[at]}, {paths.y[at]}) for {paths.duration[at]} s",
            where=f"scanpath {path}",
            remedy="Positions must be finite, durations not negative (NaN where unknown)",
        )
