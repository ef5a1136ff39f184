"""Networks raised on diets: what they are shown, and that a search reads what was trained."""

import numpy as np
import pytest
import torch
from PIL import Image

from cogmodels.config.training import Diet
from cogmodels.data.predictions import write_weights
from cogmodels.errors import DataError
from cogmodels.stimuli.backbone_training import (
    DietExamples,
    diet_images,
    initial_network,
    sample_diet,
    train_backbone,
)
from cogmodels.stimuli.backbones import Backbone, prepare_images
from cogmodels.stimuli.eccentricity import Sampling
from cogmodels.stimuli.shading import CLASSES

SMALL = {
    "images": {
        "kind": "shaded",
        "side_px": 32,
        "train": 48,
        "validation": 24,
        "test": 24,
        "radius_px": [5, 10],
        "flip": True,
    },
    "network": {"width": 0.0625, "batch_norm": True, "head": "average"},
    "recipe": {"learning_rate": 0.003, "epochs": 2, "batch_size": 16, "accelerator": "cpu"},
}


def diet(**changes):
    return Diet.model_validate({**SMALL, **changes})


def test_splits_share_no_image_and_depend_on_the_seed():
    sets = {split: diet_images(diet(), split, 3) for split in ("train", "validation", "test")}
    assert {split: len(images) for split, images in sets.items()} == {"train": 48, "validation": 24, "test": 24}
    seen = {image.tobytes() for images in sets.values() for image in images.images}
    assert len(seen) == 96
    assert sets["train"].classes == CLASSES
    again = diet_images(diet(), "train", 3)
    assert (again.images == sets["train"].images).all()
    assert (diet_images(diet(), "train", 4).images != again.images).any()


def test_the_rotated_diet_shows_the_same_images_turned_in_the_same_order():
    images = diet_images(diet(), "train", 3)
    upright = DietExamples(images, diet(), training=True, seed=3)
    rotated = DietExamples(images, diet(manipulation="rotated90"), training=True, seed=3)
    mirrored = 0
    for epoch in range(2):
        for index in range(20):
            one, label = upright.example(index, epoch)
            other, same = rotated.example(index, epoch)
            assert (np.rot90(one) == other).all()
            assert label == same
            mirrored += int((one != images.image(index)).any())
    assert 10 < mirrored < 30


def test_the_mirror_comes_before_the_turn():
    # Light from above stays above in the mirror, so turned images are all lit from the left.
    images = diet_images(
        diet(images={**SMALL["images"], "spread_deg": 0.0, "texture": 0.0, "relief_px": 0.0}), "train", 3
    )
    rotated = DietExamples(images, diet(manipulation="rotated90"), training=True, seed=3)
    domes = np.flatnonzero(images.labels == CLASSES.index("dome-out"))
    assert len(domes) > 2
    for index in domes:
        for epoch in range(4):
            grey = rotated.example(int(index), epoch)[0].mean(2)
            weight = np.abs(grey - np.median(grey))
            middle = weight.sum(0) @ np.arange(32) / weight.sum()
            left, right = grey[:, : int(middle)].mean(), grey[:, int(middle) + 1 :].mean()
            assert left > right


def test_crops_are_anywhere_for_training_and_central_else(tmp_path):
    for split in ("train", "val"):
        for name, colour in (("a", 10), ("b", 200)):
            (tmp_path / split / name).mkdir(parents=True)
            image = np.full((40, 60, 3), colour, np.uint8)
            image[:, :, 1] = np.arange(60)
            image[18:22, 28:32] = 90
            for k in range(2):
                Image.fromarray(image).save(tmp_path / split / name / f"{k}.png")
    folder = diet(images={"kind": "folder", "path": str(tmp_path), "resize_px": 40, "crop_px": 20, "flip": False})
    train = DietExamples(diet_images(folder, "train"), folder, training=True, seed=1)
    views = {train.example(0, epoch)[0].tobytes() for epoch in range(6)}
    # 41 places along one axis.
    assert len(views) > 4
    assert train.example(0, 3)[0].tobytes() == train.example(0, 3)[0].tobytes()
    centre, label = DietExamples(diet_images(folder, "validation"), folder, training=False).example(2, 0)
    assert centre.shape == (20, 20, 3)
    assert label == 1
    assert (centre[8:12, 8:12] == 90).all()
    assert (centre[:8, :, 0] == 200).all()
    assert (centre[0, :, 1] == np.arange(20, 40)).all()
    assert diet_images(folder, "test") is None
    small = folder.model_copy(update={"images": folder.images.model_copy(update={"crop_px": 50})})
    with pytest.raises(DataError, match="for a crop of 50 px"):
        DietExamples(diet_images(small, "train"), small, training=True).example(0, 0)


