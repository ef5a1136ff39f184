"""A small made-up set of images and scanpaths on them."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.scanpath.viewing import Pictures, pad_paths, split_scanpaths

SIZE, IMAGES, PEOPLE = (160, 120), 12, 4


@pytest.fixture(scope="session")
def fixations():
    rng, rows = np.random.default_rng(0), []
    for image in range(IMAGES):
        for person in range(PEOPLE):
            for index in range(rng.integers(1, 6)):
                place = rng.uniform(0, 159), rng.uniform(0, 119)
                rows.append(
                    (f"p{person}", image, f"i{image:02d}", index, np.nan, rng.uniform(0.1, 0.5), *place, None, None)
                )
    names = ["subject", "trial", "stimulus", "index", "onset", "duration", "x", "y", "target", "found"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture(scope="session")
def pictures():
    rng = np.random.default_rng(1)
    maps = (rng.normal(size=(IMAGES, 5, 12, 16)), rng.normal(size=(IMAGES, 6, 6, 8)))
    return Pictures(tuple(f"i{k:02d}" for k in range(IMAGES)), SIZE, tuple(one.astype(np.float32) for one in maps))


@pytest.fixture(scope="session")
def splits(fixations):
    return split_scanpaths(fixations, by="image", validation=3, test=3)


@pytest.fixture(scope="session")
def parts(fixations, pictures, splits):
    return pad_paths(fixations, pictures.names, [f"p{k}" for k in range(PEOPLE)], splits)
