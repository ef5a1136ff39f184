"""One door to the files of all eye trackers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cogmodels.data.gaze_files.asc import read_asc
from cogmodels.data.gaze_files.edf import MAGIC, read_edf
from cogmodels.data.gaze_files.file import GazeFile, check_exists
from cogmodels.data.gaze_files.tables import ColumnMap, read_columns, read_pupil, read_tobii
from cogmodels.errors import DataError

FORMATS: dict[str, Callable[..., GazeFile]] = {
    "eyelink_asc": read_asc,
    "eyelink_edf": read_edf,
    "tobii": read_tobii,
    "pupil": read_pupil,
    "columns": lambda path, **options: read_columns(path, ColumnMap(**options)),
}


def read_gaze(path: Path, format: str | None = None, **options: Any) -> GazeFile:
    """Read a file of an eye tracker.

    Parameters
    ----------
    path : path
    format : {"eyelink_asc", "eyelink_edf", "tobii", "pupil", "columns"}, optional
        By default what the name and the first bytes tell: ``.asc``, EyeLink ``.edf``, ``gaze*.csv`` of Pupil Labs,
        ``.tsv`` of Tobii.
    options
        Of the reader: ``screen_resolution`` (tobii, pupil), ``confidence`` (pupil), fields of
        :class:`~cogmodels.data.gaze_files.tables.ColumnMap` (columns).

    Raises
    ------
    DataError
        An unknown format, or what the reader refuses, with file and line.
    """
    path = Path(path)
    chosen = format or format_of(path)
    if chosen not in FORMATS:
        raise DataError(f"no format `{chosen}`", where=path, remedy=f"Choose from {', '.join(FORMATS)}")
    return FORMATS[chosen](path, **options)


def format_of(path: Path) -> str:
    """Format that the name and the first bytes tell; DataError where they do not."""
    check_exists(path)
    suffix = path.suffix.lower()
    if suffix == ".asc":
        return "eyelink_asc"
    with path.open("rb") as file:
        if file.read(len(MAGIC)) == MAGIC:
            return "eyelink_edf"
    if suffix == ".csv" and path.name.startswith("gaze"):
        return "pupil"
    if suffix == ".tsv":
        return "tobii"
    raise DataError(
        "neither name nor contents tell the format", where=path, remedy=f"Give `format`: {', '.join(FORMATS)}"
    )
