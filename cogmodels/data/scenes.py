"""Scenes for search models: images of a data set brought to one size, with the target's box and its picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import read_tsv, write_json, write_tsv
from cogmodels.data.displays import TRIAL_COLUMNS, image_shape, read_image
from cogmodels.errors import DataError

#: Beside ``TRIAL_COLUMNS``: name and size (px) of the image as it is, the target's box there (-1: absent), by how much
#: it was enlarged, and where in the scene its top left lies.
SCENE_COLUMNS = [
    *TRIAL_COLUMNS, "stimulus", "width", "height", "own_left", "own_top", "own_right", "own_bottom",
    "factor", "x0", "y0",
]  # fmt: skip
_BOX = ["left", "top", "right", "bottom"]


@dataclass(frozen=True)
class SceneSource:
    """Where scenes come from, one at a time.

    trials : DataFrame
        A row a search: stimulus, width, height (px), condition, set_size, target (name), left, top, right, bottom of
        the target in px of the image, the last two excluded; -1 where it is absent.
    image : callable
        (number of the row, size (width, height) px) -> (height, width) or (height, width, 3) uint8.
    template : callable
        (name of a target, factor) -> its picture, enlarged by the factor.
    colour : bool
        Whether any image is not grey; then all are written as RGB.
    """

    trials: pd.DataFrame
    image: Callable[[int, tuple[int, int]], np.ndarray]
    template: Callable[[str, float], np.ndarray]
    colour: bool = True


def table_scenes(root: Path, options: Mapping[str, Any]) -> SceneSource:
    """Scenes that a table lists; ``options`` are those of :class:`cogmodels.config.search.TableScenes`.

    Raises
    ------
    DataError
        A column, an image or a template is missing; a box lies outside of its image; a target has neither box nor
        template.
    """
    path = Path(root) / options["table"]
    table = _drawn(read_tsv(path), options["limit"], options["seed"])
    if missing := [name for name in ("image", *_BOX) if name not in table]:
        raise DataError(f"column `{missing[0]}` is missing", where=path, remedy=f"Give image, {', '.join(_BOX)}")
    for name in ("target", "template", "condition", "set_size"):
        if name not in table:
            table[name] = np.nan
    files = [path.parent / name for name in table["image"]]
    shapes = [image_shape(file) for file in files]
    names = [f"{k:04d}" if pd.isna(name) else str(name) for k, name in enumerate(table["target"])]
    trials = pd.DataFrame(
        {
            "stimulus": table["image"], "width": [s[1] for s in shapes], "height": [s[0] for s in shapes],
            "condition": table["condition"].astype(object).fillna("all"), "set_size": table["set_size"],
            "target": names,
            **{name: pd.to_numeric(table[name]).fillna(-1).astype(int) for name in _BOX},
        }
    )  # fmt: skip
    check_boxes(trials, path)
    pictures: dict[str, Path] = {}
    cuts: dict[str, int] = {}
    for k, (name, template) in enumerate(zip(names, table["template"], strict=True)):
        if pd.notna(template):
            pictures.setdefault(name, path.parent / str(template))
        elif trials["left"].iloc[k] >= 0:
            cuts.setdefault(name, k)
    if wrong := [name for name in names if not re.fullmatch(r"[\w.-]+", name)]:
        raise DataError(f"target `{wrong[0]}`", where=path, remedy="Name targets by letters, digits, `_`, `-` and `.`")
    if unknown := sorted(set(names) - set(pictures) - set(cuts)):
        raise DataError(
            f"target `{unknown[0]}` is absent and has no template", where=path, remedy="Name a picture in `template`"
        )

    def template(name: str, factor: float) -> np.ndarray:
        if name in pictures:
            height, width = image_shape(pictures[name])[:2]
            return read_image(pictures[name], scaled((width, height), factor))
        return cut_template(read_image(files[cuts[name]]), trials.iloc[cuts[name]], factor)

    colour = any(len(shape) == 3 for shape in [*shapes, *map(image_shape, pictures.values())])
    return SceneSource(trials, lambda k, size: read_image(files[k], size), template, colour)


def write_scenes(
    folder: Path,
    source: SceneSource,
    options: Mapping[str, Any],
    name: str,
    *,
    progress: Callable[[int], Any] | None = None,
) -> None:
    """Write scenes in the form of search displays: images, templates, ``trials.tsv``, and last ``display.json``.

    All images are enlarged or shrunk by one factor, so that a degree has as many px in each, and padded to one size.
    Two images at most are in memory at a time.

    Parameters
    ----------
    folder : path
    source : SceneSource
    options : mapping
        Of :class:`cogmodels.config.search.SceneSet`.
    name : str
        Of the set of scenes.
    progress : callable, optional
        Called with the number of scenes written since the last call.
    """
    from PIL import Image

    folder, trials = Path(folder), source.trials.reset_index(drop=True)
    if trials.empty:
        raise DataError("there are no scenes", where=folder, remedy="Correct `scenes` of the data spec")
    (folder / "images").mkdir(parents=True, exist_ok=True)
    width, height = options["size"]
    factor = min((width / trials["width"]).min(), (height / trials["height"]).min())
    rows = []
    for k, row in trials.iterrows():
        size = scaled((row["width"], row["height"]), factor)
        x0, y0 = (width - size[0]) // 2, (height - size[1]) // 2
        scene = np.full((height, width, *((3,) if source.colour else ())), options["background"], np.uint8)
        scene[y0 : y0 + size[1], x0 : x0 + size[0]] = _coloured(source.image(k, size), source.colour)
        Image.fromarray(scene).save(folder / "images" / f"{k:05d}.png")
        absent = row["left"] < 0
        rows.append(
            {
                "trial": k, "condition": row["condition"], "set_size": row["set_size"], "number": k,
                "image": f"{k:05d}.png", "target": row["target"],
                "top": -1 if absent else y0 + floor(row["top"] * factor),
                "left": -1 if absent else x0 + floor(row["left"] * factor),
                "bottom": -1 if absent else min(y0 + ceil(row["bottom"] * factor), y0 + size[1]),
                "right": -1 if absent else min(x0 + ceil(row["right"] * factor), x0 + size[0]),
                "stimulus": row["stimulus"], "width": row["width"], "height": row["height"],
                **{f"own_{side}": row[side] for side in _BOX}, "factor": factor, "x0": x0, "y0": y0,
            }
        )  # fmt: skip
        if progress:
            progress(1)
    names = sorted(set(trials["target"]))
    for target in names:
        picture = _coloured(source.template(target, factor), source.colour)
        Image.fromarray(picture).save(folder / "images" / f"target-{target}.png")
    write_tsv(folder / "trials.tsv", pd.DataFrame(rows)[SCENE_COLUMNS])
    px_per_degree = options["px_per_degree"] * factor
    window = max(1, round(options["window_deg"] * px_per_degree))
    about = {key: options[key] for key in ("title", "note", "kind", "background", "blur", "most_fixations", "people")}
    write_json(
        folder / "display.json",
        {
            "name": name, **about, "first_is_start": options["first_is_start"], "px_per_degree": px_per_degree,
            "window_px": window, "found_px": window, "at_start": True, "cells": None, "targets": names,
        },
    )  # fmt: skip


def cut_template(image: np.ndarray, row: Mapping[str, Any], factor: float) -> np.ndarray:
    """The target cut out of its image at its box, enlarged by the factor."""
    from PIL import Image

    piece = image[row["top"] : row["bottom"], row["left"] : row["right"]]
    size = scaled(piece.shape[1::-1], factor)
    return np.asarray(Image.fromarray(piece).resize(size, Image.Resampling.LANCZOS))


def scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    """Width and height, px, enlarged by a factor; at least 1 px."""
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def check_boxes(trials: pd.DataFrame, where: object) -> None:
    """Refuse boxes that are empty or lie outside of their image."""
    present = trials[trials[_BOX].ge(0).any(axis=1)]
    wrong = present[
        present[_BOX].lt(0).any(axis=1)
        | (present["right"] <= present["left"])
        | (present["bottom"] <= present["top"])
        | (present["right"] > present["width"])
        | (present["bottom"] > present["height"])
    ]
    if len(wrong):
        row = wrong.iloc[0]
        raise DataError(
            f"the box {row[_BOX].tolist()} (left, top, right, bottom) does not lie in the image of {row['width']} x "
            f"{row['height']} px",
            where=f"{where}, {row['stimulus']}",
            remedy="Give px of the image, or n/a in all four where the target is absent",
        )


def drawn_rows(n: int, limit: int | None, seed: int) -> np.ndarray:
    """Numbers of ``limit`` rows of ``n``, drawn by the seed, in order; all without a limit."""
    if limit is None or limit >= n:
        return np.arange(n)
    return np.sort(np.random.default_rng([seed, 61]).choice(n, limit, replace=False))


def _drawn(table: pd.DataFrame, limit: int | None, seed: int) -> pd.DataFrame:
    return table.iloc[drawn_rows(len(table), limit, seed)].reset_index(drop=True)


def _coloured(image: np.ndarray, colour: bool) -> np.ndarray:
    return np.repeat(image[:, :, None], 3, axis=2) if colour and image.ndim == 2 else image
