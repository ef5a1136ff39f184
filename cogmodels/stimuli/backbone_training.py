"""Backbones raised on a diet: the images, what becomes of them, and the network that learns their classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from cogmodels.config.training import Diet
from cogmodels.data.images import ImageArrays, ImageSet, digits, image_folder, mnist, photographs, resize_shorter
from cogmodels.errors import DataError
from cogmodels.stimuli.backbones import prepare_images
from cogmodels.stimuli.diets import manipulate
from cogmodels.stimuli.shading import CLASSES, SIGNS, render_shapes
from cogmodels.stimuli.vgg import VGG16
from cogmodels.training.objectives import classification

#: Split -> its number in the seeds of random draws.
_SPLITS = {"train": 0, "validation": 1, "test": 2}
#: Digits of scikit-learn: share of each split.
_DIGIT_SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}


@dataclass(frozen=True)
class TrainedBackbone:
    """What :func:`train_backbone` leaves.

    weights : parameter -> array
    curves : DataFrame
        A row an epoch, see :func:`cogmodels.training.fit.fit`.
    metrics : name -> value, ci_low, ci_high, chance, ceiling, p, n, unit_of_n
    """

    weights: Mapping[str, np.ndarray]
    curves: pd.DataFrame
    metrics: Mapping[str, Mapping[str, Any]]


class DietExamples:
    """A set of images as a diet shows them: resized, mirrored, cropped, then manipulated.

    Parameters
    ----------
    images : ImageSet
    diet : Diet
    training : bool
        Mirror and crop at random, anew in each epoch; else the centre is cropped.
    seed : int
    """

    def __init__(self, images: ImageSet, diet: Diet, *, training: bool, seed: int = 0) -> None:
        self.images, self.diet, self.training, self.seed = images, diet, training, seed

    def __len__(self) -> int:
        return len(self.images)

    def example(self, index: int, epoch: int) -> tuple[np.ndarray, int]:
        """Image (h, w, 3) uint8 and label."""
        how, image = self.diet.images, self.images.image(index)
        rng = np.random.default_rng([self.seed, 409, epoch, index]) if self.training else None
        if how.resize_px is not None:
            image = resize_shorter(image, how.resize_px)
        # Before the rotation: after it, a mirror would bring light from the left to the right.
        if how.flip and rng is not None and rng.integers(2):
            image = image[:, ::-1]
        if how.crop_px is not None:
            image = _cropped(image, how.crop_px, rng)
        return np.ascontiguousarray(manipulate(image, self.diet.manipulation)), int(self.images.labels[index])


def diet_images(diet: Diet, split: str, seed: int = 0) -> ImageSet | None:
    """The images of a diet before its manipulation; ``split``: train, validation or test (none where there is none).

    Rendered images and the division of digits depend on ``seed``. Of MNIST's training images the last sixth are for
    validation.
    """
    how = diet.images
    if how.kind == "shaded":
        n, first = getattr(how, split), sum(getattr(how, name) for name in _SPLITS if _SPLITS[name] < _SPLITS[split])
        options = how.model_dump(exclude={"kind", "train", "validation", "test", "resize_px", "crop_px", "flip"})
        images, labels = render_shapes(range(first, first + n), photographs(), seed=seed, **options)
        return ImageArrays(images, labels, CLASSES)
    if how.kind == "digits":
        whole = digits(how.side_px)
        order = np.random.default_rng([seed, 419]).permutation(len(whole))
        edges = np.rint(np.cumsum([0, *_DIGIT_SHARES.values()]) * len(whole)).astype(int)
        return _part(whole, np.sort(order[edges[_SPLITS[split]] : edges[_SPLITS[split] + 1]]))
    if how.kind == "mnist":
        whole = mnist(Path(how.path), "test" if split == "test" else "train", how.side_px)
        if split == "test":
            return whole
        edge = len(whole) - len(whole) // 6
        return _part(whole, np.arange(len(whole))[:edge] if split == "train" else np.arange(len(whole))[edge:])
    return None if split == "test" else image_folder(Path(how.path), split)


def sample_diet(diet: Diet, each: int, seed: int = 0) -> dict[str, list[np.ndarray]]:
    """The first ``each`` validation images of each class, as the network sees them: class -> images (h, w, 3) uint8."""
    images = diet_images(diet, "validation", seed)
    examples = DietExamples(images, diet, training=False)
    return {
        name: [examples.example(int(k), 0)[0] for k in np.flatnonzero(images.labels == label)[:each]]
        for label, name in enumerate(images.classes)
    }


def initial_network(architecture: Mapping[str, Any], classes: int, seed: int) -> VGG16:
    """A network that has seen nothing; its convolutions depend on architecture and seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = VGG16(classes=classes, **architecture)
        torch.manual_seed(seed)
        return net.initialise()


