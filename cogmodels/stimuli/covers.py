"""Collages of book covers, RENDERED: what stands in where positions are known and pictures are not public."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import read_tsv
from cogmodels.data.scenes import SceneSource, check_boxes, drawn_rows
from cogmodels.errors import DataError

#: Size in which a cover is drawn before it is brought to that of its place.
_DRAWN = (96, 144)
#: Share of a cell's width and height that a cover fills where the table does not say.
_FILLS = (0.88, 0.91)
#: How far, in shares of a cell, a target may reach out of the cell that its middle lies in.
OVERHANG = 0.15


def cover_scenes(root: Path, options: Mapping[str, Any]) -> SceneSource:
    """Collages with the target where the table has it, and another cover in each other cell of the grid.

    Parameters
    ----------
    root : path
        Folder of the data set.
    options : mapping
        Of :class:`cogmodels.config.search.CoverScenes`.

    Raises
    ------
    DataError
        A column is missing; a box lies outside of its image, or across the cells of the grid.
    """
    path = Path(root) / options["table"]
    table = read_tsv(path)
    columns = ["image", "width", "height", "target", "left", "top", "right", "bottom"]
    if missing := [name for name in columns if name not in table]:
        raise DataError(f"column `{missing[0]}` is missing", where=path, remedy=f"Give {', '.join(columns)}")
    table = table.iloc[drawn_rows(len(table), options["limit"], options["seed"])].reset_index(drop=True)
    trials = table[columns].rename(columns={"image": "stimulus"}).assign(condition="covers")
    check_boxes(trials, path)
    rows, across = options["grid"] or infer_grid(trials)
    if max(_overhang(trials, "height", rows), _overhang(trials, "width", across)) > OVERHANG:
        raise DataError(
            f"targets lie across the cells of a grid of {rows} x {across}", where=path, remedy="Correct `grid`"
        )
    trials["set_size"] = rows * across
    seed, background = options["seed"], options["background"]

    def image(k: int, size: tuple[int, int]) -> np.ndarray:
        row = trials.iloc[k]
        x, y = size[0] / row["width"], size[1] / row["height"]
        box = (row["left"] * x, row["top"] * y, row["right"] * x, row["bottom"] * y)
        others = [_key(seed, f"{row['stimulus']}/{cell}") for cell in range(rows * across)]
        return draw_collage(size, (rows, across), box, _key(seed, str(row["target"])), others, background)

    def template(name: str, factor: float) -> np.ndarray:
        mine = trials[trials["target"] == name]
        size = (mine["right"] - mine["left"]).median() * factor, (mine["bottom"] - mine["top"]).median() * factor
        return fit_cover(_key(seed, name), (max(1, round(size[0])), max(1, round(size[1]))))

    return SceneSource(trials, image, template)


def infer_grid(trials: pd.DataFrame, most: int = 40) -> tuple[int, int]:
    """Rows and columns of the finest grid in which each target's box lies in one cell, but for ``OVERHANG`` of a cell.

    ``trials``: width, height, left, top, right, bottom (px), a row a collage; all have one grid. ``most``: finest that
    is tried.
    """
    return tuple(
        max(n for n in range(1, most + 1) if n == 1 or _overhang(trials, side, n) <= OVERHANG)
        for side in ("height", "width")
    )


def draw_collage(
    size: tuple[int, int],
    grid: tuple[int, int],
    box: tuple[float, float, float, float],
    target: int,
    others: list[int],
    background: int = 255,
) -> np.ndarray:
    """A collage (height, width, 3) uint8 of covers on a plain ground.

    Parameters
    ----------
    size : (width, height)
        px.
    grid : (rows, columns)
    box : left, top, right, bottom
        Of the target, px; its cover fills it, and no other is drawn in its cell.
    target : int
        Key of the target's cover.
    others : sequence of int
        Key of the cover of each cell, row by row; that of the target's cell is not used.
    background : int
        Grey level.
    """
    (width, height), (rows, columns) = size, grid
    image = np.full((height, width, 3), background, np.uint8)
    own = grid_cell(box, size, grid)
    for cell, key in enumerate(others):
        row, column = divmod(cell, columns)
        if (row, column) == own:
            continue
        x, y = (column + 0.5) * width / columns, (row + 0.5) * height / rows
        half = _FILLS[0] * width / columns / 2, _FILLS[1] * height / rows / 2
        _paste(image, key, (x - half[0], y - half[1], x + half[0], y + half[1]))
    _paste(image, target, box)
    return image


def cover_patches(
    objects: pd.DataFrame, targets: Mapping[str, str], size: tuple[int, int], seed: int = 0
) -> dict[str, np.ndarray]:
    """RENDERED covers of objects: that of a target wherever it is the target, another for each other object.

    Parameters
    ----------
    objects : DataFrame
        ``image, object, target`` (bool), a row an object.
    targets : mapping of image -> name of its target
    size : (width, height)
        px.
    seed : int
        As the ``seed`` of :class:`cogmodels.config.search.CoverScenes`, whose covers these are then.

    Returns
    -------
    dict
        ``patches`` (n_covers, height, width, 3) uint8; ``patch`` (n_objects,) int, the cover of each row.
    """
    names = [
        str(targets[one.image]) if one.target else f"{one.image}/{one.object}"
        for one in objects[["image", "object", "target"]].itertuples(index=False)
    ]
    kinds = {name: number for number, name in enumerate(dict.fromkeys(names))}
    patches = np.stack([fit_cover(_key(seed, name), size) for name in kinds])
    return {"patches": patches, "patch": np.array([kinds[name] for name in names], np.int64)}


def cover_wall(seed: Sequence[int], size: tuple[int, int] = (800, 600)) -> np.ndarray:
    """A RENDERED image (height, width, 3) uint8: covers in the cells of a grid.

    ``seed``: of the number of rows and columns, the covers and the ground; ``size``: width and height, px.
    """
    rng = np.random.default_rng([*seed, 97])
    rows, columns = (int(n) for n in rng.integers(1, 4, 2))
    covers = rng.integers(0, 2**32, rows * columns).tolist()
    box = (0.06 * size[0] / columns, 0.045 * size[1] / rows, 0.94 * size[0] / columns, 0.955 * size[1] / rows)
    return draw_collage(size, (rows, columns), box, covers[0], covers, int(rng.integers(0, 256)))


def grid_cell(
    box: tuple[float, float, float, float], size: tuple[float, float], grid: tuple[int, int]
) -> tuple[int, int]:
    """Row and column of the cell that the middle of a box (left, top, right, bottom) lies in."""
    at = (box[1] + box[3]) / 2 / size[1] * grid[0], (box[0] + box[2]) / 2 / size[0] * grid[1]
    return min(int(at[0]), grid[0] - 1), min(int(at[1]), grid[1] - 1)


def fit_cover(key: int, size: tuple[int, int]) -> np.ndarray:
    """The cover of a key (height, width, 3) uint8, brought to a size (width, height)."""
    from PIL import Image

    return np.asarray(Image.fromarray(_cover(key)).resize(size, Image.Resampling.LANCZOS))


@lru_cache(maxsize=16)
def _cover(key: int) -> np.ndarray:
    """One design: ground, a picture of a few shapes, a title and an author in strokes as wide as words."""
    from PIL import Image, ImageDraw

    rng = np.random.default_rng(key)
    width, height = _DRAWN
    ground, ink, *colours = (tuple(int(v) for v in colour) for colour in rng.integers(0, 256, (6, 3)))
    ink = (255, 255, 255) if sum(ground) < 380 else (20, 20, 20) if rng.random() < 0.7 else ink
    image = Image.new("RGB", _DRAWN, ground)
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.5:
        edge = int(rng.integers(height // 4, 3 * height // 4))
        draw.rectangle((0, edge, width, height), fill=colours[0])
    for colour in colours[: int(rng.integers(1, 5))]:
        x, y = rng.integers(0, width), rng.integers(height // 4, height)
        a, b = rng.integers(10, 50, 2)
        kind = rng.integers(4)
        if kind == 0:
            draw.ellipse((x - a, y - b, x + a, y + b), fill=colour)
        elif kind == 1:
            draw.rectangle((x - a, y - b, x + a, y + b), fill=colour)
        elif kind == 2:
            corners = rng.integers(-50, 51, (3, 2)) + [x, y]
            draw.polygon([tuple(corner) for corner in corners.tolist()], fill=colour)
        else:
            for offset in range(0, int(b), 6):
                draw.line((x - a, y + offset, x + a, y + offset), fill=colour, width=3)
    y = int(rng.integers(6, 40)) if rng.random() < 0.7 else int(rng.integers(80, 110))
    tall = int(rng.integers(6, 12))
    for _ in range(int(rng.integers(1, 4))):
        _words(draw, rng, y, tall, ink)
        y += tall + 4
    _words(draw, rng, height - 12, 5, ink)
    return np.asarray(image)


def _words(draw: Any, rng: np.random.Generator, y: int, tall: int, ink: tuple[int, ...]) -> None:
    """A line of upright strokes in groups, as letters in words."""
    x, end = int(rng.integers(5, 25)), _DRAWN[0] - int(rng.integers(5, 25))
    while x < end:
        for _ in range(int(rng.integers(2, 7))):
            if x < end:
                draw.rectangle((x, y + int(rng.integers(0, 3)), x + 1, y + tall), fill=ink)
            x += 4
        x += 5


def _paste(image: np.ndarray, key: int, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = (round(at) for at in box)
    size = max(1, right - left), max(1, bottom - top)
    picture = fit_cover(key, size)
    a, b = max(0, -top), max(0, -left)
    part = image[max(0, top) : top + size[1], max(0, left) : left + size[0]]
    part[:] = picture[a : a + part.shape[0], b : b + part.shape[1]]


def _overhang(trials: pd.DataFrame, side: str, n: int) -> float:
    """How far boxes reach out of the cell of their middle at most, where a side is divided into ``n``; shares of it."""
    names = ("top", "bottom") if side == "height" else ("left", "right")
    first, last = (trials[name].to_numpy() / trials[side].to_numpy() * n for name in names)
    cell = np.floor((first + last) / 2)
    return float(np.maximum(cell - first, last - cell - 1).max())


def _key(seed: int, name: str) -> int:
    return zlib.crc32(f"{seed}/{name}".encode())
