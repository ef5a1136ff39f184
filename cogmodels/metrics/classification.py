"""Scores of predicted labels."""

from __future__ import annotations

import numpy as np


def accuracy(true: np.ndarray, predicted: np.ndarray) -> float:
    """Share of trials whose label is predicted; both arrays (n_trials,). Chance is the largest class share."""
    true, predicted = np.asarray(true), np.asarray(predicted)
    return float(np.mean(true == predicted))


def balanced_accuracy(true: np.ndarray, predicted: np.ndarray) -> float:
    """Mean over the classes present in ``true`` of the recall; both arrays (n_trials,). Chance is 1 / classes."""
    true, predicted = np.asarray(true), np.asarray(predicted)
    return float(np.mean([np.mean(predicted[true == name] == name) for name in np.unique(true)]))


def confusion_matrix(true: np.ndarray, predicted: np.ndarray, labels: list[str]) -> np.ndarray:
    """Counts (n_labels, n_labels): row = true label, column = predicted label, both in the order of ``labels``."""
    index = {name: position for position, name in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, ([index[name] for name in true], [index[name] for name in predicted]), 1)
    return counts
