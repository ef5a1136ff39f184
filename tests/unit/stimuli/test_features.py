"""Features of images: equal for any batch size, read once, and read again as soon as anything changes."""

import gc
import weakref

import numpy as np
import pytest
import torch
from PIL import Image

from cogmodels.config.features import FeatureSet
from cogmodels.data.feature_cache import FeatureCache
from cogmodels.errors import DataError
from cogmodels.stimuli import features
from cogmodels.stimuli.backbones import Backbone
from cogmodels.stimuli.features import feature_vectors, iter_features

LAYERS = ["block1", "block3_expand"]


@pytest.fixture(scope="module")
def backbone():
    return Backbone("efficientnet_lite0", "random")


@pytest.fixture
def files(tmp_path):
    """Seven pictures: grey and colour, of two sizes."""
    rng = np.random.default_rng(0)
    for k in range(7):
        shape = (40, 48) if k < 4 else (48, 48)
        Image.fromarray(rng.integers(0, 255, (*shape, *([3] if k % 2 else [])), dtype=np.uint8)).save(
            tmp_path / f"{k}.png"
        )
    return sorted(tmp_path.glob("*.png"))


@pytest.fixture
def passes(backbone, monkeypatch):
    """Images of each forward pass."""
    seen, read = [], Backbone.read

    def counted(self, prepared, names):
        seen.append(len(prepared))
        return read(self, prepared, names)

    monkeypatch.setattr(Backbone, "read", counted)
    return seen


def run(files, backbone, folder, layers=LAYERS, **options):
    return list(iter_features(files, backbone, layers, FeatureCache(folder), **options))


def test_equal_for_any_batch_size_and_to_the_network(files, backbone, tmp_path):
    results = [run(files, backbone, tmp_path / f"c{n}", batch_size=n, grid=(2, 3), size=(48, 40)) for n in (1, 3, 7)]
    for other in results[1:]:
        for one, same in zip(results[0], other, strict=True):
            for layer in LAYERS:
                np.testing.assert_array_equal(one[layer], same[layer])
    image = np.asarray(Image.open(files[1]))
    maps = backbone.read(backbone.prepare(image[None]), LAYERS)
    for layer in LAYERS:
        expected = torch.nn.functional.adaptive_avg_pool2d(maps[layer], (2, 3))[0].numpy()
        np.testing.assert_allclose(results[0][1][layer], expected, atol=1e-5)


def test_a_second_call_reads_the_cache(files, backbone, tmp_path, passes):
    first = run(files, backbone, tmp_path / "c", batch_size=3)
    # Sizes are not mixed: 3 + 1 of the first four, then 3.
    assert passes == [3, 1, 3]
    done = []
    again = run(files, backbone, tmp_path / "c", batch_size=2, progress=done.append)
    assert passes == [3, 1, 3]
    assert sum(done) == 7
    for one, same in zip(first, again, strict=True):
        assert all(np.array_equal(one[layer], same[layer]) for layer in LAYERS)


def test_a_change_of_image_layer_grid_or_weights_is_read_again(files, backbone, tmp_path, passes):
    options = {"size": (48, 48), "batch_size": 4}
    run(files, backbone, tmp_path / "c", **options)
    passes.clear()
    Image.fromarray(np.zeros((40, 48), np.uint8)).save(files[2])
    run(files, backbone, tmp_path / "c", **options)
    assert passes == [1]
    # The same picture under another name is known.
    Image.open(files[0]).save(files[5])
    run(files, backbone, tmp_path / "c", **options)
    assert passes == [1]
    run(files, backbone, tmp_path / "c", layers=["block2"], **options)
    assert passes == [1, 4, 2]
    run(files[:1], backbone, tmp_path / "c", **options, grid=None)
    run(files[:1], backbone, tmp_path / "c", batch_size=4, size=(32, 32))
    run(files[:1], Backbone("efficientnet_lite0", "random", seed=1), tmp_path / "c", **options)
    run(files[:1], Backbone("efficientnet_lite0", "random", preprocessing="caffe"), tmp_path / "c", **options)
    assert passes == [1, 4, 2, 1, 1, 1, 1]
    run(files[:1], Backbone("efficientnet_lite0", "random"), tmp_path / "c", **options)
    assert passes == [1, 4, 2, 1, 1, 1, 1]


