"""Fixations on images: what is mended, refused, split and padded."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.data.tables import Features
from cogmodels.errors import DataError
from cogmodels.scanpath.viewing import mend_fixations, one_size, pad_paths, pictures_of, split_scanpaths

SIZES = {f"i{k:02d}": (160, 120) for k in range(12)}


def test_what_is_whole_stays_as_it_is(fixations):
    mended, defects = mend_fixations(fixations, SIZES)
    pd.testing.assert_frame_equal(mended, fixations)
    assert (defects["n"] == 0).all()


def test_fixations_beside_the_image_are_dropped_or_clipped_and_counted(fixations):
    table = fixations.copy()
    table.loc[0, "x"], table.loc[5, "y"] = -30.0, 119.6
    dropped, defects = mend_fixations(table, SIZES)
    assert defects["n"].tolist()[0] == 2
    assert len(dropped) == len(table) - 2
    starts = dropped.groupby(["subject", "stimulus"])["index"].agg(["min", "max", "size"])
    assert (starts["min"] == 0).all()
    assert (starts["max"] == starts["size"] - 1).all()
    clipped, _ = mend_fixations(table, SIZES, off_screen="clip")
    assert len(clipped) == len(table)
    assert clipped.loc[[0, 5], ["x", "y"]].min().tolist()[0] == -0.5
    with pytest.raises(DataError, match="2 of"):
        mend_fixations(table, SIZES, off_screen="refuse")


def test_a_scanpath_that_loses_all_its_fixations_is_counted(fixations):
    table = fixations.copy()
    first = (table["subject"] == "p0") & (table["stimulus"] == "i00")
    table.loc[first, "x"] = 500.0
    mended, defects = mend_fixations(table, SIZES)
    assert defects["n"].tolist()[1] == 1
    assert not ((mended["subject"] == "p0") & (mended["stimulus"] == "i00")).any()


def test_images_and_fixations_of_different_sizes_are_refused(fixations):
    with pytest.raises(DataError, match="lie beside their image"):
        mend_fixations(fixations, dict.fromkeys(SIZES, (80, 60)))
    with pytest.raises(DataError, match="2 sizes"):
        one_size({"a": (8, 6), "b": (6, 8)})
    with pytest.raises(DataError, match="the data spec states 9 x 6"):
        one_size({"a": (8, 6)}, (9, 6))
    with pytest.raises(DataError, match="i11"):
        mend_fixations(fixations, {name: size for name, size in SIZES.items() if name != "i11"})


def test_long_scanpaths_are_cut_and_images_without_fixations_counted(fixations):
    mended, defects = mend_fixations(fixations, SIZES | {"unseen": (160, 120)}, longest=2)
    assert mended["index"].max() == 1
    assert defects["n"].tolist()[2:] == [int((fixations["index"] == 2).sum()), 1]


@pytest.mark.parametrize(("by", "column"), [("image", "stimulus"), ("person", "subject"), ("target", "target")])
def test_a_split_keeps_whole_what_it_is_by(fixations, by, column):
    table = fixations.assign(target=[f"t{int(name[1:]) % 4}" for name in fixations["stimulus"]])
    splits = split_scanpaths(table, by=by, validation=1, test=1, seed=3)
    assert (splits.groupby(column)["split"].nunique() == 1).all()
    assert splits.groupby("split")[column].nunique()[["validation", "test"]].tolist() == [1, 1]
    assert splits["split"].tolist() == split_scanpaths(table, by=by, validation=1, test=1, seed=3)["split"].tolist()


def test_splits_that_cannot_be_are_refused(fixations):
    with pytest.raises(DataError, match="have no target"):
        split_scanpaths(fixations, by="target", validation=1, test=1)
    with pytest.raises(DataError, match="4 of column `subject`"):
        split_scanpaths(fixations, by="person", validation=2, test=2)
    assert split_scanpaths(fixations, by="image", validation=1, test=1, limit=5)["stimulus"].nunique() == 5


def test_padded_paths_hold_what_the_table_holds(fixations, parts, pictures):
    assert sum(map(len, parts.values())) == fixations.groupby(["subject", "stimulus"]).ngroups
    test = parts["test"]
    name, person = pictures.names[test.image[2]], test.people[test.person[2]]
    mine = fixations[(fixations["stimulus"] == name) & (fixations["subject"] == person)]
    np.testing.assert_allclose(test.path(2), mine[["x", "y", "duration"]].to_numpy(), rtol=1e-6)
    assert not test.xy[~test.there].any()


def test_a_part_without_scanpaths_and_images_without_features_are_refused(fixations, splits, pictures):
    with pytest.raises(DataError, match="test part has no scanpaths"):
        pad_paths(fixations, pictures.names, ["p0"], splits[splits["split"] != "test"])
    table = Features("fine", ["i00"], np.zeros((1, 4), np.float32))
    with pytest.raises(DataError, match="11 images are not in the table"):
        pictures_of(pictures.names, (160, 120), [table], [(2, 2)])
    with pytest.raises(DataError, match="no fixed grid"):
        pictures_of(["i00"], (160, 120), [table], [None])
