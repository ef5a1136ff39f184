"""OSIE (Xu et al. 2014): fixations of 15 people on 700 images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, write_description, write_json, write_tsv
from cogmodels.errors import DataError
from cogmodels.files import link

TASK = "freeview"
SUBJECTS = [f"{number:02d}" for number in range(1, 16)]
SIZE = (800, 600)  # px
_FIXATIONS = Path("data") / "eye" / "fixations.mat"
_README = """# OSIE

Free viewing of 700 images (800 x 600 px, about 3 s each; `stimuli/`) by 15 people: the fixations that the authors
found, as tables `beh/*_beh.tsv`. **There are no gaze samples.**

- Coordinates are px from the image's top left, 0-based: the source's 1-based MATLAB coordinates less 1. Durations in s.
- Onsets are not in the source, and saccades between fixations take time that is not recorded: `onset` is n/a.
- `trial` is the image's place in the source; in which order people saw the images is not known.
- The first fixation is free, not at the centre.
- The size and distance of the images on the screen are not in the source: no degrees.
- Not here: object masks and attributes.

Xu, Jiang, Wang, Kankanhalli, Zhao (2014), Predicting human gaze beyond pixels, Journal of Vision 14(1):28.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's fixations on all images; the files written are returned.

    Raises
    ------
    DataError
        No such subject; the file of fixations is missing or not as expected.
    """
    if subject not in SUBJECTS:
        raise DataError(f"there is no subject {subject}", where=source, remedy="Choose from 01 to 15")
    table = bids_path(root, "beh", subject=subject, task=TASK, suffix="beh", extension=".tsv")
    write_tsv(table, read_fixations(Path(source) / _FIXATIONS, SUBJECTS.index(subject)))
    write_json(table.with_suffix(".json"), _SIDECAR)
    return [table, table.with_suffix(".json")]


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject, and the images."""
    images = sorted((Path(source) / "data" / "stimuli").glob("*.jpg"))
    if not images:
        raise DataError("there are no images", where=source, remedy="Fetch the data set again")
    for image in images:
        link(image, Path(root) / "stimuli" / image.name)
    write_description(
        root,
        name="OSIE",
        readme=_README,
        authors=["Juan Xu", "Ming Jiang", "Shuo Wang", "Mohan S. Kankanhalli", "Qi Zhao"],
        license="MIT",
        participants=pd.DataFrame({"participant_id": [f"sub-{subject}" for subject in SUBJECTS]}),
    )


def read_fixations(path: Path, person: int) -> pd.DataFrame:
    """Fixations of one person (0-14) on all images: trial, stimulus, index, onset, duration (s), x, y (px, 0-based)."""
    parts = []
    for trial, (image, people) in enumerate(_images(path), start=1):
        if len(people) != len(SUBJECTS):
            raise DataError(f"{len(people)} people for {image}, not 15", where=path, remedy="Fetch the file again")
        x, y, milliseconds = (
            np.atleast_1d(np.asarray(people[person][name], dtype=float)) for name in ("fix_x", "fix_y", "fix_duration")
        )
        if not (len(x) == len(y) == len(milliseconds)) or not np.isfinite([x, y, milliseconds]).all():
            raise DataError(
                "coordinates and durations do not fit together",
                where=f"{path}, image {image}, person {person + 1}",
                remedy="Fetch the file again",
            )
        columns = {"trial": trial, "stimulus": image, "index": np.arange(len(x)), "onset": np.nan}
        places = {"duration": milliseconds / 1000.0, "x": (x - 1.0).round(4), "y": (y - 1.0).round(4)}
        parts.append(pd.DataFrame({**columns, **places}))
    return pd.concat(parts, ignore_index=True)


def _images(path: Path) -> Iterator[tuple[str, list[dict[str, object]]]]:
    from scipy.io import loadmat

    if not path.is_file():
        raise DataError("the file does not exist", where=path, remedy="Fetch the data set again")
    try:
        cells = loadmat(path, simplify_cells=True)["fixations"]
        pairs = [(str(cell["img"]), list(cell["subjects"])) for cell in cells]
    except Exception as error:  # scipy's readers fail in many ways
        raise DataError(
            f"the fixations cannot be read ({type(error).__name__})", where=path, remedy="Fetch the file again"
        ) from None
    yield from pairs


_SIDECAR = {
    "TaskName": TASK,
    "TaskDescription": "Free viewing of photographs, about 3 s each",
    "trial": {"Description": "Place of the image in the source, from 1; the order of viewing is not known"},
    "stimulus": {"Description": "Image, in the folder stimuli"},
    "index": {"Description": "Place of the fixation in its scanpath, from 0"},
    "onset": {"Description": "Not in the source: n/a", "Units": "s"},
    "duration": {"Description": "Length of the fixation", "Units": "s"},
    "x": {"Description": "To the right from the centre of the image's leftmost pixel", "Units": "px"},
    "y": {"Description": "Downwards from the centre of the image's topmost pixel", "Units": "px"},
    "StimulusPresentation": {"ImageResolution": list(SIZE)},
}
