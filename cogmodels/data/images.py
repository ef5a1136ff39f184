"""Sets of images with classes: folders, IDX files, and what installed packages ship."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from cogmodels.errors import DataError
from cogmodels.files import whole

_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"}
_FOLDERS = {"train": ("train",), "validation": ("val", "validation", "valid")}
_IDX = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


@dataclass(frozen=True)
class ImageFiles:
    """Images that are read one by one; ``labels`` (n,) int64 index ``classes``."""

    files: tuple[Path, ...]
    labels: np.ndarray
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.files)

    def image(self, index: int) -> np.ndarray:
        """(h, w, 3) uint8."""
        return read_image(self.files[index])


@dataclass(frozen=True)
class ImageArrays:
    """Images (n, h, w, 3) uint8 in memory; ``labels`` (n,) int64 index ``classes``."""

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    def image(self, index: int) -> np.ndarray:
        """(h, w, 3) uint8."""
        return self.images[index]


ImageSet = ImageFiles | ImageArrays


def image_folder(root: Path, split: str) -> ImageFiles:
    """Images of ``train/<class>/`` or ``val/<class>/``, in order of their names; ``split``: train or validation.

    Raises
    ------
    DataError
        No such folder, no class in it, a class without images.
    """
    root = Path(root)
    folder = next((root / name for name in _FOLDERS[split] if (root / name).is_dir()), None)
    if folder is None:
        raise DataError(
            f"there is no folder `{_FOLDERS[split][0]}`",
            where=root,
            remedy="Put images into train/<class>/ and val/<class>/",
        )
    classes = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir()))
    if not classes:
        raise DataError("there is no folder of a class", where=folder, remedy="Put images into <class>/")
    files, labels = [], []
    for label, name in enumerate(classes):
        mine = sorted(path for path in (folder / name).rglob("*") if path.suffix.lower() in _SUFFIXES)
        if not mine:
            raise DataError("a class without images", where=folder / name, remedy="Add images, or remove the folder")
        files += mine
        labels += [label] * len(mine)
    return ImageFiles(tuple(files), np.array(labels, np.int64), classes)


def read_image(path: Path) -> np.ndarray:
    """An image (h, w, 3) uint8.

    Raises
    ------
    DataError
        The file is missing or damaged.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise DataError(f"this image cannot be read ({error})", where=path, remedy="Mend or remove the file") from None


def write_image(path: Path, image: np.ndarray) -> None:
    """Write an image (height, width, 3) uint8 in the format of its suffix; JPEG in quality 92."""
    from PIL import Image

    with whole(path) as temporary:
        Image.fromarray(image).save(temporary, **({"quality": 92} if Path(path).suffix == ".jpg" else {}))


def resize_shorter(image: np.ndarray, side: int) -> np.ndarray:
    """An image (h, w, 3) uint8 whose shorter side becomes ``side`` px; bilinear, without aliasing."""
    from PIL import Image

    height, width = image.shape[:2]
    factor = side / min(height, width)
    size = max(side, round(width * factor)), max(side, round(height * factor))
    if size == (width, height):
        return image
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))


def resize_all(images: Iterable[np.ndarray], side: int) -> np.ndarray:
    """Images (h, w, 3) uint8 as squares (n, side, side, 3); bilinear, without aliasing."""
    from PIL import Image

    size, way = (side, side), Image.Resampling.BILINEAR
    return np.stack([np.asarray(Image.fromarray(image).resize(size, way)) for image in images])


def read_squares(root: Path, pattern: str, names: Collection[str], side: int) -> dict[str, np.ndarray]:
    """Image files of these names as squares (side, side, 3) uint8; names without a file are left out."""
    files = sorted(file for file in Path(root).glob(pattern) if file.name in names)
    return {file.name: resize_all([read_image(file)], side)[0] for file in files}


def mnist(folder: Path, split: str, side: int) -> ImageArrays:
    """MNIST, white on black, enlarged to ``side`` px; ``split``: train (60 000) or test (10 000).

    Raises
    ------
    DataError
        A file is missing or is not what its name says.
    """
    images, labels = (_idx(Path(folder), name) for name in _IDX[split])
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
        raise DataError(
            f"images of shape {images.shape} with labels of shape {labels.shape}",
            where=folder,
            remedy="Fetch the four files of MNIST again",
        )
    return ImageArrays(enlarged(images, side), labels.astype(np.int64), tuple(map(str, range(10))))


def digits(side: int) -> ImageArrays:
    """The 1797 digits of scikit-learn (8 x 8 px; UCI optical recognition of handwritten digits), white on black."""
    from sklearn.datasets import load_digits

    found = load_digits()
    images = np.rint(found.images * (255 / 16)).astype(np.uint8)
    return ImageArrays(enlarged(images, side), found.target.astype(np.int64), tuple(map(str, range(10))))


@cache
def photographs() -> tuple[np.ndarray, ...]:
    """The two photographs that scikit-learn ships (a temple, a flower), each (427, 640, 3) uint8."""
    from sklearn.datasets import load_sample_images

    return tuple(np.asarray(image) for image in load_sample_images().images)


def enlarged(images: np.ndarray, side: int) -> np.ndarray:
    """Grey images (n, h, w) uint8 as (n, side, side, 3), bilinear."""
    from PIL import Image

    size, way = (side, side), Image.Resampling.BILINEAR
    grey = np.stack([np.asarray(Image.fromarray(image).resize(size, way)) for image in images])
    return np.broadcast_to(grey[..., None], (*grey.shape, 3))


def _idx(folder: Path, name: str) -> np.ndarray:
    """Array of an IDX file, gzipped or not."""
    plain, packed = folder / name, folder / f"{name}.gz"
    path = plain if plain.exists() else packed
    try:
        content = gzip.decompress(path.read_bytes()) if path == packed else path.read_bytes()
        zero, kind, axes = struct.unpack(">HBB", content[:4])
        shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
        values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
        if zero != 0 or kind != 8 or values.size != np.prod(shape):
            raise ValueError("its header does not fit its content")
        return values.reshape(shape)
    except (OSError, EOFError, ValueError, struct.error) as error:
        raise DataError(
            f"this is no IDX file of bytes ({error})", where=path, remedy="Fetch the four files of MNIST again"
        ) from None
