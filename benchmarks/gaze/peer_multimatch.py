"""MultiMatch with multimatch-gaze."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import inputs, run


def multimatch(grouping=False):
    from multimatch_gaze import docomparison

    names = "start_x,start_y,duration"
    first, second = (
        [np.rec.fromarrays(list(path.T), names=names) for path in paths] for paths in inputs("scanpaths")["paths"]
    )
    options = {"grouping": True, "TDir": 45.0, "TDur": 0.3, "TAmp": 146.8} if grouping else {}

    def work():
        found = []
        for one, two in zip(first, second, strict=True):
            try:
                found.append(docomparison(one, two, [1280, 720], **options))
            except IndexError:
                found.append([np.nan] * 5)
        return found

    return work


if __name__ == "__main__":
    run(
        {"MultiMatch": (5, multimatch), "MultiMatch, grouped": (5, lambda: multimatch(grouping=True))},
        "multimatch-gaze",
    )
