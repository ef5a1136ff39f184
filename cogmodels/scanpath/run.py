"""One run of a scanpath model: fitted on the training part, chosen by the validation part, tried on the test part."""

from __future__ import annotations

import logging
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.tables import Features
from cogmodels.scanpath.models.centre_bias import CentreBias
from cogmodels.scanpath.registry import make_model
from cogmodels.scanpath.score import STEPWISE, score_steps
from cogmodels.scanpath.typical import typical_path
from cogmodels.scanpath.viewing import TYPICAL_VIEWER, Paths, Pictures, pad_paths, pictures_of, sampled_table, view_name

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScanpathRun:
    """What a run leaves: ``predictions`` (a Fixations table of sampled scanpaths), ``typical`` (one of the typical one
    of each test image), ``steps``
    (:func:`cogmodels.scanpath.score.score_steps`), ``choices`` (what was chosen, or a row an epoch), ``weights``,
    ``metrics`` (means over test fixations) and ``speed``: ``fit_seconds``, ``fit_peak_mb`` and, of networks,
    ``ms_per_step`` and ``parameters`` (times and memory are not the same in any two runs)."""

    predictions: pd.DataFrame
    typical: pd.DataFrame
    steps: pd.DataFrame
    choices: pd.DataFrame
    weights: dict[str, np.ndarray]
    metrics: dict[str, float]
    speed: dict[str, float]


def run_model(
    config: Mapping[str, Any],
    fixations: pd.DataFrame,
    splits: pd.DataFrame | Path,
    features: Sequence[Features],
    *,
    size_px: tuple[int, int],
    folder: Path | None = None,
) -> ScanpathRun:
    """Fit a model, draw scanpaths of each test image, and judge people's scanpaths on them.

    Parameters
    ----------
    config : mapping
        As ``ScanpathExperiment.config`` has it, with ``seed`` and, of the features, ``maps``: their ``grid`` by name.
    fixations : DataFrame
        A Fixations table.
    splits : DataFrame, or path of its CSV
        ``subject, trial, stimulus, split``.
    features : sequence of Features
        Of the images, finest first.
    size_px : (width, height)
        Of all images.
    folder : path, optional
        Of checkpoints.
    """
    if not isinstance(splits, pd.DataFrame):
        splits = pd.read_csv(splits, dtype={"subject": str, "stimulus": str})
    # Trials are text in one table and numbers in the other.
    splits, fixations = (table.assign(trial=table["trial"].astype(str)) for table in (splits, fixations))
    names = sorted(set(splits["stimulus"]))
    pictures = pictures_of(names, size_px, features, [config["maps"][table.name]["grid"] for table in features])
    parts = pad_paths(fixations, names, sorted(set(fixations["subject"])), splits)
    model, seed = make_model(config), config["seed"]
    started = time.perf_counter()
    choices = model.fit(pictures, parts["train"], parts["validation"], seed=seed, folder=folder)
    fitted = time.perf_counter() - started
    # Of the whole process: libraries, features and scanpaths included.
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    logger.info("fitted in %.1f s", fitted)
    baseline = CentreBias(config["cell_px"])
    baseline.fit(pictures, parts["train"], parts["validation"], seed=seed)
    test = parts["test"]
    predictions = draw_views(model, pictures, test, config["samples"], seed)
    typical = draw_views(model, pictures, test, config["typical_of"], seed, typical=True)
    steps = score_steps(model, baseline, pictures, test)
    metrics = {name: float(steps[name].mean()) for name in STEPWISE if steps[name].notna().any()}
    metrics |= {"mean_length": len(predictions) / predictions.groupby(["subject", "stimulus"]).ngroups}
    speed = {"fit_seconds": round(fitted, 1), "fit_peak_mb": round(peak_mb)}
    rate = choices.attrs.get("examples_per_second")
    if rate is not None:
        speed["parameters"] = sum(int(array.size) for array in model.weights().values())
    if rate is not None and np.isfinite(rate):  # One that was killed after its last epoch had nothing left to train.
        speed["ms_per_step"] = round(1000 * config["recipe"]["batch_size"] / rate, 2)
    return ScanpathRun(predictions, typical, steps, choices, model.weights(), metrics, speed)


def draw_scanpaths(
    model: Any,
    pictures: Pictures,
    images: np.ndarray,
    n: int,
    seed: int,
    target: str | None = None,
    *,
    typical: bool = False,
) -> pd.DataFrame:
    """A Fixations table of ``n`` scanpaths of each image; those of an image depend on the seed and its name alone.

    ``target``: what is looked for in all of them; models that are told it depend on it too. ``typical``: of the n only
    the one that is most like the others, as ``subject`` typical.
    """
    return _draw(model, pictures, [(int(image), target) for image in images], n, seed, typical)


def draw_views(
    model: Any, pictures: Pictures, paths: Paths, n: int, seed: int, *, typical: bool = False
) -> pd.DataFrame:
    """The same of each image with each target that people looked for in it."""
    views = {(int(paths.image[row]), paths.target_of(row)) for row in range(len(paths))}
    return _draw(model, pictures, sorted(views, key=lambda view: (view[0], view[1] or "")), n, seed, typical)


def _draw(
    model: Any, pictures: Pictures, views: list[tuple[int, str | None]], n: int, seed: int, typical: bool
) -> pd.DataFrame:
    found = {}
    for image, target in views:
        name = pictures.names[image]
        generator = np.random.default_rng([seed, 79, *view_name(name, target).encode()])
        options = {"target": target} if getattr(model, "by_target", False) else {}
        drawn = model.sample(pictures, image, n, generator, **options)
        found[name, target] = [typical_path(drawn, pictures.size_px)] if typical else drawn
    table = sampled_table(found)
    return table.assign(subject=TYPICAL_VIEWER) if typical else table
