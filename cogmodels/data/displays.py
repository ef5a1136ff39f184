"""Search displays and scenes on disk: images, what to look for in each, where it is, and every item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import read_json, read_tsv, write_json, write_tsv
from cogmodels.errors import DataError

TRIAL_COLUMNS = ["trial", "condition", "set_size", "number", "image", "target", "top", "left", "bottom", "right"]
_REMAKE = "Delete the folder and run snakemake again"


class ImageFiles:
    """Images of one size on disk, (n, height, width) or (n, height, width, 3) uint8; each is read when it is asked for.

    Parameters
    ----------
    paths : sequence of path
        One or more; their headers are read at once.

    Raises
    ------
    DataError
        A file is missing or damaged; images differ in size, or some are grey and some are not.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = [Path(path) for path in paths]
        shapes = {image_shape(path) for path in self.paths}
        if len(shapes) != 1:
            raise DataError(
                "images of several sizes, or none",
                where=self.paths[0].parent if self.paths else "images",
                remedy="Keep images of one size together",
            )
        self.shape = (len(self.paths), *shapes.pop())
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> np.ndarray:
        return read_image(self.paths[number])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.stack([self[number] for number in range(len(self))]).astype(dtype or self.dtype)


@dataclass(frozen=True)
class DisplaySet:
    """The displays of one experiment, or a set of scenes.

    images : (n, height, width) or (n, height, width, 3) uint8, or ImageFiles
    targets : name -> (h, w) or (h, w, 3) uint8
    trials : DataFrame
        A row a display: trial (0, 1, ...), condition, set_size, number, image (file), target (name), and the target's
        box in px, the last row and column excluded; -1 where there is no target. Of scenes also what
        :func:`cogmodels.data.scenes.write_scenes` adds.
    items : DataFrame or None
        A row an item: trial, item, is_target, x, y (px) and how it was drawn; none of scenes.
    about : mapping
        Name, title, cells (c, 4) or none, background, and the numbers of the experiment.
    """

    images: np.ndarray | ImageFiles
    targets: Mapping[str, np.ndarray]
    trials: pd.DataFrame
    items: pd.DataFrame | None
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
    images = ImageFiles([folder / "images" / name for name in trials["image"]])
    targets = {name: read_image(folder / "images" / f"target-{name}.png") for name in about["targets"]}
    items = read_tsv(folder / "items.tsv") if (folder / "items.tsv").exists() else None
    if items is not None:
        items["is_target"] = items["is_target"] == "True"
    return DisplaySet(images, targets, trials.astype({"target": str}), items, about)


def read_image(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    """Grey (height, width) or RGB (height, width, 3) uint8 of an image file, brought to ``size`` (width, height) px.

    Raises
    ------
    DataError
        The file is missing or no image.
    """
    from PIL import Image

    with _opened(path) as image:
        try:
            image = image if image.mode in ("L", "RGB") else image.convert("RGB")
            if size is not None and size != image.size:
                image = image.resize(size, Image.Resampling.LANCZOS)
            return np.asarray(image)
        except OSError as error:
            raise DataError(f"this image cannot be read ({error})", where=path, remedy=_REMAKE) from None


def image_shape(path: Path) -> tuple[int, ...]:
    """Shape of what :func:`read_image` gives, from the file's header alone."""
    with _opened(path) as image:
        return image.size[::-1] if image.mode == "L" else (*image.size[::-1], 3)


def _opened(path: Path) -> Any:
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(path)
    except (OSError, UnidentifiedImageError) as error:
        raise DataError(f"this image cannot be read ({error})", where=path, remedy=_REMAKE) from None
