"""Search models by name, from the options of an experiment, and one run of them over a set of displays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from cogmodels.data.displays import DisplaySet
from cogmodels.search.bayesian import BayesianSearcher
from cogmodels.search.controls import CentreBias, Chance, PixelMatch, Saliency
from cogmodels.search.scenes import Task, scenes_of_displays, task_of
from cogmodels.search.searcher import RT_MS_PER_FIXATION, Rules, SearchModel, count_fixations, search
from cogmodels.search.topdown import LayerPair, TopDown
from cogmodels.stimuli.backbones import Backbone
from cogmodels.stimuli.eccentricity import Sampling

_RULES = ("memory", "recognition", "threshold", "temperature")


def rules_of(options: Mapping[str, Any], task: Task, cells: bool) -> Rules:
    """How a search goes on: an experiment's options, and the task's where these say nothing.

    ``cells``: whether the displays have cells.
    """
    return Rules(
        most_fixations=task.most_fixations,
        inhibition=options["inhibition"] or ("cell" if cells else "window"),
        window_px=options["window_px"] or task.window_px,
        found_px=options["found_px"] or task.found_px,
        at_start=task.at_start,
        **{name: options[name] for name in _RULES},
    )


def build_model(options: Mapping[str, Any], task: Task, seed: int = 0) -> SearchModel:
    """The model that an experiment's options name, with what the displays want.

    Parameters
    ----------
    options : mapping
        As :class:`cogmodels.config.search.SearchExperiment` has them.
    task : Task
        Of the displays or scenes.
    seed : int
        Of random weights.
    """
    model, px_per_degree = options["model"], options["px_per_degree"] or task.px_per_degree
    if model == "chance":
        return Chance()
    if model == "centre_bias":
        return CentreBias()
    if model == "pixel_match":
        return PixelMatch()
    if model == "bayesian":
        names = ("d_prime", "halves_at_deg", "choice", "prior")
        return BayesianSearcher(px_per_degree=px_per_degree, **{name: options[name] for name in names})
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = {key: options[key] for key in ("weights", "weights_sha256", "pooling", "preprocessing")} | {"seed": seed}
    network["architecture"] = options.get("architecture")
    if options["weights"].startswith("untrained:"):
        network["weights"] = "initial"
    pairs = tuple(LayerPair(**pair) for pair in options["layers"].values())
    plain = Backbone(options["backbone"], **network).to(device)
    if model == "saliency":
        return Saliency(plain, tuple(pair.search for pair in pairs), scale=options["scale"])
    scene = plain
    if options["eccentric"]:
        sampling = Sampling(px_per_degree=px_per_degree * options["scale"])
        scene = Backbone(options["backbone"], sampling=sampling, **network).to(device)
    return TopDown(
        scene,
        plain,
        pairs,
        blur=options["blur"] or task.blur,
        weighted=options["weighted"],
        scale=options["scale"],
        target_halvings=options["target_halvings"],
        centred=options["centred"],
    )


def run_search(
    displays: DisplaySet,
    options: Mapping[str, Any],
    *,
    seed: int = 0,
    batch_size: int | None = None,
    progress: Callable[[int], Any] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Search a set of displays or scenes.

    Parameters
    ----------
    displays : DisplaySet
    options : mapping
        As :func:`build_model` takes them.
    seed, progress
        As :func:`cogmodels.search.searcher.search` takes them.
    batch_size : int, optional
        Trials at a time; by default 16 on a GPU, 1 on a CPU, where more do not go faster and take more memory.

    Returns
    -------
    fixations : DataFrame
        A Fixations table, in px of the images as they are; its durations are those of the mapping to reaction times,
        not predictions.
    trials : DataFrame
        experiment, condition, set_size, number, found, n_fixations, rt_ms: a row a display.
    """
    task = task_of(displays.about)
    rules = rules_of(options, task, displays.about["cells"] is not None)
    model = build_model(options, task, seed)
    batch_size = batch_size or (16 if torch.cuda.is_available() else 1)
    found = search(model, scenes_of_displays(displays), rules, seed=seed, batch_size=batch_size, progress=progress)
    about = displays.trials.set_index("trial")
    natural = "factor" in about
    # A scene has no number of items that a search could not exceed: what was not found counts as the cap.
    most = pd.Series(task.most_fixations - 1, about.index) if natural else about["set_size"]
    counts = count_fixations(found, most.to_numpy())
    trials = about.loc[counts["trial"], ["condition", "set_size", "number"]].reset_index(drop=True)
    trials.insert(0, "experiment", task.name)
    trials = trials.assign(**{name: counts[name].to_numpy() for name in ("found", "n_fixations", "rt_ms")})
    seconds = RT_MS_PER_FIXATION / 1000
    mine = found["trial"].to_numpy()
    x, y = found["x"].to_numpy(float), found["y"].to_numpy(float)
    if natural:
        x, y = own_px(x, y, about.loc[mine])
    fixations = pd.DataFrame(
        {
            "subject": "model", "trial": mine,
            "stimulus": about.loc[mine, "stimulus" if natural else "image"].to_numpy(),
            "index": found["index"].to_numpy(), "onset": found["index"].to_numpy() * seconds, "duration": seconds,
            "x": x, "y": y,
            "target": about.loc[mine, "target"].to_numpy(), "found": found["found"].to_numpy(),
        }
    )  # fmt: skip
    return fixations, trials


def own_px(x: np.ndarray, y: np.ndarray, trials: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Places (n,) in scenes as px of the images that these were made of; ``trials``: their n rows of ``trials.tsv``."""
    found = []
    for values, start, side in ((x, "x0", "width"), (y, "y0", "height")):
        at = (values - trials[start].to_numpy() + 0.5) / trials["factor"].to_numpy() - 0.5
        # The middle of a scene's outermost pixel can lie beyond that of the image's.
        found.append(np.clip(at, 0, trials[side].to_numpy() - 1.0))
    return found[0], found[1]
