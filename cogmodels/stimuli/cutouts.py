"""A search task made up from photographs: a piece of each picture is what to look for."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.displays import image_shape, read_image
from cogmodels.data.scenes import SceneSource, cut_template, drawn_rows
from cogmodels.errors import DataError

#: Luma of RGB.
_LUMA = np.array([0.299, 0.587, 0.114])


def cutout_scenes(root: Path, options: Mapping[str, Any]) -> SceneSource:
    """Scenes of a data set's images, each with a piece of itself as its target.

    Parameters
    ----------
    root : path
        Folder of the data set.
    options : mapping
        Of :class:`cogmodels.config.search.CutoutScenes`.

    Raises
    ------
    DataError
        There are no such images, or one has no place for a piece.
    """
    files = sorted(Path(root).glob(options["images"]))
    if not files:
        raise DataError(f"no image fits `{options['images']}`", where=root, remedy="Correct `images` of the scenes")
    files = [files[k] for k in drawn_rows(len(files), options["limit"], options["seed"])]
    rows = []
    for k, file in enumerate(files):
        image = read_image(file)
        # The piece hangs on the picture's name, not on which others are drawn.
        rng = np.random.default_rng([options["seed"], zlib.crc32(file.name.encode())])
        try:
            left, top = choose_piece(
                image, options["target_px"], rng, away_px=options["from_centre_deg"] * options["px_per_degree"]
            )
        except DataError as error:
            raise DataError(error.what, where=file, remedy="Make the piece smaller, or leave the image out") from None
        height, width = image.shape[:2]
        rows.append(
            {
                "stimulus": file.name, "width": width, "height": height, "condition": "cutout", "set_size": np.nan,
                "target": f"{k:04d}", "left": left, "top": top, "right": left + options["target_px"],
                "bottom": top + options["target_px"],
            }
        )  # fmt: skip
    trials = pd.DataFrame(rows)

    def template(name: str, factor: float) -> np.ndarray:
        return cut_template(read_image(files[int(name)]), trials.iloc[int(name)], factor)

    colour = any(len(image_shape(file)) == 3 for file in files)
    return SceneSource(trials, lambda k, size: read_image(files[k], size), template, colour)


def choose_piece(image: np.ndarray, side: int, rng: np.random.Generator, *, away_px: float = 0.0) -> tuple[int, int]:
    """Left and top of a square piece, drawn from those whose contrast is at or above the picture's median.

    Parameters
    ----------
    image : (height, width) or (height, width, 3) uint8
    side : int
        px.
    rng : Generator
    away_px : float
        Least distance of the piece's middle from the picture's.

    Returns
    -------
    left, top : int, of a grid of a quarter of the side.

    Raises
    ------
    DataError
        No place is left.
    """
    luma = image @ _LUMA if image.ndim == 3 else image.astype(float)
    height, width = luma.shape
    step = max(1, side // 4)
    tops, lefts = np.arange(0, height - side + 1, step), np.arange(0, width - side + 1, step)
    if len(tops) and len(lefts):
        sums, squares = (_box_sums(values, side)[np.ix_(tops, lefts)] for values in (luma, luma**2))
        contrast = np.sqrt(np.maximum(squares / side**2 - (sums / side**2) ** 2, 0))
        middle = (side - 1) / 2
        apart = np.hypot((tops + middle - (height - 1) / 2)[:, None], (lefts + middle - (width - 1) / 2)[None])
        rows, columns = np.nonzero((contrast >= np.median(contrast)) & (apart >= away_px))
        if len(rows):
            at = rng.integers(len(rows))
            return int(lefts[columns[at]]), int(tops[rows[at]])
    raise DataError(
        f"no place for a piece of {side} px at {away_px:.0f} px from the middle of {width} x {height} px",
        where="choose_piece",
        remedy="Make the piece smaller, or let it lie nearer",
    )


def _box_sums(values: np.ndarray, side: int) -> np.ndarray:
    """Sum of each square of that side (height - side + 1, width - side + 1)."""
    total = np.pad(values, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    return total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
