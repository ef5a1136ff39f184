"""Real scanpaths as models learn from them."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.data.converters.amazon_covers import SUBJECTS, read_collages, read_searches
from cogmodels.data.converters.osie import SIZE, read_fixations
from cogmodels.data.tables import scanpath_fixations
from cogmodels.errors import DataError
from cogmodels.metrics.scanpath.behaviour import behaviour
from cogmodels.scanpath.objects.layouts import layouts_of
from cogmodels.scanpath.objects.score import likeness
from cogmodels.scanpath.objects.sequences import prepare_objects
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


def test_book_covers_as_objects_have_the_published_behaviour(mirror):
    path = mirror / "amazon-covers" / "AmazonCovers" / "Amazon.json"
    people = [scanpath_fixations(read_searches(path, str(int(subject))), subject) for subject in SUBJECTS]
    fixations, scenes = pd.concat(people, ignore_index=True), read_collages(path)
    options = {"grid": (6, 14), "by": "image", "validation": 10, "test": 20}
    tables = prepare_objects(fixations, scenes, **options)
    assert (tables.defects["n"] == 0).all()
    assert (len(tables.split), len(tables.sequences), len(tables.objects)) == (600, 8683, 8400)
    layouts = layouts_of(tables.objects, scenes)
    found, scores = [], []
    for image, mine in tables.sequences.groupby("stimulus"):
        code = layouts.names.index(image)
        paths = [one.to_numpy() for _, one in mine.groupby("subject")["object"]]
        found += [behaviour(one, layouts.target[code]) for one in paths]
        scores.append(likeness(paths, paths, layouts, code)[..., 0][np.triu_indices(6, 1)].mean())
    np.testing.assert_allclose(np.mean(found, axis=0), [0.8400, 14.4717, 0.7795, 0.1700, 0.0505], atol=5e-5)
    # All unordered pairs of people, mean over collages.
    assert np.mean(scores) == pytest.approx(0.2009, abs=5e-5)
    # As published: 15 scanpaths are longer than the mean and three standard deviations.
    fewer = prepare_objects(fixations, scenes, outlier_sd=3.0, **options)
    assert len(fewer.split) == 585
    assert fewer.defects["n"].tolist()[-1] == 15
    # All people of a collage are in one part.
    assert (fewer.split.groupby("stimulus")["split"].nunique() == 1).all()
    assert fewer.split.groupby("split")["stimulus"].nunique().to_dict() == {"test": 20, "train": 70, "validation": 10}
    with pytest.raises(DataError, match="5 of column `target`"):
        prepare_objects(fixations, scenes, **options | {"by": "target"})
    targets = prepare_objects(fixations, scenes, **options | {"by": "target", "validation": 1, "test": 1})
    assert targets.split.groupby("split")["target"].nunique().to_dict() == {"test": 1, "train": 3, "validation": 1}
