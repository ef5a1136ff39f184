"""Every model of sequences of objects, by the name that a study's config gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cogmodels.config.objects import ObjectRecipe
from cogmodels.scanpath.objects.model import ObjectModel
from cogmodels.scanpath.objects.models.anywhere import AnyObject
from cogmodels.scanpath.objects.models.markov import GuidedMarkov, MarkovObject
from cogmodels.scanpath.objects.models.nearest_object import NearestObject

#: Those that do without torch, whose import takes longer than most of them.
BASELINES = {
    "any_object": AnyObject,
    "nearest_object": NearestObject,
    "markov_object": MarkovObject,
    "guided_object": GuidedMarkov,
}


def make_model(config: Mapping[str, Any]) -> ObjectModel:
    """The model of a resolved config (``ObjectExperiment.config``)."""
    if config["model"] in BASELINES:
        return BASELINES[config["model"]]()
    from cogmodels.scanpath.objects.models.oat import Oat

    return Oat(config["options"], ObjectRecipe(**config["recipe"]))
