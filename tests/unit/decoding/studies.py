"""Small simulated responses of several people to the same stimuli."""

import numpy as np
import pandas as pd

from cogmodels.decoding.subjects import Targets


def shared_study(signal=1.0, subjects=3, stimuli=40, dimensions=6, widths=(30, 37, 45), repeats=2, noise=1.0, seed=0):
    """Trials and values of each subject, and the targets; the last quarter of the stimuli is for testing."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(stimuli, dimensions))
    names = [f"s{index:03d}" for index in range(stimuli)]
    shown, found = np.tile(np.arange(stimuli), repeats), []
    for number in range(subjects):
        mine, width = np.random.default_rng([seed, number, 5]), widths[number % len(widths)]
        values = signal * (features @ mine.normal(size=(dimensions, width)))[shown]
        values = values + noise * mine.normal(size=values.shape)
        trials = pd.DataFrame({
            "subject": f"{number + 1:02d}", "session": None, "run": np.repeat([str(k) for k in range(repeats)], stimuli),
            "trial": np.arange(len(shown)), "stimulus": [names[index] for index in shown], "label": "x",
            "split": np.where(shown < stimuli * 3 // 4, "train", "test"),
        })  # fmt: skip
        found.append((trials, values.astype(np.float32)))
    return found, Targets(names, features)
