"""Search models by name, from the options of an experiment, and one run of them over a set of displays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import torch

from cogmodels.data.displays import DisplaySet
from cogmodels.search.bayesian import BayesianSearcher
from cogmodels.search.controls import CentreBias, Chance, PixelMatch, Saliency
from cogmodels.search.displays import Experiment, experiment_of
from cogmodels.search.scenes import scenes_of_displays
from cogmodels.search.searcher import RT_MS_PER_FIXATION, Rules, SearchModel, count_fixations, search
from cogmodels.search.topdown import LayerPair, TopDown
from cogmodels.stimuli.backbones import Backbone
from cogmodels.stimuli.eccentricity import Sampling

_RULES = ("inhibition", "window_px", "memory", "recognition", "found_px", "threshold", "temperature")


def build_model(options: Mapping[str, Any], experiment: Experiment, seed: int = 0) -> SearchModel:
    """The model that an experiment's options name, with what the displays want.

    Parameters
    ----------
    options : mapping
        As :class:`cogmodels.config.search.SearchExperiment` has them.
    experiment : Experiment
        Where the displays come from.
    seed : int
        Of random weights.
    """
    model = options["model"]
    if model == "chance":
        return Chance()
    if model == "centre_bias":
        return CentreBias()
    if model == "pixel_match":
        return PixelMatch()
    if model == "bayesian":
        names = ("d_prime", "halves_at_deg", "px_per_degree", "choice", "prior")
        return BayesianSearcher(**{name: options[name] for name in names})
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = {key: options[key] for key in ("weights", "pooling", "preprocessing")} | {"seed": seed}
    network["architecture"] = options.get("architecture")
    if options["weights"].startswith("untrained:"):
        network["weights"] = "initial"
    pairs = tuple(LayerPair(**pair) for pair in options["layers"].values())
    plain = Backbone(options["backbone"], **network).to(device)
    if model == "saliency":
        return Saliency(plain, tuple(pair.search for pair in pairs), scale=options["scale"])
    scene = plain
    if options["eccentric"]:
        sampling = Sampling(px_per_degree=options["px_per_degree"] * options["scale"])
        scene = Backbone(options["backbone"], sampling=sampling, **network).to(device)
    return TopDown(
        scene,
        plain,
        pairs,
        blur=options["blur"] or experiment.blur,
        weighted=options["weighted"],
        scale=options["scale"],
    )


def run_search(
    displays: DisplaySet,
    options: Mapping[str, Any],
    *,
    seed: int = 0,
    batch_size: int | None = None,
    progress: Callable[[int], Any] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Search a set of displays.

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
        A Fixations table; its durations are those of the mapping to reaction times, not predictions.
    trials : DataFrame
        experiment, condition, set_size, number, found, n_fixations, rt_ms: a row a display.
    """
    experiment = experiment_of(displays.about)
    rules = Rules(most_fixations=experiment.most_fixations, **{name: options[name] for name in _RULES})
    model = build_model(options, experiment, seed)
    batch_size = batch_size or (16 if torch.cuda.is_available() else 1)
    found = search(model, scenes_of_displays(displays), rules, seed=seed, batch_size=batch_size, progress=progress)
    about = displays.trials.set_index("trial")
    counts = count_fixations(found, about["set_size"].to_numpy())
    trials = about.loc[counts["trial"], ["condition", "set_size", "number"]].reset_index(drop=True)
    trials.insert(0, "experiment", experiment.name)
    trials = trials.assign(**{name: counts[name].to_numpy() for name in ("found", "n_fixations", "rt_ms")})
    seconds = RT_MS_PER_FIXATION / 1000
    mine = found["trial"].to_numpy()
    fixations = pd.DataFrame(
        {
            "subject": "model", "trial": mine, "stimulus": about.loc[mine, "image"].to_numpy(),
            "index": found["index"].to_numpy(), "onset": found["index"].to_numpy() * seconds, "duration": seconds,
            "x": found["x"].to_numpy(float), "y": found["y"].to_numpy(float),
            "target": about.loc[mine, "target"].to_numpy(), "found": found["found"].to_numpy(),
        }
    )  # fmt: skip
    return fixations, trials
