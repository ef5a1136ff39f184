"""Adaptation curves: the paired difference of two experiments, and pairs that cannot be compared."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.config.adaptation import AdaptationCurve, check_adaptation
from cogmodels.config.decoding import CrossSubjectExperiment
from cogmodels.decoding.adaptation import adaptation_scores, compare_adaptation
from cogmodels.decoding.score import score_features
from cogmodels.errors import ConfigError, DataError
from cogmodels.report.adaptation import plot_adaptation

FEATURES = np.random.default_rng(0).normal(size=(30, 8))
NAMES = [f"s{index}" for index in range(30)]


def predictions(noise, seed, subjects=("01", "02", "03", "04", "05")):
    rng = np.random.default_rng(seed)
    return pd.DataFrame([
        {
            "subject": subject, "session": None, "run": "1", "trial": index, "stimulus": NAMES[index],
            "predicted": FEATURES[index] + noise * rng.normal(size=8),
        }
        for subject in subjects for index in range(30)
    ])  # fmt: skip


def test_the_gain_is_the_difference_of_the_scores_and_nothing_where_there_is_none():
    better, worse, again = predictions(1.0, 1), predictions(3.0, 2), predictions(3.0, 3)
    table = compare_adaptation([(50, better, worse), (400, again, worse)], NAMES, FEATURES, bootstrap=300)
    table = table.set_index(["metric", "n_trials"])
    for name, one in (("pretrained", better), ("scratch", worse)):
        scored = score_features(one, NAMES, FEATURES, permutations=99, bootstrap=100).set_index("metric")
        for metric in ("two_way", "retrieval_top1", "brain_retrieval_top1"):
            assert table.loc[(metric, 50), name] == pytest.approx(scored.loc[metric, "value"])
    row, none = table.loc[("two_way", 50)], table.loc[("two_way", 400)]
    assert row["gain"] == pytest.approx(row["pretrained"] - row["scratch"])
    assert row["gain_ci_low"] > 0
    assert row["p"] == pytest.approx(2**-5)
    assert none["gain_ci_low"] < 0 < none["gain_ci_high"]
    assert none["p"] > 2**-5
    scores = adaptation_scores(table.reset_index(), {50: "few", 400: "many"})
    assert scores["experiment"].tolist() == ["few", "many"]
    assert scores["value"].tolist() == [row["gain"], none["gain"]]
    figure = plot_adaptation(table.reset_index(), title="T")
    assert len(figure.axes) == 6


def test_other_subjects_are_refused():
    with pytest.raises(DataError, match="50 trials: the subjects or test stimuli"):
        compare_adaptation([(50, predictions(1, 0), predictions(1, 0, ("01", "02")))], NAMES, FEATURES)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"adapt_trials": 50}, "`a` and `b` differ in `adapt_trials`"),
        ({"protocol": "held_out_stimuli", "pretrain": True}, "`b` is no experiment of the protocol `new_subject`"),
    ],
)
def test_pairs_that_cannot_be_compared_are_refused(changes, message):
    shared = {"dataset": "d", "pipeline": "p", "target": "latent", "model": "mindbridge", "protocol": "new_subject"}
    one = CrossSubjectExperiment(**shared)
    curves = {"few": AdaptationCurve(pretrained=["a"], scratch=["b"])}
    check_adaptation(curves, {"a": one, "b": CrossSubjectExperiment(**shared, pretrain=False)}, "study")
    other = CrossSubjectExperiment(**shared | {"pretrain": False} | changes)
    with pytest.raises(ConfigError, match=message):
        check_adaptation(curves, {"a": one, "b": other}, "study")
    with pytest.raises(ConfigError, match="`b` is no experiment"):
        check_adaptation(curves, {"a": one}, "study")
    with pytest.raises(ValueError, match="name them in pairs"):
        AdaptationCurve(pretrained=["a"], scratch=["b", "c"])
