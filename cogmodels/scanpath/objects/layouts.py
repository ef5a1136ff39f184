"""Scenes made of objects: boxes, places in rows and columns, the target; and which object a fixation is on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cogmodels.errors import DataError

_BOX = ["left", "top", "right", "bottom"]
#: Columns of a table of objects, a row an object.
OBJECT_COLUMNS = ["image", "object", "row", "column", *_BOX, "target"]
_REMEDY = "Correct the table of scenes"


@dataclass(frozen=True)
class Layouts:
    """Scenes (n), padded to the one with most objects (N).

    ``names``; ``size_px`` (n, 2) width and height; ``boxes`` (n, N, 4) left, top, right, bottom, px, the last two
    excluded; ``place`` (n, N, 2) row and column; ``there`` (n, N) which objects exist; ``target`` (n,) which object is
    looked for; ``patches`` (k, height, width, 3) uint8 pictures, of which ``patch`` (n, N) says whose is whose; empty
    where appearance does not count.
    """

    names: tuple[str, ...]
    size_px: np.ndarray
    boxes: np.ndarray
    place: np.ndarray
    there: np.ndarray
    target: np.ndarray
    patch: np.ndarray
    patches: np.ndarray
    _spacings: dict[int, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    def centres(self, scene: int) -> np.ndarray:
        """x, y (N, 2) of the middles of a scene's boxes, px."""
        box = self.boxes[scene]
        return np.column_stack([box[:, 0] + box[:, 2], box[:, 1] + box[:, 3]]) / 2

    def spacing(self, scene: int) -> float:
        """Median distance of a scene's objects to the nearest other one, px; 1 where there is none."""
        if scene not in self._spacings:
            middles = self.centres(scene)[self.there[scene]]
            apart = np.hypot(*(middles[:, None] - middles).transpose(2, 0, 1))
            np.fill_diagonal(apart, np.inf)
            nearest = float(np.median(apart.min(1)))
            self._spacings[scene] = nearest if 0 < nearest < np.inf else 1.0
        return self._spacings[scene]

    @property
    def rows_columns(self) -> tuple[int, int]:
        """How many rows and columns the scenes have at most."""
        most = self.place[self.there].max(axis=0) + 1
        return int(most[0]), int(most[1])


def grid_objects(scenes: pd.DataFrame, grid: tuple[int, int]) -> pd.DataFrame:
    """Objects of scenes that a grid divides into equal cells; the target is the cell its box shares most with.

    Parameters
    ----------
    scenes : DataFrame
        ``image, width, height`` (px), ``left, top, right, bottom`` of the target.
    grid : (rows, columns)

    Returns
    -------
    DataFrame
        Columns :data:`OBJECT_COLUMNS`, objects row by row.
    """
    rows, columns = grid
    row, column = np.divmod(np.arange(rows * columns), columns)
    parts = []
    for scene in scenes.itertuples():
        width, height = scene.width / columns, scene.height / rows
        parts.append(
            pd.DataFrame(
                {
                    "image": scene.image, "object": np.arange(rows * columns), "row": row, "column": column,
                    "left": column * width, "top": row * height, "right": (column + 1) * width,
                    "bottom": (row + 1) * height,
                }
            )
        )  # fmt: skip
    return mark_targets(pd.concat(parts, ignore_index=True), scenes)


def listed_objects(boxes: pd.DataFrame, scenes: pd.DataFrame) -> pd.DataFrame:
    """Objects whose boxes are known, in rows from top to bottom and, within a row, from left to right.

    A row ends where the next middle lies lower than half of the median height: boxes that stagger a little stay in
    one row, wherever they lie (OAT's bins of 10 px cut rows in two).

    Parameters
    ----------
    boxes : DataFrame
        ``image, left, top, right, bottom`` (px), a row an object.
    scenes : DataFrame
        As :func:`grid_objects` takes them.

    Raises
    ------
    DataError
        A scene without boxes, a box without area.
    """
    if missing := sorted(set(scenes["image"]) - set(boxes["image"])):
        raise DataError(f"{len(missing)} scenes have no boxes (such as {missing[0]})", where="objects", remedy=_REMEDY)
    empty = (boxes["right"] <= boxes["left"]) | (boxes["bottom"] <= boxes["top"])
    if empty.any():
        raise DataError(f"a box of {boxes.loc[empty, 'image'].iloc[0]} has no area", where="objects", remedy=_REMEDY)
    parts = []
    for image in scenes["image"]:
        mine = boxes[boxes["image"] == image]
        middle = ((mine["top"] + mine["bottom"]) / 2).to_numpy()
        order = np.argsort(middle, kind="stable")
        mine, middle = mine.iloc[order], middle[order]
        step = np.diff(middle) > (mine["bottom"] - mine["top"]).median() / 2
        mine = mine.assign(row=np.concatenate([[0], np.cumsum(step)])).sort_values(["row", "left"], kind="stable")
        parts.append(mine.assign(object=np.arange(len(mine)), column=mine.groupby("row").cumcount()))
    return mark_targets(pd.concat(parts, ignore_index=True), scenes)


