"""Folders of one's own files: which of them a pattern of the data spec names, and what is said of them in BIDS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cogmodels.data.bids import write_description
from cogmodels.errors import DataError

_PLACES = {"subject": "[A-Za-z0-9]+", "session": "[A-Za-z0-9]+", "run": "[A-Za-z0-9]+"}


def named_files(source: Path, pattern: str, *, folders: bool = False) -> list[tuple[Path, dict[str, str]]]:
    """Files that a pattern names, with what stands in its places (``{subject}``, ``{session}``, ``{run}``).

    ``folders``: a recording may be a folder.
    """
    expression = re.escape(pattern)
    for name, allowed in _PLACES.items():
        expression = expression.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>{allowed})", 1)
    found = []
    for path in sorted(Path(source).rglob("*")):
        match = re.fullmatch(expression, path.relative_to(source).as_posix())
        if match and (folders or path.is_file()):
            found.append((path, match.groupdict()))
    return found


def files_of_subject(
    source: Path, pattern: str, subject: str, *, folders: bool = False
) -> list[tuple[Path, dict[str, str]]]:
    """Those of :func:`named_files` that are of one subject.

    Raises
    ------
    DataError
        There is none.
    """
    mine = [one for one in named_files(source, pattern, folders=folders) if one[1]["subject"] == subject]
    if not mine:
        raise DataError(
            f"no file of subject {subject} is called `{pattern}`",
            where=source,
            remedy="Correct `files` or `subjects` in the data spec",
        )
    return mine


def describe_files(source: Path, root: Path, options: Mapping[str, Any], readme: str, *, folders: bool = False) -> None:
    """Write the BIDS files that belong to no subject; ``readme`` is filled by the spec's ``options``."""
    subjects = sorted({found["subject"] for _, found in named_files(source, options["files"], folders=folders)})
    write_description(
        root,
        name=options["title"],
        readme=readme.format(**options),
        authors=["n/a"],
        license=options["licence"],
        participants=pd.DataFrame({"participant_id": [f"sub-{subject}" for subject in subjects]}),
    )


def bids_screen(screen: Mapping[str, Any]) -> dict[str, Any]:
    """``StimulusPresentation`` of BIDS from the data spec's section `screen`."""
    return {
        "ScreenDistance": screen["distance_m"],
        "ScreenOrigin": ["top", "left"],
        "ScreenResolution": [screen["width_px"], screen["height_px"]],
        "ScreenSize": [screen["width_m"], screen["height_m"]],
    }
