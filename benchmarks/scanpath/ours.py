"""With cogmodels: all scanpaths of an image at once, keys and values kept; feature maps from the cache."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from maps import reader
from network import flat, untrained
from timing import inputs, run
from training import together, training


def prepare():
    data = inputs("sampling")
    model, pictures = untrained(data)

    def work():
        return flat(model.sample_with(pictures, 0, np.asarray(data["draws"])))

    return work


if __name__ == "__main__":
    tasks = {"sampling": (3, prepare), "training": (3, lambda: training(together))}
    run({**tasks, "features": (3, lambda: reader(known=True))}, "cogmodels")