def test_digits_are_divided_without_overlap():
    digits = diet(images={"kind": "digits", "side_px": 16})
    sets = [diet_images(digits, split, 5) for split in ("train", "validation", "test")]
    assert sum(map(len, sets)) == 1797
    assert all(set(images.labels) == set(range(10)) for images in sets)
    assert sets[0].image(0).shape == (16, 16, 3)


def test_the_first_weights_depend_on_the_seed_alone():
    network = SMALL["network"]
    one, other, third = initial_network(network, 8, 1), initial_network(network, 3, 1), initial_network(network, 8, 2)
    for name, value in one.features.state_dict().items():
        assert torch.equal(value, other.features.state_dict()[name])
    assert not torch.equal(one.features[0].weight, third.features[0].weight)
    # What a search calls untrained is the same network.
    backbone = Backbone("vgg16", "initial", architecture=network, seed=1)
    assert torch.equal(backbone.net.features[0].weight, one.features[0].weight)
    assert torch.equal(backbone.net.features[-4].weight, one.features[-4].weight)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train_backbone(diet(), seed=2, folder=tmp_path_factory.mktemp("checkpoints"))


def test_what_training_leaves(trained):
    assert list(trained.curves["epoch"]) == [1, 2]
    best = trained.curves["validation_accuracy"].max()
    assert trained.metrics["validation_accuracy"]["value"] == pytest.approx(best, abs=1e-6)
    assert set(trained.metrics) == {
        f"{split}{name}"
        for split in ("", "validation_")
        for name in ("accuracy", "profile_accuracy", "relief_accuracy")
    }
    for row in trained.metrics.values():
        assert row["ci_low"] <= row["value"] <= row["ci_high"]
        assert row["n"] == 24
        assert 0 < row["chance"] < 1
        assert 0 <= row["p"] <= 1


def test_a_search_reads_the_maps_that_were_trained(trained, tmp_path):
    write_weights(tmp_path / "model.safetensors", trained.weights)
    options = {"architecture": SMALL["network"], "preprocessing": "torch"}
    backbone = Backbone("vgg16", tmp_path / "model.safetensors", **options)
    net = initial_network(SMALL["network"], len(CLASSES), 2)
    net.load_state_dict({name: torch.from_numpy(value) for name, value in trained.weights.items()})
    images = torch.from_numpy(diet_images(diet(), "test", 2).images[:4])
    with torch.no_grad():
        maps = net.eval().features(prepare_images(images, "torch"))
    np.testing.assert_allclose(backbone.read(backbone.prepare(images), ["block5_pool"])["block5_pool"], maps, atol=2e-5)
    # Learnt, not the initial ones.
    assert not torch.equal(net.features[0].weight, initial_network(SMALL["network"], 8, 2).features[0].weight)
    eccentric = Backbone("vgg16", tmp_path / "model.safetensors", sampling=Sampling(), **options)
    assert [eccentric.layers[f"block{k}_pool"].stride for k in (3, 4, 5)] == [8, 16, 32]
    with pytest.raises(DataError, match="not the weights of vgg16"):
        Backbone("vgg16", tmp_path / "model.safetensors", architecture={"width": 0.125})


def test_the_same_seed_raises_the_same_network(trained, tmp_path):
    again = train_backbone(diet(), seed=2, folder=tmp_path)
    assert all((trained.weights[name] == value).all() for name, value in again.weights.items())
    assert trained.curves.equals(again.curves)


def test_a_tiny_diet_is_learnt_by_heart(tmp_path):
    images = {**SMALL["images"], "train": 16, "validation": 8, "test": 8, "flip": False}
    recipe = {**SMALL["recipe"], "epochs": 60, "learning_rate": 0.01}
    network = {**SMALL["network"], "width": 0.125}
    run = train_backbone(diet(images=images, recipe=recipe, network=network), seed=1, folder=tmp_path)
    assert run.curves["train_accuracy"].max() == 1
    assert run.curves["train_loss"].min() < 0.1 * run.curves["train_loss"].iloc[0]


def test_a_contact_sheet_shows_each_class_as_the_network_sees_it():
    shown = sample_diet(diet(manipulation="rotated90"), 2, seed=3)
    assert tuple(shown) == CLASSES
    images = diet_images(diet(), "validation", 3)
    first = images.image(int(np.flatnonzero(images.labels == 3)[0]))
    assert (shown[CLASSES[3]][0] == np.rot90(first)).all()


def test_classes_that_differ_between_splits_are_named(tmp_path):
    for split, names in (("train", "ab"), ("val", "ac")):
        for name in names:
            (tmp_path / split / name).mkdir(parents=True)
            Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(tmp_path / split / name / "0.png")
    folder = diet(images={"kind": "folder", "path": str(tmp_path), "resize_px": None, "crop_px": None})
    with pytest.raises(DataError, match="classes of validation are not those of train"):
        train_backbone(folder, folder=tmp_path / "checkpoints")
