"""The EEG benchmarks with scikit-learn: a loop over epochs."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import inputs, run


def noise_normalisation():
    from scipy.linalg import eigh
    from sklearn.covariance import ledoit_wolf

    values = inputs("epochs")["values"]

    def work():
        covariance = np.mean([ledoit_wolf(epoch.T)[0] for epoch in values], axis=0)
        variances, vectors = eigh(covariance)
        return (vectors / np.sqrt(variances)) @ vectors.T

    return work


if __name__ == "__main__":
    run({"noise normalisation": (3, noise_normalisation)}, "scikit-learn")