def test_a_damaged_file_counts_as_missing(files, backbone, tmp_path, passes):
    first = run(files, backbone, tmp_path / "c", size=(48, 48))
    for path in list((tmp_path / "c").rglob("*.npy"))[:2]:
        path.write_bytes(path.read_bytes()[:50])
    again = run(files, backbone, tmp_path / "c", size=(48, 48))
    assert sum(passes) in (8, 9)
    assert all(np.array_equal(a[layer], b[layer]) for a, b in zip(first, again, strict=True) for layer in LAYERS)


def test_no_more_than_a_batch_is_held(files, backbone, tmp_path, monkeypatch):
    alive, most, read = set(), [0], features.read_image

    class Held(np.ndarray):
        pass

    def watched(path, size=None):
        image = read(path, size).view(Held)
        alive.add(id(image))
        weakref.finalize(image, alive.discard, id(image))
        gc.collect()
        most[0] = max(most[0], len(alive))
        return image

    monkeypatch.setattr(features, "read_image", watched)
    for _ in iter_features(files, backbone, LAYERS, FeatureCache(tmp_path / "c"), size=(48, 48), batch_size=2):
        pass
    assert 0 < most[0] <= 2


def test_vectors(files, backbone, tmp_path):
    maps = run(files, backbone, tmp_path / "c", grid=(1, 2))
    vectors = feature_vectors(iter(maps), LAYERS)
    assert vectors.shape == (7, 2 * sum(maps[0][layer].shape[0] for layer in LAYERS))
    np.testing.assert_array_equal(vectors[3][:2], maps[3]["block1"][0, 0])
    with pytest.raises(DataError, match="several lengths"):
        feature_vectors(iter(run(files, backbone, tmp_path / "c", grid=None)), LAYERS)
    with pytest.raises(DataError, match="or none"):
        feature_vectors(iter([]), LAYERS)


def test_wrong_input(files, backbone, tmp_path):
    with pytest.raises(DataError, match="no layer block99"):
        run(files, backbone, tmp_path / "c", layers=["block99"])
    with pytest.raises(DataError, match="batches of 0"):
        run(files, backbone, tmp_path / "c", batch_size=0)
    (tmp_path / "none.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"none\.png"):
        run([tmp_path / "none.png"], backbone, tmp_path / "c")


def test_pixels_are_the_image_itself(files, tmp_path):
    pixels = Backbone("pixels")
    as_they_are = run(files[1:2], pixels, tmp_path / "c", ["rgb"], grid=None)[0]["rgb"]
    np.testing.assert_allclose(as_they_are, np.asarray(Image.open(files[1])).transpose(2, 0, 1) / 255, atol=1e-6)
    vectors = feature_vectors(iter(run(files, pixels, tmp_path / "c", ["rgb"], grid=None, size=(8, 8))), ["rgb"])
    assert vectors.shape == (7, 3 * 8 * 8)
    assert vectors.min() >= 0
    assert vectors.max() <= 1


@pytest.mark.parametrize("wrong", [{"layers": ["block1"]}, {"size": None}, {"preprocessing": "torch"}])
def test_pixels_have_one_layer_and_a_size(wrong):
    options = {
        "dataset": "d",
        "images": "*.png",
        "backbone": "pixels",
        "layers": ["rgb"],
        "grid": None,
        "size": [32, 32],
    }
    assert FeatureSet(**options).backbone == "pixels"
    with pytest.raises(ValueError, match="`pixels` have one layer"):
        FeatureSet(**options | wrong)
