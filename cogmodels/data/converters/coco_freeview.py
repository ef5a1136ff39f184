"""COCO-FreeView (Chen et al. 2022): ten people looking freely at the photographs of COCO-Search18."""

from __future__ import annotations

from pathlib import Path

from cogmodels.data.scanpath_json import JsonLayout, describe_scanpaths, write_scanpaths

LAYOUT = JsonLayout("COCO-FreeView", "freeview", "Look at photographs for 5 s", (1680, 1050), search=False)
_README = """# COCO-FreeView

Ten people look freely at photographs (COCO, brought to 1680 x 1050 px with black borders; the images are those of
COCO-Search18): the fixations as published, as tables `beh/*_beh.tsv`. **There are no gaze samples and no onsets;
scanpaths of the official test images are not released.**

- Coordinates are px from the image's top left, 0-based as in the source; durations in s, there in ms.
- The first fixation is the one at the centre, from before the image came.
- `split` is the part as shipped (train, valid). What was mended stands in `sourcedata/defects.tsv`.

Chen, Yang, Chakraborty, Mondal, Ahn, Samaras, Hoai, Zelinsky (2022), Characterizing target-absent human attention,
CVPR Workshops, 5031-5040.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's scanpaths; the files written are returned.

    Raises
    ------
    DataError
        No such subject; a file is missing or not as expected.
    """
    return write_scanpaths(source, root, subject, LAYOUT, _files(source))


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject, and the images."""
    authors = ["Yupei Chen", "Zhibo Yang", "Souradeep Chakraborty", "Sounak Mondal", "Gregory Zelinsky"]
    describe_scanpaths(source, root, LAYOUT, _files(source), readme=_README, authors=authors, license="own terms")


def _files(source: Path) -> list[Path]:
    return sorted(Path(source).rglob("COCOFreeView_fixations*.json"))
