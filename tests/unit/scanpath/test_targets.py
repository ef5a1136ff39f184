"""Searches: the network is told the target, views are an image with a target, splits as shipped."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.data.tables import Features, check_fixations
from cogmodels.errors import DataError
from cogmodels.scanpath.generate import generate_scanpaths
from cogmodels.scanpath.network import ImageScanpaths, Transformer
from cogmodels.scanpath.registry import make_model
from cogmodels.scanpath.run import draw_views
from cogmodels.scanpath.tables import images_of_views, paths_by_image
from cogmodels.scanpath.viewing import Pictures, pad_paths, split_scanpaths

RECIPE = {
    "accelerator": "cpu",
    "batch_size": 2,
    "learning_rate": 1e-2,
    "patience": None,
    "schedule": "constant",
}
OPTIONS = {"width": 16, "heads": 2, "waves": 8, "dropout": 0.0, "flip": False, "target": "refuse"}


@pytest.fixture(scope="module")
def searches():
    """Who looks for a cup looks left, who looks for a fork looks right; images show nothing of it."""
    rng, rows = np.random.default_rng(0), []
    for image in range(12):
        for person in range(3):
            for trial, target in enumerate(("cup", "fork")):
                for index in range(3):
                    x = rng.normal(30 if target == "cup" else 130, 6)
                    rows.append(
                        (
                            f"p{person}",
                            2 * image + trial,
                            f"i{image:02d}",
                            index,
                            rng.uniform(0.1, 0.4),
                            x,
                            60.0,
                            target,
                        )
                    )
    names = ["subject", "trial", "stimulus", "index", "duration", "x", "y", "target"]
    return pd.DataFrame(rows, columns=names).assign(onset=np.nan, found=None)


@pytest.fixture(scope="module")
def pictures():
    maps = np.random.default_rng(1).normal(size=(12, 3, 6, 8)).astype(np.float32)
    return Pictures(tuple(f"i{k:02d}" for k in range(12)), (160.0, 120.0), (maps,))


@pytest.fixture(scope="module")
def parts(searches, pictures):
    splits = split_scanpaths(searches, by="image", validation=2, test=2)
    return pad_paths(searches, pictures.names, ["p0", "p1", "p2"], splits)


def fitted(pictures, parts, folder, epochs=10, **options):
    recipe = RECIPE | {"epochs": epochs}
    model = make_model({"model": "transformer", "cell_px": 20.0, "options": OPTIONS | options, "recipe": recipe})
    model.fit(pictures, parts["train"], parts["validation"], folder=folder)
    return model


@pytest.fixture(scope="module")
def told(pictures, parts, tmp_path_factory):
    return fitted(pictures, parts, tmp_path_factory.mktemp("told"))


def test_a_network_that_is_told_the_target_looks_where_it_is_looked_for(told, pictures, parts, tmp_path):
    untold = fitted(pictures, parts, tmp_path, target="none")
    bits = [model.log_density(pictures, parts["test"])[:, 0].mean() / np.log(2) for model in (told, untold)]
    # The first fixation is left or right by the target alone: one bit.
    assert bits[0] - bits[1] == pytest.approx(1, abs=0.3)
    table = draw_views(told, pictures, parts["test"], 8, 0)
    check_fixations(table)
    means = table.groupby("target")["x"].mean()
    assert means["cup"] < 60 < 100 < means["fork"]
    views = paths_by_image(table)
    assert len(views) == 4
    assert set(images_of_views(table).values()) == {pictures.names[k] for k in np.unique(parts["test"].image)}
    assert all(len(paths) == 8 for paths in views.values())


def test_saved_weights_know_their_targets(told, pictures, parts):
    copy = Transformer(20.0, options=OPTIONS).load(pictures, told.weights())
    assert copy.targets == ("cup", "fork")
    features = [Features("fine", list(pictures.names), pictures.maps[0].reshape(12, -1))]
    config = {"model": "transformer", "cell_px": 20.0, "options": OPTIONS, "recipe": RECIPE, "features": ["fine"]}
    config |= {"maps": {"fine": {"grid": (6, 8)}}, "size_px": [160, 120]}
    sizes = dict.fromkeys(pictures.names, (160, 120))
    table = generate_scanpaths(config, told.weights(), features, sizes, samples=4, target="fork")
    assert set(table["target"]) == {"fork"}
    assert table["x"].median() > 100
    np.testing.assert_array_equal(copy.log_density(pictures, parts["test"]), told.log_density(pictures, parts["test"]))


def test_an_unknown_target_is_refused_or_shares_an_embedding(told, pictures, searches, tmp_path):
    new = searches.assign(target=searches["target"].where(searches["stimulus"] != "i05", "spoon"))
    splits = split_scanpaths(new, by="image", validation=2, test=2, seed=0)
    splits.loc[splits["stimulus"] == "i05", "split"] = "test"
    parts = pad_paths(new, pictures.names, ["p0", "p1", "p2"], splits)
    model = fitted(pictures, parts, tmp_path / "a", epochs=1)
    with pytest.raises(DataError, match="target `spoon` was not among those"):
        model.log_density(pictures, parts["test"])
    with pytest.raises(DataError, match="target `None`"):
        told.sample(pictures, 0, 2, np.random.default_rng(0))
    model = fitted(pictures, parts, tmp_path / "b", epochs=1, target="shared")
    assert np.isfinite(model.log_density(pictures, parts["test"])[parts["test"].there]).all()
    assert len(model.sample(pictures, 0, 5, np.random.default_rng(0), target="spoon")) == 5
    # A tenth of the training scanpaths, others each epoch, have its embedding.
    examples = ImageScanpaths(pictures, model._known(parts["train"]), hidden=0.1)
    codes = np.stack([[examples.example(k, epoch)[1]["target"] for k in range(len(examples))] for epoch in range(40)])
    assert (codes == 0).mean() == pytest.approx(0.1, abs=0.02)
    assert set(np.unique(codes)) == {0, 1, 2}
    assert not (codes[0] == codes[1]).all()
    free = pad_paths(searches.assign(target=None), pictures.names, ["p0", "p1", "p2"], splits)
    with pytest.raises(DataError, match="have no target"):
        fitted(pictures, free, tmp_path / "c")


def test_a_shipped_split_is_kept(searches):
    scenes = searches[["stimulus", "target"]].drop_duplicates().rename(columns={"stimulus": "image"})
    scenes["split"] = np.where(scenes["image"] < "i09", "train", "valid")
    splits = split_scanpaths(searches, by="shipped", validation=2, test=1, shipped=scenes)
    assert set(splits.loc[splits["stimulus"] >= "i09", "split"]) == {"test"}
    assert splits[splits["split"] == "validation"]["stimulus"].nunique() == 2
    assert (splits.groupby("stimulus")["split"].nunique() == 1).all()
    scenes.loc[scenes["image"] == "i11", "split"] = "test"
    splits = split_scanpaths(searches, by="shipped", validation=2, test=1, shipped=scenes)
    assert splits.groupby("split")["stimulus"].nunique().to_dict() == {"test": 1, "train": 9, "validation": 2}
    for wrong in (None, scenes.assign(split="train"), scenes[scenes["image"] != "i03"]):
        with pytest.raises(DataError, match="the shipped split has"):
            split_scanpaths(searches, by="shipped", validation=2, test=1, shipped=wrong)
    with pytest.raises(DataError, match="9 training images, 9 for validation"):
        split_scanpaths(
            searches, by="shipped", validation=9, test=1, shipped=scenes.assign(split=np.where(scenes["image"] < "i09", "train", "valid"))
        )  # fmt: skip
