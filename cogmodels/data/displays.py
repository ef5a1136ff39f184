"""Search displays on disk: images, what to look for in each, where it is, and every item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import read_json, read_tsv, write_json, write_tsv
from cogmodels.errors import DataError

TRIAL_COLUMNS = ["trial", "condition", "set_size", "number", "image", "target", "top", "left", "bottom", "right"]
_REMAKE = "Delete the folder and run snakemake again"


@dataclass(frozen=True)
class DisplaySet:
    """The displays of one experiment.

    images : (n, height, width) or (n, height, width, 3) uint8
    targets : name -> (h, w) or (h, w, 3) uint8
    trials : DataFrame
        A row a display: trial (0, 1, ...), condition, set_size, number, image (file), target (name), and the target's
        box in px, the last row and column excluded; -1 where there is no target.
    items : DataFrame
        A row an item: trial, item, is_target, x, y (px) and how it was drawn.
    about : mapping
        Name, title, cells (c, 4) or none, background, and the numbers of the experiment.
    """

    images: np.ndarray
    targets: Mapping[str, np.ndarray]
    trials: pd.DataFrame
    items: pd.DataFrame
    about: Mapping[str, Any]


def write_displays(folder: Path, displays: DisplaySet) -> None:
    """Write images and targets as PNG, tables, and last ``display.json``."""
    from PIL import Image

    folder = Path(folder)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for name, image in zip(displays.trials["image"], displays.images, strict=True):
        Image.fromarray(image).save(folder / "images" / name)
    for name, image in displays.targets.items():
        Image.fromarray(image).save(folder / "images" / f"target-{name}.png")
    write_tsv(folder / "items.tsv", displays.items)
    write_tsv(folder / "trials.tsv", displays.trials[TRIAL_COLUMNS])
    write_json(folder / "display.json", {**displays.about, "targets": sorted(displays.targets)})


def read_displays(folder: Path) -> DisplaySet:
    """Displays as :func:`write_displays` wrote them, or of the same form.

    Raises
    ------
    DataError
        A file is missing or damaged; images differ in size.
    """
    folder = Path(folder)
    about, trials = read_json(folder / "display.json"), read_tsv(folder / "trials.tsv")
    if missing := [name for name in TRIAL_COLUMNS if name not in trials]:
        raise DataError(f"column `{missing[0]}` is missing", where=folder / "trials.tsv", remedy=_REMAKE)
    images = [_image(folder / "images" / name) for name in trials["image"]]
    if len({image.shape for image in images}) != 1:
        raise DataError(
            "images of several sizes, or none", where=folder / "images", remedy="Keep images of one size together"
        )
    targets = {name: _image(folder / "images" / f"target-{name}.png") for name in about["targets"]}
    return DisplaySet(np.stack(images), targets, trials, read_tsv(folder / "items.tsv"), about)


def _image(path: Path) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise DataError(f"this image cannot be read ({error})", where=path, remedy=_REMAKE) from None
