"""Scanpaths of a trained network on images that it has not seen, of any size, and what it expects by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.tables import Features
from cogmodels.errors import DataError
from cogmodels.scanpath.network import Transformer
from cogmodels.scanpath.registry import make_model
from cogmodels.scanpath.run import draw_scanpaths
from cogmodels.scanpath.tables import paths_of_parts
from cogmodels.scanpath.viewing import pictures_of


def generate_scanpaths(
    config: Mapping[str, Any],
    weights: Mapping[str, np.ndarray],
    features: Sequence[Features],
    sizes: Mapping[str, tuple[int, int]],
    *,
    samples: int,
    typical_of: int | None = None,
    seed: int = 0,
    target: str | None = None,
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
    typical_of : int, optional
        Of each image only the typical scanpath (:mod:`cogmodels.scanpath.typical`) of so many, as ``subject`` typical.
    target : str, optional
        What is looked for, of networks that are told it.

    Raises
    ------
    DataError
        Weights that do not fit the config; a target that the network was not trained on, or is not told.
    """
    names = features[0].stimuli
    grids = [config["maps"][table.name]["grid"] for table in features]
    pictures = pictures_of(names, tuple(config["size_px"]), features, grids)
    model = make_model(config)
    assert isinstance(model, Transformer)
    model.load(pictures, weights)
    if target is not None and not model.by_target:
        raise DataError("this network is not told targets", where="scanpaths", remedy="Leave `target` out")
    table = draw_scanpaths(
        model, pictures, np.arange(len(names)), typical_of or samples, seed, target=target, typical=bool(typical_of)
    )
    for axis, column in enumerate("xy"):
        factor = table["stimulus"].map({name: sizes[name][axis] / config["size_px"][axis] for name in names})
        table[column] = (table[column] + 0.5) * factor - 0.5
    return table


@dataclass(frozen=True)
class NextFixations:
    """What a network expected before each fixation of one scanpath: ``view``, ``image``, ``subject``, ``xy`` (k, 2) px,
    ``maps`` (k, rows, columns) mass of each next fixation, ``bits`` (k,) log-likelihood over uniform."""

    view: str
    image: str
    subject: str
    xy: np.ndarray
    maps: np.ndarray
    bits: np.ndarray


def expected_fixations(
    config: Mapping[str, Any],
    weights: Mapping[str, np.ndarray],
    features: Sequence[Features],
    fixations: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    rows: int = 4,
    steps: int = 6,
) -> list[NextFixations]:
    """Densities of the next fixation on test images, for the figure.

    Which are taken is set by their place in the order of names alone: every so many of the test views, and of each the
    first person's scanpath.

    Parameters
    ----------
    config, weights, features
        As :func:`generate_scanpaths` has them.
    fixations, splits : DataFrame
        What the run learnt from.
    rows, steps : int
        Scanpaths, and fixations of each.
    """
    parts, named = paths_of_parts(fixations, splits, tuple(config["size_px"]))
    grids = [config["maps"][table.name]["grid"] for table in features]
    pictures, test = pictures_of(named.names, tuple(config["size_px"]), features, grids), parts["test"]
    model = make_model(config)
    assert isinstance(model, Transformer)
    model.load(pictures, weights)
    views, found = test.views(pictures.names), []
    order = sorted(set(views))
    for view in order[:: max(1, len(order) // rows)][:rows]:
        row = np.flatnonzero(views == view)[:1]
        one = test.of(row)
        k = min(steps, int(one.lengths[0]))
        maps = next(iter(model.step_maps(pictures, one)))[:k]
        bits = (model.log_density(pictures, one)[0, :k] - model.grid.log_uniform) / np.log(2)
        image, subject = pictures.names[one.image[0]], one.people[one.person[0]]
        found.append(NextFixations(view, image, subject, one.xy[0, :k].astype(float), maps, bits))
    return found
