"""Scanpaths as sequences of objects: mended, mapped, split, padded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.scanpath.objects.layouts import Layouts, fixated_objects, grid_objects, listed_objects
from cogmodels.scanpath.viewing import PARTS, mend_fixations, split_scanpaths

_KEYS = ["subject", "trial", "stimulus"]


@dataclass(frozen=True)
class Sequences:
    """Sequences of objects padded to one length.

    ``objects`` (n, steps), ``lengths`` (n,), ``scene`` (n,) index of the layout, ``person`` (n,) index into
    ``people``; what lies beyond a sequence's length is 0.
    """

    objects: np.ndarray
    lengths: np.ndarray
    scene: np.ndarray
    person: np.ndarray
    people: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.lengths)

    def of(self, rows: np.ndarray) -> Sequences:
        """Some of them."""
        return replace(self, **{name: getattr(self, name)[rows] for name in ("objects", "lengths", "scene", "person")})

    def path(self, row: int) -> np.ndarray:
        """Objects (k,) of one."""
        return self.objects[row, : self.lengths[row]]


@dataclass(frozen=True)
class ObjectTables:
    """What models of objects learn from: ``objects`` (columns ``OBJECT_COLUMNS``), ``sequences`` (``subject, trial,
    stimulus, target, index, x, y, object``), ``split`` and ``defects``."""

    objects: pd.DataFrame
    sequences: pd.DataFrame
    split: pd.DataFrame
    defects: pd.DataFrame


def prepare_objects(
    fixations: pd.DataFrame,
    scenes: pd.DataFrame,
    boxes: pd.DataFrame | None = None,
    *,
    grid: tuple[int, int] | None = None,
    off_screen: str = "clip",
    longest: int = 200,
    outlier_sd: float | None = None,
    **split: object,
) -> ObjectTables:
    """Map fixations to objects and split scanpaths once.

    Parameters
    ----------
    fixations : DataFrame
        A Fixations table.
    scenes : DataFrame
        ``image, width, height, target, left, top, right, bottom`` (of the target, px), a row a scene.
    boxes : DataFrame, optional
        As :func:`~cogmodels.scanpath.objects.layouts.listed_objects` takes them; needed where there is no ``grid``.
    grid : (rows, columns), optional
        Of equal cells.
    off_screen, longest
        As :func:`cogmodels.scanpath.viewing.mend_fixations` takes them.
    outlier_sd : float, optional
        Scanpaths whose length lies farther than so many standard deviations from the mean of all are left out.
    **split
        As :func:`cogmodels.scanpath.viewing.split_scanpaths` takes them.

    Raises
    ------
    DataError
        Neither boxes nor grid; fixations that do not fit the scenes; a target other than the scene's.
    """
    if grid is None and boxes is None:
        raise DataError("scenes have neither boxes nor a grid", where="objects", remedy="Give `objects` or `grid`")
    sizes = {one.image: (one.width, one.height) for one in scenes.itertuples()}
    mended, defects = mend_fixations(fixations, sizes, off_screen=off_screen, longest=longest)
    known = mended["stimulus"].map(scenes.set_index("image")["target"])
    strange = mended["target"].notna() & (mended["target"] != known)
    if strange.any():
        row = mended[strange].iloc[0]
        raise DataError(
            f"subject {row['subject']} looked for `{row['target']}` on {row['stimulus']}, whose target is another",
            where="objects",
            remedy="Give each target a scene of its own",
        )
    mended = mended.assign(target=known)
    lengths = mended.groupby(_KEYS)["index"].transform("size")
    if outlier_sd is not None:
        each = mended.drop_duplicates(_KEYS).index
        mean, spread = lengths[each].mean(), lengths[each].std(ddof=0)
        far = (lengths - mean).abs() > outlier_sd * spread
        row = {"defect": f"scanpaths longer or shorter than {outlier_sd:g} sd", "n": int(far[each].sum())}
        defects = pd.concat([defects, pd.DataFrame([row | {"of": len(each)}])], ignore_index=True)
        mended = mended[~far]
    scenes = scenes[scenes["image"].isin(mended["stimulus"])]
    objects = grid_objects(scenes, tuple(grid)) if grid is not None else listed_objects(boxes, scenes)
    found = pd.Series(0, index=mended.index)
    by_image = dict(list(objects.groupby("image")))
    for image, mine in mended.groupby("stimulus"):
        where = by_image[image][["left", "top", "right", "bottom"]].to_numpy()
        found[mine.index] = fixated_objects(mine["x"], mine["y"], where)
    sequences = mended.assign(object=found)[[*_KEYS, "target", "index", "x", "y", "object"]].reset_index(drop=True)
    return ObjectTables(objects, sequences, split_scanpaths(sequences, **split), defects)


def sequences_of(sequences: pd.DataFrame, split: pd.DataFrame, layouts: Layouts) -> dict[str, Sequences]:
    """Sequences of each part (:data:`~cogmodels.scanpath.viewing.PARTS`), padded to the longest of all.

    Raises
    ------
    DataError
        A part without scanpaths; objects that the scene does not have.
    """
    sequences, split = (table.assign(trial=table["trial"].astype(str)) for table in (sequences, split))
    people = tuple(sorted(set(sequences["subject"])))
    order = sequences.merge(split[[*_KEYS, "split"]], on=_KEYS).sort_values([*_KEYS, "index"], kind="stable")
    first = ~order.duplicated(_KEYS)
    at, heads = np.cumsum(first.to_numpy()) - 1, order[first]
    lengths = np.bincount(at)
    objects = np.zeros((len(lengths), int(lengths.max()) if len(lengths) else 0), np.int64)
    objects[at, order["index"].to_numpy()] = order["object"].to_numpy()
    scene, person = (
        heads[column].map({name: k for k, name in enumerate(names)}).to_numpy()
        for column, names in (("stimulus", layouts.names), ("subject", people))
    )
    number = order["object"].to_numpy()
    if len(number) and (number < 0).any() | (number >= layouts.there.sum(1)[scene[at]]).any():
        raise DataError("a fixation is on an object that its scene has not", where="objects", remedy="Prepare anew")
    every = Sequences(objects, lengths, scene, person, people)
    parts = {part: every.of(np.flatnonzero(heads["split"].to_numpy() == part)) for part in PARTS}
    for part, mine in parts.items():
        if not len(mine):
            raise DataError(f"the {part} part has no scanpaths", where="objects", remedy="Make the split anew")
    return parts


def of_part(sequences: pd.DataFrame, split: pd.DataFrame, part: str) -> pd.DataFrame:
    """The sequences of a part of the split."""
    sequences, split = (table.assign(trial=table["trial"].astype(str)) for table in (sequences, split))
    return sequences.merge(split.loc[split["split"] == part, _KEYS], on=_KEYS)


def sequence_table(paths: dict[str, list[np.ndarray]], layouts: Layouts, who: str) -> pd.DataFrame:
    """Predicted sequences by scene: ``subject, trial, stimulus, index, object, x, y`` (middles of boxes, px).

    The n-th of a scene is ``subject`` <who>-n.
    """
    rows = []
    for stimulus, mine in paths.items():
        centres = layouts.centres(layouts.names.index(stimulus))
        for number, path in enumerate(mine, start=1):
            columns = {"subject": f"{who}-{number:03d}", "trial": number, "stimulus": stimulus}
            columns |= {"index": np.arange(len(path)), "object": path, "x": centres[path, 0], "y": centres[path, 1]}
            rows.append(pd.DataFrame(columns))
    return pd.concat(rows, ignore_index=True)
