"""Amazon book covers (Sattar et al. 2015): six people looking for a cover in collages of 84."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, read_json, write_description, write_json, write_tsv
from cogmodels.errors import DataError

TASK = "search"
SUBJECTS = [f"{number:02d}" for number in range(1, 7)]
_COLLAGES = Path("AmazonCovers") / "Amazon.json"
_README = """# Amazon book covers

Six people look for a book cover in 100 collages of 6 x 14 covers (about 2550 x 1600 px), 5 targets in 20 collages each:
the fixations as published, as tables `beh/*_beh.tsv`, and `stimuli/collages.tsv` with size, target and its box. **There
are no pictures, no gaze samples, no durations and no onsets.**

- Coordinates are px from the collage's top left, as in the source.
- `trial` is the collage's place in the source, by number; in which order people saw them is not known.
- The first fixation is not where the search starts: half of them lie more than 415 px from the middle.
- `found` is true of a last fixation inside the target's box or on its edge. Whether people said that they had found it
  is not known.

Not redistributable (CC BY-NC-SA 4.0).
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's fixations on all collages; the files written are returned.

    Raises
    ------
    DataError
        No such subject; the file of fixations is missing or not as expected.
    """
    if subject not in SUBJECTS:
        raise DataError(f"there is no subject {subject}", where=source, remedy="Choose from 01 to 06")
    table = bids_path(root, "beh", subject=subject, task=TASK, suffix="beh", extension=".tsv")
    write_tsv(table, read_searches(Path(source) / _COLLAGES, str(int(subject))))
    write_json(table.with_suffix(".json"), _SIDECAR)
    return [table, table.with_suffix(".json")]


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject, and the table of collages."""
    write_tsv(Path(root) / "stimuli" / "collages.tsv", read_collages(Path(source) / _COLLAGES))
    write_description(
        root,
        name="Amazon book covers",
        readme=_README,
        authors=["Hosnieh Sattar", "Sabine Müller", "Mario Fritz", "Andreas Bulling"],
        license="CC BY-NC-SA 4.0",
        participants=pd.DataFrame({"participant_id": [f"sub-{subject}" for subject in SUBJECTS]}),
    )


def read_collages(path: Path) -> pd.DataFrame:
    """Collages by number: image, width, height, target, left, top, right, bottom (px, the last two excluded)."""
    rows = []
    for image, collage in _collages(path).items():
        box, size = collage["ground_truth"], collage["size"]
        # A list with one box, where the source's description shows the box itself.
        box = box[0] if isinstance(box, list) and len(box) == 1 else box
        if not isinstance(box, Mapping):
            raise DataError("the target has not one box", where=f"{path}, {image}", remedy="Fetch the file again")
        rows.append(
            {
                "image": image, "width": size["width"], "height": size["height"],
                "target": Path(collage["target"]).stem, "left": box["xmin"], "top": box["ymin"], "right": box["xmax"],
                "bottom": box["ymax"],
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def read_searches(path: Path, person: str) -> pd.DataFrame:
    """One person's fixations: trial, stimulus, index, onset, duration (n/a), x, y (px), target, found."""
    parts, boxes = [], read_collages(path).set_index("image")
    for trial, (image, collage) in enumerate(_collages(path).items(), start=1):
        try:
            places = np.array(collage["fixations"][person], dtype=float).reshape(-1, 2)
        except (KeyError, ValueError):
            raise DataError(
                f"person {person} has no list of places", where=f"{path}, {image}", remedy="Fetch the file again"
            ) from None
        x, y = places.T
        row = boxes.loc[image]
        found = np.zeros(len(x), bool)
        inside = (x >= row["left"]) & (x <= row["right"]) & (y >= row["top"]) & (y <= row["bottom"])
        found[-1:] = inside[-1:]
        parts.append(
            pd.DataFrame(
                {
                    "trial": trial, "stimulus": image, "index": np.arange(len(x)), "onset": np.nan, "duration": np.nan,
                    "x": x, "y": y, "target": row["target"], "found": found,
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _collages(path: Path) -> dict[str, Any]:
    """Collages in order of their numbers."""
    collages = read_json(path)
    needed = {"fixations", "ground_truth", "size", "target"}
    for image, collage in collages.items():
        if not isinstance(collage, Mapping) or not needed <= set(collage) or not Path(image).stem.isdigit():
            raise DataError("this is no collage with fixations", where=f"{path}, {image}", remedy="Fetch it again")
    return dict(sorted(collages.items(), key=lambda pair: int(Path(pair[0]).stem)))


_SIDECAR = {
    "TaskName": TASK,
    "TaskDescription": "Look for a book cover in a collage of 6 x 14",
    "trial": {"Description": "Number of the collage; the order of viewing is not known"},
    "stimulus": {"Description": "Collage; its picture is not public"},
    "index": {"Description": "Place of the fixation in its scanpath, from 0"},
    "onset": {"Description": "Not in the source: n/a", "Units": "s"},
    "duration": {"Description": "Not in the source: n/a", "Units": "s"},
    "x": {"Description": "To the right from the collage's left edge", "Units": "px"},
    "y": {"Description": "Downwards from the collage's top edge", "Units": "px"},
    "target": {"Description": "Cover that was looked for"},
    "found": {"Description": "Whether this is the last fixation and lies in the target's box"},
}