def mark_targets(objects: pd.DataFrame, scenes: pd.DataFrame) -> pd.DataFrame:
    """Objects with a column ``target``: true of the one in each scene whose box overlaps most with the target's.

    Overlap is intersection over union.

    Raises
    ------
    DataError
        A target that overlaps with no object.
    """
    box = objects[["image"]].merge(scenes[["image", *_BOX]], on="image", how="left")
    wide, tall = (
        np.minimum(objects[last], box[last].to_numpy()) - np.maximum(objects[first], box[first].to_numpy())
        for first, last in (("left", "right"), ("top", "bottom"))
    )
    shared = wide.clip(lower=0) * tall.clip(lower=0)
    areas = [(table["right"] - table["left"]).to_numpy() * (table["bottom"] - table["top"]).to_numpy()
             for table in (objects, box)]  # fmt: skip
    overlap = pd.Series((shared / (sum(areas) - shared)).to_numpy(), index=objects.index)
    best = overlap.groupby(objects["image"]).transform("max")
    if (best.isna() | (best <= 0)).any():
        image = objects.loc[best.isna() | (best <= 0), "image"].iloc[0]
        raise DataError(f"the target of {image} is on no object", where="objects", remedy=_REMEDY)
    target = (overlap == best) & ~(overlap == best).groupby(objects["image"]).cumsum().gt(1)
    return objects.assign(target=target)[OBJECT_COLUMNS]


def layouts_of(
    objects: pd.DataFrame, scenes: pd.DataFrame, pictures: Mapping[str, np.ndarray] | None = None
) -> Layouts:
    """Layouts of a table of objects.

    Parameters
    ----------
    objects : DataFrame
        Columns :data:`OBJECT_COLUMNS`.
    scenes : DataFrame
        ``image, width, height``.
    pictures : mapping, optional
        ``patches`` (k, height, width, 3) uint8 and ``patch`` (n_objects,), which of them each row of ``objects`` has.

    Raises
    ------
    DataError
        No objects; a scene with no target, or with two.
    """
    if objects.empty:
        raise DataError("there are no objects", where="objects", remedy=_REMEDY)
    targets = objects.groupby("image")["target"].sum()
    if (targets != 1).any():
        wrong = targets[targets != 1]
        raise DataError(f"{wrong.index[0]} has {wrong.iloc[0]} targets, not one", where="objects", remedy=_REMEDY)
    names = tuple(sorted(set(objects["image"])))
    code, at = objects["image"].map({name: k for k, name in enumerate(names)}).to_numpy(), objects["object"].to_numpy()
    shape = (len(names), int(at.max()) + 1)
    boxes, place = np.zeros((*shape, 4)), np.zeros((*shape, 2), np.int64)
    there, patch = np.zeros(shape, bool), np.zeros(shape, np.int64)
    boxes[code, at], place[code, at], there[code, at] = objects[_BOX], objects[["row", "column"]], True
    patches = np.zeros((0, 1, 1, 3), np.uint8)
    if pictures is not None:
        patch[code, at], patches = pictures["patch"], pictures["patches"]
    target = np.zeros(len(names), np.int64)
    target[code[objects["target"].to_numpy()]] = at[objects["target"].to_numpy()]
    sizes = scenes.set_index("image").loc[list(names), ["width", "height"]].to_numpy(float)
    return Layouts(names, sizes, boxes, place, there, target, patch, patches)


def fixated_objects(x: np.ndarray, y: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Object (n,) of each fixation: the first box that contains it, else that whose middle is nearest.

    Parameters
    ----------
    x, y : (n,) px
    boxes : (N, 4)
        Left, top, right, bottom, px, the last two excluded.

    Raises
    ------
    DataError
        No boxes; fixations without a place.
    """
    x, y, boxes = np.asarray(x, float), np.asarray(y, float), np.asarray(boxes, float).reshape(-1, 4)
    if not len(boxes):
        raise DataError("the scene has no boxes", where="objects", remedy=_REMEDY)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError("fixations without a place", where="objects", remedy="Leave them out")
    inside = (x[:, None] >= boxes[:, 0]) & (x[:, None] < boxes[:, 2])
    inside &= (y[:, None] >= boxes[:, 1]) & (y[:, None] < boxes[:, 3])
    apart = np.hypot(x[:, None] - boxes[:, [0, 2]].mean(1), y[:, None] - boxes[:, [1, 3]].mean(1))
    return np.where(inside.any(1), inside.argmax(1), apart.argmin(1))
