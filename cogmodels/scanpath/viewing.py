"""Fixations on images as models learn from them: mended, split, padded."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cogmodels.data.tables import Features
from cogmodels.errors import DataError
from cogmodels.scanpath.splits import shipped_split

logger = logging.getLogger(__name__)
PARTS = ("train", "validation", "test")
#: Who the typical scanpath of an image is of, in a Fixations table.
TYPICAL_VIEWER = "typical"


@dataclass(frozen=True)
class Paths:
    """Scanpaths padded to one length.

    ``xy`` (n, steps, 2) px, ``duration`` (n, steps) s (NaN where unknown), ``lengths`` (n,), ``image`` (n,) index of
    the picture, ``person`` (n,) index into ``people``; what lies beyond a path's length is 0. Of searches ``target``
    (n,) index into ``targets``, -1 where nothing was looked for.
    """

    xy: np.ndarray
    duration: np.ndarray
    lengths: np.ndarray
    image: np.ndarray
    person: np.ndarray
    people: tuple[str, ...]
    target: np.ndarray | None = None
    targets: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def there(self) -> np.ndarray:
        """(n, steps) bool: which fixations exist."""
        return np.arange(self.xy.shape[1]) < self.lengths[:, None]

    def of(self, rows: np.ndarray) -> Paths:
        """Some of them."""
        names = ["xy", "duration", "lengths", "image", "person", *(["target"] if self.target is not None else [])]
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    def target_of(self, row: int) -> str | None:
        """What was looked for."""
        return None if self.target is None or self.target[row] < 0 else self.targets[self.target[row]]

    def views(self, images: Sequence[str]) -> np.ndarray:
        """Name (n,) of each path's view: its image, with its target where there is one (:func:`view_name`)."""
        return np.array([view_name(images[self.image[k]], self.target_of(k)) for k in range(len(self))], dtype=object)

    def path(self, row: int) -> np.ndarray:
        """x, y (px), duration (s) of one, (k, 3)."""
        k = self.lengths[row]
        return np.column_stack([self.xy[row, :k], self.duration[row, :k]])

    def flat(self) -> tuple[np.ndarray, np.ndarray]:
        """x, y (n_fixations, 2) px and duration (n_fixations,) s of all fixations."""
        return self.xy[self.there], self.duration[self.there]


@dataclass(frozen=True)
class Pictures:
    """Images: ``names``, ``size_px`` (width, height) and ``maps``, each (n, channels, rows, columns), finest first."""

    names: tuple[str, ...]
    size_px: tuple[float, float]
    maps: tuple[np.ndarray, ...] = ()


def view_name(stimulus: str, target: str | None) -> str:
    """An image and what is looked for in it: scanpaths of one image and several targets are not compared."""
    return stimulus if pd.isna(target) else f"{stimulus} [{target}]"


