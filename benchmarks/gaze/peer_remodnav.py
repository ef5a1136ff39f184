"""REMoDNaV with its own package."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import inputs, run


def remodnav():
    from remodnav import EyegazeClassifier

    data = inputs("recording")
    samples = np.rec.fromarrays(list(data["left_px"].T), names="x,y")

    def work():
        classifier = EyegazeClassifier(1 / 40.9968, 1000.0)
        events = classifier(classifier.preproc(samples.copy()))
        return np.round([(event["start_time"] * 1000, event["end_time"] * 1000) for event in events])

    return work


if __name__ == "__main__":
    run({"REMoDNaV": (1, remodnav)}, "remodnav")
