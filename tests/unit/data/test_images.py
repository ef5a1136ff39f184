"""Sets of images: folders, IDX files, what packages ship."""

import gzip
import struct

import numpy as np
import pytest
from PIL import Image

from cogmodels.data.images import digits, image_folder, mnist, photographs, read_image, resize_shorter
from cogmodels.errors import DataError


def save(path, colour=0, size=(12, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (colour,) * 3).save(path)


def write_idx(path, values, pack=False):
    content = struct.pack(">HBB", 0, 8, values.ndim) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()
    path.write_bytes(gzip.compress(content) if pack else content)


def test_a_folder_has_a_class_a_subfolder(tmp_path):
    for name in ("zebra", "ant"):
        for k in range(2):
            save(tmp_path / "train" / name / f"{k}.png", colour=10 * k)
        save(tmp_path / "val" / name / "deep" / "x.JPG")
    (tmp_path / "train" / "ant" / "notes.txt").write_text("no image")
    found = image_folder(tmp_path, "train")
    assert found.classes == ("ant", "zebra")
    assert found.labels.tolist() == [0, 0, 1, 1]
    assert [file.parent.name for file in found.files] == ["ant", "ant", "zebra", "zebra"]
    assert found.image(1).shape == (8, 12, 3)
    assert (found.image(1) == 10).all()
    assert len(image_folder(tmp_path, "validation")) == 2


def test_wrong_folders_are_named(tmp_path):
    with pytest.raises(DataError, match="no folder `train`"):
        image_folder(tmp_path, "train")
    (tmp_path / "train").mkdir()
    with pytest.raises(DataError, match="no folder of a class"):
        image_folder(tmp_path, "train")
    (tmp_path / "train" / "empty").mkdir()
    with pytest.raises(DataError, match="class without images"):
        image_folder(tmp_path, "train")
    (tmp_path / "broken.png").write_bytes(b"not an image")
    with pytest.raises(DataError, match="cannot be read"):
        read_image(tmp_path / "broken.png")


def test_the_shorter_side_is_brought_to_a_size():
    assert resize_shorter(np.zeros((100, 150, 3), np.uint8), 50).shape == (50, 75, 3)
    assert resize_shorter(np.zeros((151, 100, 3), np.uint8), 200).shape == (302, 200, 3)
    same = np.zeros((50, 75, 3), np.uint8)
    assert resize_shorter(same, 50) is same


@pytest.mark.parametrize("pack", [False, True])
def test_mnist_is_read_from_its_files(tmp_path, pack):
    images = np.arange(5 * 28 * 28, dtype=np.int64).reshape(5, 28, 28).astype(np.uint8)
    labels = np.array([3, 1, 4, 1, 5], np.uint8)
    end = ".gz" if pack else ""
    write_idx(tmp_path / f"t10k-images-idx3-ubyte{end}", images, pack)
    write_idx(tmp_path / f"t10k-labels-idx1-ubyte{end}", labels, pack)
    found = mnist(tmp_path, "test", 28)
    assert found.labels.tolist() == [3, 1, 4, 1, 5]
    assert (found.images[..., 0] == images).all()
    assert (found.images[..., 2] == images).all()
    assert mnist(tmp_path, "test", 56).images.shape == (5, 56, 56, 3)


def test_wrong_mnist_files_are_named(tmp_path):
    with pytest.raises(DataError, match="no IDX file"):
        mnist(tmp_path, "train", 28)
    write_idx(tmp_path / "train-images-idx3-ubyte", np.zeros((4, 28, 28), np.uint8))
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.zeros(3, np.uint8))
    with pytest.raises(DataError, match="with labels of shape"):
        mnist(tmp_path, "train", 28)
    content = (tmp_path / "train-images-idx3-ubyte").read_bytes()
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content[:-5])
    with pytest.raises(DataError, match="header does not fit"):
        mnist(tmp_path, "train", 28)


def test_digits_are_white_on_black_and_photographs_are_shipped():
    found = digits(16)
    assert found.images.shape == (1797, 16, 16, 3)
    assert np.median(found.images[:, 0, 0, 0]) == 0
    assert found.images.max() == 255
    # Strokes: less than half of a digit is bright.
    assert (found.images > 127).mean() < 0.5
    assert [image.shape for image in photographs()] == [(427, 640, 3)] * 2