def mend_fixations(
    fixations: pd.DataFrame,
    sizes: Mapping[str, tuple[int, int]],
    *,
    off_screen: str = "drop",
    longest: int = 40,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fixations that a model can learn from, and what was mended or left out.

    Parameters
    ----------
    fixations : DataFrame
        A Fixations table.
    sizes : mapping of stimulus -> (width, height)
        Of the images there are, px.
    off_screen : {"drop", "clip", "refuse"}
        Fixations beside their image are left out, moved to its edge, or an error.
    longest : int
        Fixations of a scanpath that are kept.

    Returns
    -------
    mended : DataFrame
        The same columns; indices count what is kept.
    defects : DataFrame
        ``defect, n, of``: off-screen fixations, scanpaths left without any, scanpaths cut, images without fixations.

    Raises
    ------
    DataError
        No image of that name; images and fixations that do not fit (more than one fixation in ten lies beside its
        image); off-screen fixations, where they are refused; nothing left.
    """
    unknown = sorted(set(fixations["stimulus"]) - set(sizes))
    if unknown:
        raise DataError(
            f"{len(unknown)} stimuli have no image (such as {unknown[0]})",
            where="scanpaths",
            remedy="Correct the pattern `images`, or add the files",
        )
    width, height = (fixations["stimulus"].map({name: size[axis] for name, size in sizes.items()}) for axis in (0, 1))
    beside = ~(fixations["x"].between(-0.5, width - 0.5) & fixations["y"].between(-0.5, height - 0.5))
    if beside.any() and (off_screen == "refuse" or beside.mean() > 0.1):
        row = fixations[beside].iloc[0]
        raise DataError(
            f"{int(beside.sum())} of {len(fixations)} fixations lie beside their image (such as ({row['x']}, "
            f"{row['y']}) on {row['stimulus']} of {sizes[row['stimulus']][0]} x {sizes[row['stimulus']][1]} px)",
            where="scanpaths",
            remedy="Check that fixations and images have one size and one origin; set `off_screen: drop` for few",
        )
    keys = ["subject", "trial", "stimulus"]
    before = fixations.groupby(keys, dropna=False).ngroups
    if off_screen == "clip":
        mended = fixations.assign(
            x=np.clip(fixations["x"], -0.5, width - 0.5), y=np.clip(fixations["y"], -0.5, height - 0.5)
        )
    else:
        mended = fixations[~beside]
    if mended.empty:
        raise DataError("no fixation is left", where="scanpaths", remedy="Check the Fixations table")
    mended = mended.assign(index=mended.groupby(keys, dropna=False, sort=False).cumcount())
    after = mended.groupby(keys, dropna=False).ngroups
    cut = int(mended.loc[mended["index"] >= longest].groupby(keys, dropna=False).ngroups)
    mended = mended[mended["index"] < longest].reset_index(drop=True)
    unseen = len(set(sizes) - set(mended["stimulus"]))
    found = [
        (f"fixations beside the image ({off_screen})", int(beside.sum()), len(fixations)),
        ("scanpaths without a fixation on the image", before - after, before),
        (f"scanpaths cut to {longest} fixations", cut, after),
        ("images without fixations", unseen, len(sizes)),
    ]
    defects = pd.DataFrame(found, columns=["defect", "n", "of"])
    for row in defects[defects["n"] > 0].itertuples():
        logger.warning("%d of %d %s", row.n, row.of, row.defect)
    return mended, defects


def split_scanpaths(
    fixations: pd.DataFrame,
    *,
    by: str,
    validation: int,
    test: int,
    limit: int | None = None,
    seed: int = 0,
    shipped: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Which scanpath trains, chooses and tests.

    Parameters
    ----------
    fixations : DataFrame
    by : {"image", "person", "target", "shipped"}
        What is kept whole; ``shipped``: as the data came, which need keep nothing whole.
    validation, test : int
        Images (people, targets) of the two parts; the rest trains.
    shipped : DataFrame, optional
        ``image, target, split``: train, valid, test. Without scanpaths of the test, those of valid are the test, and
        ``validation`` images of train choose.
    limit : int, optional
        Images that are used; of the others there are no rows.

    Returns
    -------
    DataFrame
        ``subject, trial, stimulus, target, split``: a row a scanpath.

    Raises
    ------
    DataError
        Too few images (people, targets), or scanpaths without a target where targets are split.
    """
    columns = ["subject", "trial", "stimulus", "target"]
    table = fixations[columns].drop_duplicates().reset_index(drop=True)
    generator = np.random.default_rng([seed, 67])
    if limit is not None:
        names = np.array(sorted(set(table["stimulus"])), dtype=object)
        kept = set(names[generator.permutation(len(names))[:limit]])
        table = table[table["stimulus"].isin(kept)].reset_index(drop=True)
    if by == "shipped":
        return shipped_split(table, shipped, validation, generator)
    column = {"image": "stimulus", "person": "subject", "target": "target"}[by]
    if table[column].isna().any():
        raise DataError(
            f"{int(table[column].isna().sum())} scanpaths have no {column}",
            where="scanpaths",
            remedy="Split by image or person, or name the target of each search",
        )
    names = np.array(sorted(set(table[column])), dtype=object)
    if len(names) < validation + test + 1:
        raise DataError(
            f"{len(names)} of column `{column}`, {validation} for validation and {test} for the test",
            where="scanpaths",
            remedy="Lower `validation` or `test`",
        )
    order = generator.permutation(len(names))
    parts = dict.fromkeys(names, "train")
    parts |= dict.fromkeys(names[order[:test]], "test")
    parts |= dict.fromkeys(names[order[test : test + validation]], "validation")
    return table.assign(split=table[column].map(parts))


def pad_paths(
    fixations: pd.DataFrame, images: Sequence[str], people: Sequence[str], splits: pd.DataFrame
) -> dict[str, Paths]:
    """Scanpaths of each part (:data:`PARTS`), padded to the longest of all.

    Raises
    ------
    DataError
        A part without scanpaths.
    """
    keys = ["subject", "trial", "stimulus"]
    order = fixations.merge(splits[[*keys, "split"]], on=keys).sort_values([*keys, "index"], kind="stable")
    first = ~order.duplicated(keys)
    at = np.cumsum(first.to_numpy()) - 1
    heads = order[first]
    lengths = np.bincount(at)
    steps = int(lengths.max()) if len(lengths) else 0
    xy, duration = np.zeros((len(lengths), steps, 2), np.float32), np.zeros((len(lengths), steps), np.float32)
    place = order["index"].to_numpy()
    xy[at, place] = order[["x", "y"]].to_numpy()
    duration[at, place] = order["duration"].to_numpy()
    of_image, of_person = ({name: code for code, name in enumerate(names)} for names in (images, people))
    targets = tuple(sorted(set(heads["target"].dropna()))) if "target" in heads else ()
    sought = heads["target"].map({name: code for code, name in enumerate(targets)}) if targets else None
    both = Paths(
        xy, duration, lengths, heads["stimulus"].map(of_image).to_numpy(), heads["subject"].map(of_person).to_numpy(),
        tuple(people), None if sought is None else sought.fillna(-1).to_numpy(int), targets,
    )  # fmt: skip
    parts = {part: both.of(np.flatnonzero(heads["split"].to_numpy() == part)) for part in PARTS}
    for part, paths in parts.items():
        if not len(paths):
            raise DataError(f"the {part} part has no scanpaths", where="scanpaths", remedy="Make the split anew")
    return parts


def pictures_of(
    names: Sequence[str],
    size_px: tuple[float, float],
    features: Sequence[Features],
    grids: Sequence[tuple[int, int] | None],
) -> Pictures:
    """Images with their feature maps.

    Raises
    ------
    DataError
        A table without a grid, or without one of the images.
    """
    maps = []
    for table, grid in zip(features, grids, strict=True):
        if grid is None:
            raise DataError(
                "maps of no fixed grid", where=f"features {table.name}", remedy="Give the features a `grid`"
            )
        index = {name: position for position, name in enumerate(table.stimuli)}
        missing = [name for name in names if name not in index]
        if missing:
            raise DataError(
                f"{len(missing)} images are not in the table (such as {missing[0]})",
                where=f"features {table.name}",
                remedy="Make the features of the same images",
            )
        values = table.values[[index[name] for name in names]]
        maps.append(values.reshape(len(names), -1, *grid))
    return Pictures(tuple(names), (float(size_px[0]), float(size_px[1])), tuple(maps))


def sampled_table(paths: Mapping[str | tuple[str, str | None], Sequence[np.ndarray]]) -> pd.DataFrame:
    """A Fixations table of predicted scanpaths, (k, 3) x, y, duration, by image, or by image and target; the n-th is
    ``subject`` sample-n."""
    rows, trials = [], Counter()
    for key, mine in paths.items():
        stimulus, target = (key, None) if isinstance(key, str) else key
        before = trials[stimulus]
        trials[stimulus] += len(mine)
        for number, path in enumerate(mine, start=1):
            onset = np.concatenate([[0.0], np.cumsum(path[:-1, 2])])
            rows.append(
                pd.DataFrame(
                    {
                        "subject": f"sample-{number:03d}", "trial": before + number, "stimulus": stimulus,
                        "index": np.arange(len(path)), "onset": onset, "duration": path[:, 2], "x": path[:, 0],
                        "y": path[:, 1], "target": target,
                    }
                )
            )  # fmt: skip
    return pd.concat(rows, ignore_index=True).assign(found=None)


def one_size(sizes: Mapping[str, tuple[int, int]], stated: tuple[int, int] | None = None) -> tuple[int, int]:
    """The (width, height) that all images have.

    Raises
    ------
    DataError
        No image, images of several sizes, or of another size than the data spec states.
    """
    found = sorted(set(sizes.values()))
    if len(found) != 1:
        raise DataError(
            f"{len(sizes)} images of {len(found)} sizes (such as {found[:2]})",
            where="images",
            remedy="Bring images and fixations to one size first, or correct the pattern `images`",
        )
    if stated is not None and found[0] != tuple(stated):
        raise DataError(
            f"the images have {found[0][0]} x {found[0][1]} px, the data spec states {stated[0]} x {stated[1]}",
            where="images",
            remedy="Correct `images` of the data spec, or bring the images to the size that fixations are in",
        )
    return found[0]
