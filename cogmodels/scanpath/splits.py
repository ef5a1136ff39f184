"""The split that a data set came with."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cogmodels.errors import DataError


def shipped_split(
    table: pd.DataFrame, shipped: pd.DataFrame | None, validation: int, generator: np.random.Generator
) -> pd.DataFrame:
    """``table`` (a row a scanpath) with the column ``split`` that the data came with.

    See :func:`cogmodels.scanpath.viewing.split_scanpaths`.

    Raises
    ------
    DataError
        Scanpaths without a part, no training or no validation part, too few training images.
    """
    known = {} if shipped is None else shipped.set_index(["image", shipped["target"].fillna("")])["split"].to_dict()
    split = pd.Series(
        [known.get(key, "none") for key in zip(table["stimulus"], table["target"].fillna(""), strict=True)],
        index=table.index,
    )
    counts = split.value_counts()
    if counts.get("train", 0) == 0 or counts.get("valid", 0) == 0 or set(counts.index) - {"train", "valid", "test"}:
        raise DataError(
            f"the shipped split has {counts.to_dict()} scanpaths",
            where="scanpaths",
            remedy="Name the table with columns image, target and split (train, valid, test), or split by image",
        )
    if "test" in counts:
        return table.assign(split=split.replace({"valid": "validation"}))
    names = np.array(sorted(set(table.loc[split == "train", "stimulus"])), dtype=object)
    if len(names) <= validation:
        raise DataError(
            f"{len(names)} training images, {validation} for validation", where="scanpaths", remedy="Lower `validation`"
        )
    held = set(names[generator.permutation(len(names))[:validation]])
    chooses = (split == "train") & table["stimulus"].isin(held)
    return table.assign(split=np.where(chooses, "validation", split.replace({"valid": "test"})))
