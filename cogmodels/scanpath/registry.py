"""Every scanpath model, by the name that a study's config gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cogmodels.scanpath.model import ScanpathModel
from cogmodels.scanpath.models.centre_bias import CentreBias
from cogmodels.scanpath.models.human_shuffled import HumanShuffled
from cogmodels.scanpath.models.markov import Markov
from cogmodels.scanpath.models.nearest_image import NearestImage
from cogmodels.scanpath.models.uniform import Uniform

#: Those that do without torch, whose import takes longer than most of them.
BASELINES = {
    "uniform": Uniform,
    "centre_bias": CentreBias,
    "markov": Markov,
    "human_shuffled": HumanShuffled,
    "nearest_image": NearestImage,
}


def make_model(config: Mapping[str, Any]) -> ScanpathModel:
    """The model of a resolved config (``ScanpathExperiment.config``)."""
    if config["model"] in BASELINES:
        return BASELINES[config["model"]](config["cell_px"])
    if config["model"] == "saliency":
        from cogmodels.scanpath.models.saliency import Saliency

        return Saliency(config["cell_px"])
    from cogmodels.config.scanpath import ScanpathRecipe
    from cogmodels.scanpath.network import Transformer

    return Transformer(config["cell_px"], options=config["options"], recipe=ScanpathRecipe(**config["recipe"]))
