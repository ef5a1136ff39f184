"""Any folder of eye-tracker files that one pattern names: EyeLink, Tobii, Pupil Labs, tables by a column map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cogmodels.data.gaze_files.bids import trials_of, write_gaze
from cogmodels.data.gaze_files.file import GazeFile
from cogmodels.data.gaze_files.read import format_of, read_gaze
from cogmodels.data.own_files import bids_screen, describe_files, files_of_subject
from cogmodels.errors import DataError

#: Options that belong to the reader of column maps, and to that of Pupil Labs.
_COLUMNS = ("columns", "time_unit", "coordinates", "origin", "valid", "valid_from", "lost", "separator", "decimal")
_README = """# {title}

{description}

Converted from the files of an eye tracker. Coordinates are px from the screen's top left, time is s from each
recording's first sample, lost samples are n/a. `recording-eye1` is the left eye where both were recorded.
"""


def convert(source: Path, root: Path, subject: str, options: Mapping[str, Any]) -> list[Path]:
    """Write one person's recordings as BIDS eye tracking; the files written are returned.

    Parameters
    ----------
    options : mapping
        The section ``gaze_files`` of the data spec.

    Raises
    ------
    DataError
        No file of this subject; a file that cannot be read (with file and line); a screen unlike the file's.
    """
    mine = files_of_subject(source, options["files"], subject)
    screen, written = options["screen"], []
    for path, found in mine:
        file = read_file(path, options)
        written += write_gaze(
            file,
            root,
            {"subject": subject, "session": found.get("session"), "task": options["task"], "run": found.get("run")},
            screen=bids_screen(screen),
            trials=trials_of(file, start=options["trial_start"], end=options["trial_end"]),
            sidecar={"SourceFile": path.relative_to(source).as_posix()},
        )
    return written


def describe(source: Path, root: Path, options: Mapping[str, Any]) -> None:
    """Write the files that belong to no subject."""
    describe_files(source, root, options, _README)


def read_file(path: Path, options: Mapping[str, Any]) -> GazeFile:
    """Read one file by the section ``gaze_files`` of a data spec.

    Raises
    ------
    DataError
        What the reader refuses (with file and line); a screen unlike the file's.
    """
    size = (options["screen"]["width_px"], options["screen"]["height_px"])
    given = {
        "columns": {name: options[name] for name in _COLUMNS} | {"screen_resolution": size},
        "tobii": {"screen_resolution": size},
        "pupil": {"screen_resolution": size, "confidence": options["confidence"]},
    }
    chosen = options["format"] or format_of(path)
    file = read_gaze(path, chosen, **given.get(chosen, {}))
    _check_screen(path, file, options["screen"])
    return file


def _check_screen(path: Path, file: GazeFile, screen: Mapping[str, Any]) -> None:
    told = file.screen_resolution
    if told is not None and tuple(told) != (screen["width_px"], screen["height_px"]):
        raise DataError(
            f"the file tells a screen of {told[0]} x {told[1]} px, the data spec one of {screen['width_px']} x "
            f"{screen['height_px']}",
            where=path,
            remedy="Correct `gaze_files.screen`, with the size and distance of that screen",
        )
