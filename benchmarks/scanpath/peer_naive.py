"""The same without caches: one scanpath after the other, image and history anew at each step; features read anew."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))
from maps import reader
from network import flat, untrained
from timing import inputs, run
from training import one_by_one, training


def prepare():
    data = inputs("sampling")
    model, pictures = untrained(data)

    def work():
        draws = np.asarray(data["draws"])
        one_by_one = (
            model.sample_with(pictures, 0, draws[:, n : n + 1], cached=False)[0] for n in range(draws.shape[1])
        )
        return flat(list(one_by_one))

    return work


if __name__ == "__main__":
    tasks = {"sampling": (1, prepare), "training": (1, lambda: training(one_by_one))}
    run({**tasks, "features": (1, lambda: reader(known=False))}, "torch")
