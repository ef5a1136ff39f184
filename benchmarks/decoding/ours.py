"""Decoding with cogmodels: steps of all subjects at once from mapped responses; ridge that shares what alphas share."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))
from timing import inputs, run

ALPHAS, FOLDS = np.logspace(0, 5, 10), 5


def ridge_scores(values, targets):
    """Best mean R2 (n_targets,) over folds of all strengths: one eigendecomposition a fold, a product a strength."""
    from sklearn.model_selection import KFold

    scores = np.zeros((len(ALPHAS), targets.shape[1]), np.float32)
    for train, held in KFold(FOLDS).split(values):
        centre, offset = values[train].mean(axis=0), targets[train].mean(axis=0)
        inside, outside = values[train] - centre, values[held] - centre
        eigenvalues, basis = np.linalg.eigh((inside.T @ inside).astype(np.float64))
        basis = basis.astype(np.float32)
        rotated, projected = (inside @ basis).T @ (targets[train] - offset), outside @ basis
        wished = targets[held] - offset
        total = ((targets[held] - targets[held].mean(axis=0)) ** 2).sum(axis=0)
        for row, alpha in enumerate(ALPHAS):
            rest = (projected / (eigenvalues + alpha).astype(np.float32)) @ rotated
            rest -= wished
            scores[row] += 1 - np.einsum("ij,ij->j", rest, rest) / total
    return (scores / FOLDS).max(axis=0)


def ridge():
    data = inputs("ridge")
    return lambda: ridge_scores(data["values"], data["targets"])


def step():
    from steps import prepare

    return prepare(mapped=True, together=True)


if __name__ == "__main__":
    run({"training step": (3, step), "cross-validated ridge": (3, ridge)}, "cogmodels")
