"""Decoding over time as tables: of a subject, of people together, and drawn."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.config.study import EegPipeline
from cogmodels.eeg.time_scores import average_scores, decode_classes
from cogmodels.errors import DataError
from cogmodels.report.time_decoding import plot_time_decoding

TIMES = np.arange(-2, 8) / 10
CLASSES = {"animal": ["cat", "dog"], "thing": ["chair"]}


def subject(seed: int, gain: float = 2.0, n: int = 60):
    """Trials of four conditions; animals differ from chairs from 0.2 to 0.5 s, clouds from all always."""
    rng = np.random.default_rng(seed)
    labels = np.array(["cat", "dog", "chair", "cloud"])[np.arange(n) % 4]
    values = rng.normal(0, 1, (n, 6, len(TIMES)))
    values[:, 0, 4:8] += gain * np.isin(labels, ("cat", "dog"))[:, None]
    values[:, 1] += 5.0 * (labels == "cloud")[:, None]
    trials = pd.DataFrame({"label": labels, "stimulus": [f"s{k}" for k in range(n)], "run": np.arange(n) // 15})
    return values, trials


@pytest.fixture(scope="module")
def people():
    return {f"{seed:02d}": decode_classes(*subject(seed), TIMES, CLASSES) for seed in range(7)}


def test_scores_of_classes_rise_where_they_differ(people):
    mean = np.mean([table["score"] for table in people.values()], axis=0)
    assert (mean[4:8] > 0.8).all()
    assert (np.abs(mean[[0, 1, 2, 3, 8, 9]] - 0.5) < 0.12).all()
    values, trials = subject(0)
    flipped = decode_classes(values, trials, TIMES, dict(reversed(CLASSES.items())))
    np.testing.assert_allclose(flipped["score"], people["00"]["score"], atol=1e-9)


def test_all_pairs_of_times_are_rows(people):
    values, trials = subject(0)
    square = decode_classes(values, trials, TIMES, CLASSES, generalise=True)
    assert len(square) == len(TIMES) ** 2
    diagonal = square[square["train_time"] == square["time"]]
    np.testing.assert_allclose(diagonal["score"], people["00"]["score"], atol=1e-9)
    # A lasting pattern: the classifier of 0.3 s works at 0.5 s, not at -0.2 s.
    at = square.set_index(["train_time", "time"])["score"]
    assert at[0.3, 0.5] > 0.75
    assert abs(at[0.3, -0.2] - 0.5) < 0.25


def test_people_together_have_intervals_chance_and_clusters(people):
    curve, clusters = average_scores(people, permutations=127)
    assert curve["significant"].to_numpy()[4:8].all()
    assert curve["significant"].sum() <= 6
    assert (curve["chance"] == 0.5).all()
    assert (curve["n_subjects"] == 7).all()
    assert ((curve["ci_low"] < curve["mean"]) & (curve["mean"] < curve["ci_high"])).all()
    assert clusters["p"].min() < 0.05
    assert clusters["p"].min() >= 1 / 128
    nothing, none = average_scores(
        {str(seed): decode_classes(*subject(seed, gain=0.0), TIMES, CLASSES) for seed in range(6)}, permutations=127
    )
    assert nothing["mean"].max() < 0.75
    assert not nothing["significant"].any() or none["p"].min() > 0.01


def test_wrong_conditions_times_and_too_few_people_are_named(people):
    values, trials = subject(0)
    with pytest.raises(DataError, match="subject 7: there is no trial of condition `bird`; there are cat, chair"):
        decode_classes(values, trials, TIMES, {"a": ["bird"], "b": ["cat"]}, where="subject 7")
    with pytest.raises(DataError, match="subject 7: a condition has 4 groups for 5 folds"):
        decode_classes(values, trials, TIMES, CLASSES, groups="run", where="subject 7")
    with pytest.raises(DataError, match=r"subject 03: its 9 times are not those of subject 00 \(10\)"):
        average_scores(people | {"03": people["03"][:-1]})
    with pytest.raises(DataError, match="4 subjects"):
        average_scores(dict(list(people.items())[:4]))


@pytest.mark.parametrize("generalise", [False, True])
def test_figures_are_drawn(people, generalise):
    tables = people
    if generalise:
        tables = {
            name: pd.DataFrame({
                "train_time": np.repeat(TIMES, 10), "time": np.tile(TIMES, 10), "score": np.outer(one["score"], np.ones(10)).ravel()
            })
            for name, one in people.items()
        }  # fmt: skip
    curve, clusters = average_scores(tables, permutations=127)
    figure = plot_time_decoding(curve, clusters, CLASSES, title="SIMULATED")
    assert "animal (cat, dog) against thing (chair)\n7 people" in figure.axes[0].get_title(loc="left")
    with pytest.raises(DataError, match="there is no time"):
        plot_time_decoding(curve[:0], clusters, CLASSES)


@pytest.mark.parametrize(
    "classes", [{"a": ["x"]}, {"a": ["x"], "b": []}, {"a": ["x"], "b": ["x"]}, {"a": ["x"], "b": ["y"], "c": ["z"]}]
)
def test_classes_are_two_and_apart(classes):
    with pytest.raises(ValueError, match="must be two"):
        EegPipeline(datasets=["a"], time_decoding={"x": {"classes": classes}})


def test_autoreject_beside_decoding_over_time_is_refused():
    with pytest.raises(ValueError, match="`autoreject` would have seen them"):
        EegPipeline(datasets=["a"], time_decoding={"x": {"classes": CLASSES}}, autoreject="global")
