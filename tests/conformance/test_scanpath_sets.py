"""Real scanpaths as models learn from them."""

import pandas as pd

from cogmodels.data.converters.osie import SIZE, read_fixations
from cogmodels.data.tables import scanpath_fixations
from cogmodels.scanpath.viewing import mend_fixations, split_scanpaths


def test_osie_has_no_defect_and_is_split_by_image(mirror):
    path = mirror / "osie" / "data" / "eye" / "fixations.mat"
    people = [scanpath_fixations(read_fixations(path, person), f"{person + 1:02d}") for person in range(3)]
    fixations = pd.concat(people, ignore_index=True)
    mended, defects = mend_fixations(fixations, dict.fromkeys(fixations["stimulus"].unique(), SIZE))
    assert (defects["n"] == 0).all()
    assert len(mended) == len(fixations)
    splits = split_scanpaths(mended, by="image", validation=100, test=100)
    assert splits.groupby("split")["stimulus"].nunique().to_dict() == {"test": 100, "train": 500, "validation": 100}
    assert len(splits) == 3 * 700
