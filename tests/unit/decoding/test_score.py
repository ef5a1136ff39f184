"""Scores of decoded features in both directions, their chance, and the control with other brains."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.decoding.score import retrieval_matrices, score_features
from cogmodels.errors import DataError


def predictions(features, noise, subjects=2, seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for subject in range(subjects):
        for index, vector in enumerate(features):
            rows.append({"subject": str(subject), "session": None, "run": "1", "trial": index, "stimulus": f"s{index}"})
            rows[-1]["predicted"] = vector + noise * rng.normal(size=len(vector))
    return pd.DataFrame(rows), [f"s{index}" for index in range(len(features))]


def test_brains_of_other_stimuli_are_at_chance_and_small_pools_appear_with_many_candidates():
    features = np.random.default_rng(1).normal(size=(310, 12))
    table, names = predictions(features, 1.0)
    scores = score_features(table, names, features, permutations=99, bootstrap=100).set_index("metric")
    assert scores.loc["retrieval_top1_of_300", "chance"] == pytest.approx(1 / 300)
    assert scores.loc["brain_retrieval_top5", "chance"] == pytest.approx(5 / 310)
    assert scores.loc["brain_retrieval_top5_of_300", "value"] >= scores.loc["brain_retrieval_top5", "value"]
    assert (scores["shuffled_brain"] - scores["chance"]).abs().max() < 0.01
    assert (scores["value"] > 3 * scores["shuffled_brain"].clip(lower=0.01)).drop("two_way").all()


def test_the_directions_differ_as_they_should():
    # Everything decoded looks like the first stimulus: it is found by one brain of four, each brain finds it.
    features = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]])
    table, names = predictions(features, 0.0, subjects=1)
    table["predicted"] = [features[0] * 3 + (0.5 - 0.1 * k) * vector for k, vector in enumerate(features)]
    found = retrieval_matrices(table, names, names, features)
    np.testing.assert_array_equal(np.diagonal(found["retrieval_top1"]), [1, 0, 0, 0])
    assert np.diagonal(found["brain_retrieval_top1"]).sum() == 4


def test_a_prediction_that_is_not_finite_is_refused():
    features = np.eye(6)
    table, names = predictions(features, 0.1)
    table.at[7, "predicted"] = np.full(6, np.nan)
    with pytest.raises(DataError, match="subject 1: 1 predictions hold values that are not finite"):
        score_features(table, names, features, permutations=99, bootstrap=100)
