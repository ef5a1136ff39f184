"""COCO-Search18 (Chen et al. 2021): ten people looking for one of 18 objects in 6,202 photographs."""

from __future__ import annotations

from pathlib import Path

from cogmodels.data.scanpath_json import JsonLayout, describe_scanpaths, write_scanpaths

LAYOUT = JsonLayout("COCO-Search18", "search", "Say whether an object of the named category is there", (1680, 1050))
_README = """# COCO-Search18

Ten people look for one of 18 categories of objects in photographs (COCO, brought to 1680 x 1050 px with black borders):
the fixations as published, as tables `beh/*_beh.tsv`, and `stimuli/scenes.tsv` with each target's box. **There are no
gaze samples and no onsets; scanpaths of the official test images are not released.**

- Coordinates are px from the image's top left, 0-based as in the source; durations in s, there in ms.
- The first fixation is the one at the centre, from before the image came.
- Boxes are [x, y, width, height] in the source, left, top, right, bottom here (the last two excluded).
- `split` is the part as shipped (train, valid). What was mended stands in `sourcedata/defects.tsv`.
- Trials with a wrong answer (`correct` 0) are there; most papers leave them out.

Chen, Yang, Ahn, Samaras, Hoai, Zelinsky (2021), COCO-Search18 fixation dataset for predicting goal-directed attention
control, Scientific Reports 11, 8776.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's searches; the files written are returned.

    Raises
    ------
    DataError
        No such subject; a file is missing or not as expected.
    """
    return write_scanpaths(source, root, subject, LAYOUT, _files(source))


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject, and the images."""
    authors = ["Yupei Chen", "Zhibo Yang", "Seoyoung Ahn", "Dimitris Samaras", "Minh Hoai", "Gregory Zelinsky"]
    describe_scanpaths(source, root, LAYOUT, _files(source), readme=_README, authors=authors, license="own terms")


def _files(source: Path) -> list[Path]:
    """Target present and absent, training and validation: whichever of them there are."""
    return sorted(Path(source).rglob("coco_search18_fixations_*.json"))