def train_backbone(diet: Diet, *, seed: int = 0, folder: Path) -> TrainedBackbone:
    """Raise a network on a diet.

    Parameters
    ----------
    diet : Diet
    seed : int
        Of the initial weights, the images where they are rendered, their order, mirrors and crops: two diets that
        differ in their manipulation alone show the same images in the same order to the same initial network.
    folder : path
        Of checkpoints, from which a training that was killed goes on.

    Returns
    -------
    TrainedBackbone
        The weights of the epoch with the highest validation accuracy. ``accuracy`` is that of test images, or of the
        validation images (``validation_accuracy``, on which the epoch was chosen) where there are no others; of
        rendered shapes also ``profile_accuracy`` and ``relief_accuracy`` (out or in).
    """
    from cogmodels.training.fit import fit

    sets = {split: diet_images(diet, split, seed) for split in _SPLITS}
    classes = sets["train"].classes
    for split, images in sets.items():
        if images is not None and images.classes != classes:
            raise DataError(
                f"the classes of {split} are not those of train",
                where="diet",
                remedy="Give both the same class folders",
            )
    net = initial_network(diet.network.model_dump(), len(classes), seed).to(memory_format=torch.channels_last)
    train = DietExamples(sets["train"], diet, training=True, seed=seed)
    validation = DietExamples(sets["validation"], diet, training=False)
    curves = fit(net, classification, train, validation, diet.recipe, seed=seed, folder=Path(folder), prepare=_prepare)
    metrics = {}
    for split, prefix in (("validation", "validation_"), ("test", "")):
        if sets[split] is not None:
            examples = DietExamples(sets[split], diet, training=False)
            predicted = _predict(net, examples, diet.recipe.batch_size)
            metrics |= {prefix + name: row for name, row in _accuracies(sets[split], predicted).items()}
    weights = {name: value.contiguous().numpy() for name, value in net.state_dict().items()}
    return TrainedBackbone(weights, curves, metrics)


def _prepare(batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return prepare_images(batch[0], "torch"), batch[1]


@torch.inference_mode()
def _predict(net: nn.Module, examples: DietExamples, batch_size: int) -> np.ndarray:
    """Predicted labels (n,)."""
    device = torch.device("cuda" if torch.cuda.is_available() and examples.diet.recipe.accelerator != "cpu" else "cpu")
    net.to(device).eval()
    found = []
    for first in range(0, len(examples), batch_size):
        images = [examples.example(k, 0)[0] for k in range(first, min(first + batch_size, len(examples)))]
        found.append(net(prepare_images(torch.from_numpy(np.stack(images)).to(device), "torch")).argmax(1).cpu())
    net.to("cpu")
    return torch.cat(found).numpy()


def _accuracies(images: ImageSet, predicted: np.ndarray) -> dict[str, dict[str, Any]]:
    """Share of images whose class is right; of rendered shapes also of what each class is made of."""
    from scipy.stats import binom

    kinds = {"accuracy": np.arange(len(images.classes))}
    if images.classes == CLASSES:
        kinds["profile_accuracy"] = np.arange(len(CLASSES)) // len(SIGNS)
        kinds["relief_accuracy"] = np.arange(len(CLASSES)) % len(SIGNS)
    rows = {}
    for name, kind in kinds.items():
        true, guess = kind[images.labels], kind[predicted]
        right, n = (true == guess).astype(float), len(true)
        # Whoever always says the commonest.
        chance = float(np.bincount(true).max() / n)
        low, high = _wilson(right)
        rows[name] = {
            "value": float(right.mean()), "ci_low": low, "ci_high": high, "chance": chance, "ceiling": 1.0,
            "p": float(binom.sf(right.sum() - 1, n, chance)), "n": n, "unit_of_n": "images",
        }  # fmt: skip
    return rows


def _wilson(right: np.ndarray) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    n, share, z = len(right), right.mean(), 1.959964
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(middle - half), float(middle + half)


def _cropped(image: np.ndarray, side: int, rng: np.random.Generator | None) -> np.ndarray:
    free = image.shape[0] - side, image.shape[1] - side
    if min(free) < 0:
        raise DataError(
            f"an image of {image.shape[1]} x {image.shape[0]} px for a crop of {side} px",
            where="diet images",
            remedy="Lower `crop_px`, or raise `resize_px`",
        )
    top, left = (n // 2 if rng is None else int(rng.integers(n + 1)) for n in free)
    return image[top : top + side, left : left + side]


def _part(whole: ImageArrays, chosen: np.ndarray) -> ImageArrays:
    return ImageArrays(whole.images[chosen], whole.labels[chosen], whole.classes)
