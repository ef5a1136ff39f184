"""Networks: shapes of the published ones, weights, preprocessing, and the maps of patches."""

import numpy as np
import pytest
import torch

from cogmodels.errors import DataError
from cogmodels.stimuli.backbones import NETWORKS, Backbone
from cogmodels.stimuli.eccentricity import Sampling, halve

PARAMETERS = {
    "efficientnet_lite0": 4_652_008, "efficientnet_lite1": 5_416_680, "efficientnet_lite2": 6_092_072,
    "vgg16": 138_357_544, "alexnet": 61_100_840, "resnet50": 25_557_032,
}  # fmt: skip


def test_every_network_is_counted():
    assert set(NETWORKS) == {*PARAMETERS, "pixels"}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_and_strides(name):
    backbone = Backbone(name, "random")
    assert sum(p.numel() for p in backbone.net.parameters()) == PARAMETERS[name]
    layers = backbone.layers
    assert list(layers.values())[-1].stride == 32
    fields = [layer.receptive_field for layer in layers.values()]
    assert fields == sorted(fields)
    image = backbone.prepare(np.zeros((1, 96, 96), np.uint8))
    last, middle = list(layers)[-1], list(layers)[len(layers) // 2]
    maps = backbone.read(image, [last, middle])
    assert set(maps) == {last, middle}
    assert maps[middle].shape[-1] in (96 // layers[middle].stride - 1, -(-96 // layers[middle].stride))


def test_images_that_cannot_be_written_to_are_taken(recwarn):
    image = np.zeros((1, 96, 96), np.uint8)
    image.flags.writeable = False  # as those of a file
    Backbone("efficientnet_lite0", "random").prepare(image)
    assert not recwarn.list


def test_vgg16_is_the_published_one():
    layers = Backbone("vgg16", "random").layers
    assert [name for name in layers if "conv" in name] == [
        f"block{block}_conv{k + 1}" for block, n in enumerate((2, 2, 3, 3, 3), start=1) for k in range(n)
    ]
    strides = [1, 1, 2, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 16, 16, 16, 16, 32]
    assert [layer.stride for layer in layers.values()] == strides
    # Receptive fields of Simonyan and Zisserman's configuration D.
    assert (layers["block3_pool"].receptive_field, layers["block5_pool"].receptive_field) == (44, 212)


@pytest.mark.parametrize(("size", "side"), [(0, 224), (1, 240), (2, 260)])
def test_efficientnet_lite_equals_its_package(size, side):
    from efficientnet_lite_pytorch import EfficientNet

    from cogmodels.stimuli.backbones import _package_file

    name = f"efficientnet_lite{size}"
    theirs = EfficientNet.from_pretrained(name.replace("_", "-"), weights_path=str(_package_file(name))).eval()
    images = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, side, side))).float()
    with torch.inference_mode():
        torch.testing.assert_close(Backbone(name).net(images), theirs(images), atol=1e-4, rtol=1e-4)


def test_caffe_and_torch_preprocessing():
    image = np.zeros((1, 2, 2, 3), np.uint8) + np.array([10, 20, 30], np.uint8)
    caffe = Backbone("vgg16", "random").prepare(image)[0, :, 0, 0]
    np.testing.assert_allclose(caffe, [30 - 103.939, 20 - 116.779, 10 - 123.68], rtol=1e-6)
    scaled = Backbone("vgg16", "random", preprocessing="torch").prepare(image)[0, :, 0, 0]
    np.testing.assert_allclose(
        scaled, [(10 / 255 - 0.485) / 0.229, (20 / 255 - 0.456) / 0.224, (30 / 255 - 0.406) / 0.225], rtol=1e-5
    )


