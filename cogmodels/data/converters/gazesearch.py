"""GazeSearch (Pham et al. 2025): radiologists' fixations on chest films as searches for a finding."""

from __future__ import annotations

from pathlib import Path

from cogmodels.data.scanpath_json import JsonLayout, describe_scanpaths, write_scanpaths

#: Places are in the 224 x 224 px of the films that the authors' models see.
LAYOUT = JsonLayout(
    "GazeSearch", "search", "Read a chest film; fixations ascribed to one finding", (224, 224), 1.0, (111.5, 111.5)
)
_README = """# GazeSearch

Fixations of radiologists on chest films, ascribed afterwards to one of 13 findings each, as the authors made them of
REFLACX and EGD: tables `beh/*_beh.tsv`. **One made-up subject stands for all readers; there are no images (MIMIC-CXR,
on request), no boxes of findings, no gaze samples and no onsets.**

- Coordinates are px of the film brought to 224 x 224, 0-based as in the source; durations in s, there too.
- The source leaves out the first fixation, at the centre: it is put back, with the duration of the one after it,
  because its own is not known.
- `split` is the part as shipped, by scanpath: one film can be in two parts (counted in `sourcedata/defects.tsv`), so
  split by image.

Pham, Nguyen, Ikebe, Awasthi, Deng, Wu, Nguyen, Le (2025), GazeSearch: radiology findings search benchmark, WACV.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write the scanpaths of the one subject; the files written are returned.

    Raises
    ------
    DataError
        No such subject; a file is missing or not as expected.
    """
    return write_scanpaths(source, root, subject, LAYOUT, _files(source))


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject, and the films where there are any."""
    authors = ["Trong Thang Pham", "Tien-Phat Nguyen", "Ngan Le"]
    describe_scanpaths(source, root, LAYOUT, _files(source), readme=_README, authors=authors, license="own terms")


def _files(source: Path) -> list[Path]:
    return sorted(Path(source).rglob("finding_visual_search_coco_format*.json"))
