"""Scanpaths of a trained network on images that it has not seen, of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.tables import Features
from cogmodels.scanpath.network import Transformer
from cogmodels.scanpath.registry import make_model
from cogmodels.scanpath.run import draw_scanpaths
from cogmodels.scanpath.viewing import pictures_of


def generate_scanpaths(
    config: Mapping[str, Any],
    weights: Mapping[str, np.ndarray],
    features: Sequence[Features],
    sizes: Mapping[str, tuple[int, int]],
    *,
    samples: int,
    seed: int = 0,
) -> pd.DataFrame:
    """A Fixations table of scanpaths that a network draws.

    Parameters
    ----------
    config : mapping
        Of the run that trained it, as its manifest holds it.
    weights : mapping
        Its ``model.safetensors``.
    features : sequence of Features
        Of the images, made as those that it was trained on.
    sizes : mapping of stimulus -> (width, height)
        px. The network sees every image in the size that it was trained on: of another shape the image, and so the
        saccades, are stretched.
    samples, seed : int
        Scanpaths of each image, and their seed.

    Raises
    ------
    DataError
        Weights that do not fit the config.
    """
    names = features[0].stimuli
    grids = [config["maps"][table.name]["grid"] for table in features]
    pictures = pictures_of(names, tuple(config["size_px"]), features, grids)
    model = make_model(config)
    assert isinstance(model, Transformer)
    model.load(pictures, weights)
    table = draw_scanpaths(model, pictures, np.arange(len(names)), samples, seed)
    for axis, column in enumerate("xy"):
        factor = table["stimulus"].map({name: sizes[name][axis] / config["size_px"][axis] for name in names})
        table[column] = (table[column] + 0.5) * factor - 0.5
    return table
