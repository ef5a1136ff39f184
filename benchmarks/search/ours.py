"""The search benchmarks with cogmodels."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import inputs, run

LAYERS = ("block3_expand", "block5_expand", "block11_expand")


def task(name):
    def prepare():
        from cogmodels.search.scenes import Scenes
        from cogmodels.search.searcher import Rules, search
        from cogmodels.search.topdown import LayerPair, TopDown
        from cogmodels.stimuli.backbones import Backbone
        from cogmodels.stimuli.eccentricity import Sampling

        data = inputs(name)
        scenes = Scenes(
            data["images"], (data["target"],), np.zeros(len(data["images"]), int), data["cells"][data["found"]],
            data["cells"], int(data["background"]),
        )  # fmt: skip
        blur = tuple((int(size), float(sigma)) for size, sigma in data["blur"])
        pairs = tuple(LayerPair(layer, layer) for layer in LAYERS)
        plain, eccentric = Backbone(), Backbone(sampling=Sampling())

        def work():
            model = TopDown(eccentric, plain, pairs, blur=blur)
            found = search(model, scenes, Rules(most_fixations=int(data["most"])), batch_size=1)
            return found[["trial", "y", "x"]].to_numpy()

        return work

    return prepare


if __name__ == "__main__":
    run(
        {
            "eccNET 806 px": (3, task("curvature")),
            "eccNET 524 px": (3, task("lighting")),
            "eccNET 1358 px": (3, task("t-l")),
        },
        "cogmodels",
    )