@pytest.mark.parametrize(
    ("name", "eccentric", "layers"),
    [
        ("efficientnet_lite0", True, ["block5_expand", "block10", "block15"]),
        ("efficientnet_lite0", False, ["block11_expand"]),
        ("vgg16", True, ["block3_conv3", "block4_conv3"]),
        ("vgg16", False, ["block4_conv3"]),
        ("resnet50", False, ["layer2.3", "layer3.2"]),
        ("alexnet", False, ["conv5"]),
    ],
)
def test_maps_of_patches_are_those_of_whole_images(name, eccentric, layers):
    weights = "package" if "lite" in name else "random"
    backbone = Backbone(name, weights, sampling=Sampling(20.0) if eccentric else None)
    rng = np.random.default_rng(0)
    side, size = 230, 60
    places = [(40, 85), (0, side - size), (120, 3)]
    images = np.full((3, side, side), 200, np.uint8)
    patches = rng.integers(0, 255, (3, size, size)).astype(np.uint8)
    for image, patch, (top, left) in zip(images, patches, places, strict=True):
        image[top : top + size, left : left + size] = patch
    whole = backbone.read(backbone.prepare(images), layers)
    blank = backbone.prepare(np.full((1, side, side), 200, np.uint8))
    tops, lefts = torch.tensor(places).T
    for times in (0, 1, 2):
        found = backbone.patched(blank, dict.fromkeys(layers, times)).read(backbone.prepare(patches), tops, lefts)
        for layer in layers:
            assert whole[layer].std() > 0
            expected = halve(whole[layer], times)
            torch.testing.assert_close(found[layer], expected, atol=1e-4 * float(expected.abs().max()), rtol=0)


def test_weights_of_a_file(tmp_path):
    source = Backbone("alexnet", "random", seed=3)
    torch.save({"state_dict": {f"module.{k}": v for k, v in source.net.state_dict().items()}}, tmp_path / "w.pth")
    image = np.random.default_rng(0).integers(0, 255, (1, 80, 80)).astype(np.uint8)
    loaded = Backbone("alexnet", tmp_path / "w.pth")
    for one, other in zip(source.net.parameters(), loaded.net.parameters(), strict=True):
        assert torch.equal(one, other)
    other = Backbone("alexnet", "random", seed=4)
    maps = [b.read(b.prepare(image), ["conv3"])["conv3"] for b in (source, loaded, other)]
    assert torch.equal(maps[0], maps[1])
    assert not torch.equal(maps[0], maps[2])
    with pytest.raises(DataError, match="not the weights of vgg16"):
        Backbone("vgg16", tmp_path / "w.pth")
    (tmp_path / "broken.pth").write_bytes(b"no weights")
    with pytest.raises(DataError, match="cannot be read"):
        Backbone("alexnet", tmp_path / "broken.pth")


def test_what_cannot_be():
    with pytest.raises(DataError, match="no network"):
        Backbone("vgg17")
    with pytest.raises(DataError, match="no package ships weights of vgg16"):
        Backbone("vgg16")
    with pytest.raises(DataError, match="no eccentric windows"):
        Backbone("alexnet", "random", sampling=Sampling())
    backbone = Backbone("vgg16", "random")
    with pytest.raises(DataError, match="has no layer block9"):
        backbone.read(backbone.prepare(np.zeros((1, 40, 40), np.uint8)), ["block9"])
    with pytest.raises(DataError, match="images of 20 px vanish before block5_pool"):
        backbone.read(backbone.prepare(np.zeros((1, 20, 20), np.uint8)), ["block5_pool"])
    with pytest.raises(DataError, match="images of shape"):
        backbone.prepare(np.zeros((40, 40), np.uint8))


@pytest.mark.parametrize("side", [96, 69, 131])
@pytest.mark.parametrize(("name", "layer"), [("efficientnet_lite0", "block5_expand"), ("vgg16", "block3_pool")])
def test_the_origin_of_a_layer_is_the_middle_of_what_its_first_cell_sees(name, layer, side):
    """A point is moved over the image: the cell that it excites most lies where the origin and the stride say."""
    backbone = Backbone(name, "random", pooling="average")
    for parameter in backbone.net.parameters():
        # Every weight alike: each cell averages what it sees, the middle counting most.
        parameter.fill_(0.01 if parameter.ndim > 1 else 0.0)
    for step in backbone.net.modules():
        if isinstance(step, torch.nn.BatchNorm2d):
            step.weight.fill_(1.0)
    backbone.__dict__.pop("steps", None)
    # A narrow image will do: what all weights alike see of a row, they see of it at every width.
    blank = torch.zeros(1, 3, side, 32)
    cell = side // (2 * backbone.layer(layer).stride)
    responses = []
    for at in range(side):
        image = blank.clone()
        image[:, :, at, :] = 1.0
        responses.append(float(backbone.read(image, [layer])[layer][0, :, cell].sum()))
    weights = np.array(responses)
    middle = float((np.arange(side) * weights).sum() / weights.sum())
    assert middle == pytest.approx(backbone.origin(layer, side) + cell * backbone.layer(layer).stride, abs=0.6)
