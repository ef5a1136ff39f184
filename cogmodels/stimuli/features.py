"""Features of many images: read in batches, kept by digest, never more than a batch in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from cogmodels.data.displays import image_shape, read_image
from cogmodels.data.feature_cache import FeatureCache
from cogmodels.data.images import resize_all
from cogmodels.errors import DataError
from cogmodels.files import digest
from cogmodels.stimuli.backbones import Backbone


def iter_features(
    files: Sequence[Path],
    backbone: Backbone,
    layers: Sequence[str],
    cache: FeatureCache,
    *,
    grid: tuple[int, int] | None = (1, 1),
    size: tuple[int, int] | None = None,
    batch_size: int = 16,
    progress: Callable[[int], Any] | None = None,
) -> Iterator[dict[str, np.ndarray]]:
    """Features of each image, in the order of the files.

    What the cache has is reread: it is kept by the digest of the image's bytes, network, weights, preprocessing, layer,
    grid and size. The rest goes through the network in batches of images of one size, each image's result the same
    whatever batch it is in.

    Parameters
    ----------
    files : sequence of path
        Images, grey or colour.
    backbone : Backbone
        Without eccentric sampling.
    layers : sequence of str
    cache : FeatureCache
    grid : (rows, columns), optional
        Maps are averaged to so many cells; (1, 1) is their mean, none leaves them as they are.
    size : (width, height), optional
        px that images are brought to; none leaves them as they are.
    batch_size : int
        Images at a time.
    progress : callable, optional
        Called with the number of images that are done since the last call.

    Yields
    ------
    dict of layer -> (channels, rows, columns) float32

    Raises
    ------
    DataError
        An image cannot be read, or is too small for a layer; the network has no such layer.
    """
    if batch_size < 1:
        raise DataError(f"batches of {batch_size} images", where="features", remedy="Give 1 or more")
    waiting: list[tuple[Path, dict[str, str]]] = []
    last: tuple[int, ...] = ()
    made_from = {
        "network": backbone.network, "weights": backbone.digest, "preprocessing": backbone.preprocessing,
        "grid": grid, "size": size,
    }  # fmt: skip
    for file in map(Path, files):
        content = digest(file)
        keys = {layer: cache.key(image=content, layer=layer, **made_from) for layer in layers}
        shape = tuple(size or image_shape(file)[:2])
        # A batch ends where it is full, or where images become larger or smaller.
        if waiting and (len(waiting) == batch_size or shape != last):
            yield from _batch(waiting, backbone, layers, cache, grid, size, progress)
            waiting = []
        waiting.append((file, keys))
        last = shape
    yield from _batch(waiting, backbone, layers, cache, grid, size, progress)


def array_features(
    images: np.ndarray, backbone: Backbone, layers: Mapping[str, str], *, size: int = 224, batch_size: int = 16
) -> dict[str, np.ndarray]:
    """Features of images in memory: name -> (n, d) float32, maps as they are.

    Parameters
    ----------
    images : (n, h, w, 3) uint8
    backbone : Backbone
    layers : mapping of name -> layer
    size : int
        Side that images are brought to, px.
    batch_size : int
        Images at a time.
    """
    found: dict[str, list[np.ndarray]] = {name: [] for name in layers}
    for first in range(0, len(images), batch_size):
        maps = _read(backbone, resize_all(images[first : first + batch_size], size), list(layers.values()), None)
        for name, layer in layers.items():
            found[name].append(maps[layer].reshape(len(maps[layer]), -1))
    return {name: np.concatenate(values) for name, values in found.items()}


def feature_vectors(maps: Iterator[dict[str, np.ndarray]], layers: Sequence[str], where: object = None) -> np.ndarray:
    """Vectors (n_images, d) float32: the layers one after the other, each channel by channel.

    Raises
    ------
    DataError
        Vectors of several lengths: images of several sizes, and maps as they are.
    """
    vectors = [np.concatenate([one[layer].ravel() for layer in layers]) for one in maps]
    if len({len(vector) for vector in vectors}) != 1:
        raise DataError(
            "vectors of several lengths, or none", where=where, remedy="Give `size` or `grid`, and images that exist"
        )
    return np.stack(vectors)


def _batch(
    waiting: list[tuple[Path, dict[str, str]]],
    backbone: Backbone,
    layers: Sequence[str],
    cache: FeatureCache,
    grid: tuple[int, int] | None,
    size: tuple[int, int] | None,
    progress: Callable[[int], Any] | None,
) -> Iterator[dict[str, np.ndarray]]:
    """What the cache has of a batch, and what the network makes of the rest."""
    found = [cache.get(keys) for _, keys in waiting]
    new = [k for k, one in enumerate(found) if one is None]
    if new:
        images = np.stack([_coloured(read_image(waiting[k][0], size)) for k in new])
        maps = _read(backbone, images, layers, grid)
        for at, k in enumerate(new):
            found[k] = {layer: maps[layer][at] for layer in layers}
            for layer, values in found[k].items():
                cache.put(waiting[k][1][layer], values)
    yield from found
    if progress and waiting:
        progress(len(waiting))


@torch.inference_mode()
def _read(
    backbone: Backbone, images: np.ndarray, layers: Sequence[str], grid: tuple[int, int] | None
) -> dict[str, np.ndarray]:
    maps = backbone.read(backbone.prepare(images), set(layers))
    if grid is not None:
        maps = {name: F.adaptive_avg_pool2d(values, grid) for name, values in maps.items()}
    return {name: np.ascontiguousarray(values.float().cpu().numpy()) for name, values in maps.items()}


def _coloured(image: np.ndarray) -> np.ndarray:
    return np.repeat(image[:, :, None], 3, axis=2) if image.ndim == 2 else image
