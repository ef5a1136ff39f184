"""Scores of decoded features in both directions, their chance, and the control with other brains."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.decoding.score import retrieval_matrices, score_features, score_labels
from cogmodels.decoding.units import people_units, unit_scores
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


def means_of(units):
    return units.groupby("metric")["value"].mean()


@pytest.mark.parametrize(("subjects", "unit", "n"), [(1, "stimulus", 8), (3, "subject", 3)])
def test_units_of_retrieval_have_the_scores_as_their_means(subjects, unit, n):
    features = np.random.default_rng(1).normal(size=(8, 5))
    table, names = predictions(features, 2.0, subjects=subjects)
    both = pd.concat([table.assign(seed=0), predictions(features, 2.0, subjects=subjects, seed=9)[0].assign(seed=1)])
    scores = score_features(both, names, features, permutations=9, bootstrap=9).set_index("metric")
    units = unit_scores(both, names, features)
    assert set(units["unit_of_n"]) == {unit}
    assert (units.groupby("metric").size() == n).all()
    pd.testing.assert_series_equal(means_of(units)[scores.index], scores["value"], check_names=False)


@pytest.mark.parametrize(("subjects", "unit", "n"), [(1, "run", 3), (4, "subject", 4)])
def test_units_of_labels_have_the_accuracy_as_their_mean(subjects, unit, n):
    rng = np.random.default_rng(2)
    # Runs of unequal length, two seeds.
    runs = np.repeat(["1", "2", "3"], [4, 6, 8])
    tables = [
        pd.DataFrame(
            {
                "subject": f"0{subject}", "session": None, "run": runs, "trial": range(18), "seed": seed,
                "label": rng.choice(["a", "b"], 18), "predicted": rng.choice(["a", "b"], 18),
            }
        )
        for subject in range(subjects)
        for seed in (0, 1)
    ]  # fmt: skip
    for first, again in zip(tables[::2], tables[1::2], strict=True):
        again["label"] = first["label"]
    table = pd.concat(tables, ignore_index=True)
    units = unit_scores(table)
    assert units["unit_of_n"].tolist() == [unit] * n
    assert means_of(units)["accuracy"] == pytest.approx(
        score_labels(table, permutations=9, bootstrap=9)["value"].iloc[0]
    )


def test_units_of_people_are_their_scores():
    people = pd.DataFrame({"roc_auc": [0.5, 0.75]}, index=pd.Index(["01", "02"], name="subject"))
    assert people_units(people)[["unit", "value"]].to_numpy().tolist() == [["01", 0.5], ["02", 0.75]]
