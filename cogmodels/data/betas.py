"""Responses a trial as files: one array a session, mapped and never read whole, with the events beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import read_events, read_tsv, write_json, write_tsv
from cogmodels.errors import DataError
from cogmodels.files import whole

#: Numbers of a piece that is read at a time.
_CELLS = 4_000_000


def write_betas(
    path: Path,
    pieces: Iterable[np.ndarray],
    events: pd.DataFrame,
    *,
    sidecar: Mapping[str, Any],
    dtype: str = "float16",
) -> list[Path]:
    """Write ``<name>_betas.npy`` (n_trials, n_features), ``_betas.json`` and ``_events.tsv``; the files are returned.

    Parameters
    ----------
    path : path
        Of the array.
    pieces : iterable of arrays (n, n_features)
        The trials in order; not more than one piece is in memory.
    events : DataFrame
        A row a trial, in the same order.
    sidecar : mapping
    dtype : str
        Half precision has 3 digits.

    Raises
    ------
    DataError
        Pieces of several widths, another number of trials than events have, values that are not finite.
    """
    path, done, array = Path(path), 0, None
    with whole(path) as temporary:
        for piece in pieces:
            values = np.asarray(piece).astype(dtype)
            if array is None:
                array = np.lib.format.open_memmap(temporary, "w+", np.dtype(dtype), (len(events), values.shape[1]))
            if values.shape[1] != array.shape[1] or done + len(values) > len(array):
                raise _unequal(path, f"{done + len(values)} x {values.shape[1]}", array.shape)
            if not np.isfinite(values).all():
                raise DataError(
                    f"values are not finite, or too large for {dtype}",
                    where=f"{path}, trials {done} to {done + len(values) - 1}",
                    remedy="Check the source; leave voxels without data out of the mask",
                )
            array[done : done + len(values)] = values
            done += len(values)
        if array is None or done != len(array):
            raise _unequal(path, f"{done} trials", (len(events),))
        array.flush()
        del array
    events_path = path.with_name(path.name.replace("_betas.npy", "_events.tsv"))
    write_tsv(events_path, events)
    write_json(path.with_suffix(".json"), sidecar)
    return [path, path.with_suffix(".json"), events_path]


def map_betas(path: Path) -> tuple[np.ndarray, pd.DataFrame]:
    """Responses (n_trials, n_features), mapped from disk, and their events.

    Raises
    ------
    DataError
        A file is missing or damaged, or the two do not fit.
    """
    path = Path(path)
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"the responses cannot be read ({type(error).__name__})",
            where=path,
            remedy="Delete the subject's scans.tsv and run snakemake again",
        ) from None
    events = read_events(path.with_name(path.name.replace("_betas.npy", "_events.tsv")))
    if values.ndim != 2 or len(values) != len(events):
        raise _unequal(path, f"{len(events)} events", values.shape)
    return values, events


def write_positions(path: Path, positions: np.ndarray) -> Path:
    """Write ``<name>_positions.tsv`` beside an array of responses: a row a feature, columns x, y and, in volumes, z.

    Parameters
    ----------
    path : path
        Of the array.
    positions : array (n_features, 2 or 3)
        Places in a space that subjects share: on a flattened template, or in template coordinates.
    """
    target = _positions_path(path)
    write_tsv(target, pd.DataFrame(positions, columns=list("xyz")[: positions.shape[1]]).round(6))
    return target


def read_positions(path: Path, features: int) -> np.ndarray:
    """Places (n_features, 2 or 3) of an array's features in a space that subjects share.

    Raises
    ------
    DataError
        There is no such table, or it does not fit.
    """
    place = _positions_path(path)
    if not place.exists():
        raise DataError(
            "there are no positions of the features, so they cannot be brought to a common grid",
            where=place,
            remedy="Write a table with columns x, y (and z), a row a feature, or leave `grid` out of the pipeline",
        )
    table = read_tsv(place)
    names = [name for name in "xyz" if name in table]
    found = table[names].to_numpy(dtype=np.float64)
    if names[:2] != ["x", "y"] or len(found) != features or not np.isfinite(found).all():
        raise DataError(
            f"{len(found)} positions with columns {', '.join(table.columns)}",
            where=place,
            remedy=f"Give x, y (and z) of each of the {features} features, all of them finite",
        )
    return found


def _positions_path(path: Path) -> Path:
    return Path(path).with_name(Path(path).name.replace("_betas.npy", "_positions.tsv"))


def pieces_of(values: np.ndarray) -> Iterator[np.ndarray]:
    """Rows of a mapped array (n, d) in pieces of bounded size."""
    step = max(1, _CELLS // max(1, values.shape[1]))
    for first in range(0, len(values), step):
        yield np.asarray(values[first : first + step])


def _unequal(path: Path, found: str, expected: tuple[int, ...]) -> DataError:
    return DataError(
        f"{found}, expected is {' x '.join(map(str, expected))}",
        where=path,
        remedy="Check that responses and events come from one source",
    )
