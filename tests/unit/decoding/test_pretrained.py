"""Pretraining that is read instead of being done again: the same bits, refused where it is another's."""

import numpy as np
import pytest

from cogmodels.config.adaptation import check_pretrained
from cogmodels.config.decoding import CrossSubjectExperiment
from cogmodels.config.training import Recipe
from cogmodels.decoding.cross_subject import Plan, train_cross_subject
from cogmodels.errors import ConfigError, DataError
from tests.unit.decoding.studies import shared_study

RECIPE = Recipe(
    learning_rate=5e-3, decay_vectors=False, schedule="one_cycle", epochs=3, batch_size=16, accelerator="cpu"
)
OPTIONS = {"pooling": "linear", "pooled": 16, "hidden": 16, "bottleneck": 2, "blocks": 1, "mse_weight": 10.0}
SHARED = {"dataset": "d", "pipeline": "p", "target": "latent", "protocol": "new_subject"}


def run(folder, trials, pretrained=None, **changes):
    subjects, targets = shared_study(signal=3.0)
    plan = Plan(
        "mindbridge",
        "new_subject",
        recipe=RECIPE,
        adaptation=RECIPE,
        adapt_trials=trials,
        **{"options": OPTIONS} | changes,
    )
    return train_cross_subject(subjects, targets, plan, folds=["sub-03"], folder=folder, pretrained=pretrained)


@pytest.mark.parametrize("source", [0, 40])
def test_what_is_read_gives_the_bits_of_what_is_trained(tmp_path, source):
    """From a run of zero-shot decoding, and from one that was adapted by more trials."""
    whole = run(tmp_path / "whole", 30)
    again = run(tmp_path / "again", 30, run(tmp_path / "source", source).weights)
    assert whole.weights.keys() == again.weights.keys()
    assert all(np.array_equal(array, again.weights[name]) for name, array in whole.weights.items())
    assert np.array_equal(np.stack(whole.predictions["predicted"]), np.stack(again.predictions["predicted"]))
    # What was not trained leaves no curve.
    assert list(whole.curves["stage"]) == ["train"] * 3 + ["adapt"] * 3
    assert whole.curves.query("stage == 'adapt'").reset_index(drop=True).equals(again.curves)
    assert list(again.choices["stage"]) == ["adapt"]
    assert whole.stimuli.equals(again.stimuli)
    assert not (tmp_path / "again" / "sub-03_draw-0" / "train").exists()


def test_weights_of_another_network_are_refused(tmp_path):
    with pytest.raises(DataError, match="another network"):
        run(tmp_path, 30, {"sub-03/net/image_head.weight": np.zeros((2, 2), np.float32)})


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"mindbridge": {"hidden": 8}}, "differ in `mindbridge`"),
        ({"recipe": {"epochs": 7}}, "differ in `recipe`"),
        ({"seeds": [0, 1]}, "differ in `seeds`"),
        ({"pretrain": False}, "`a` is no experiment that is trained"),
        ({"model": "subject_ridge"}, "differ in `model`"),
    ],
)
def test_only_the_trials_of_the_new_subject_may_differ(changes, refusal):
    def one(**options):
        return CrossSubjectExperiment(**SHARED | {"model": "mindbridge"} | options)

    reader = one(adapt_trials=100, pretrained="a", adaptation={"epochs": 9})
    check_pretrained({"a": one(adapt_trials=0), "b": reader}, "study")
    with pytest.raises(ConfigError, match=refusal):
        check_pretrained({"a": one(**changes), "b": reader}, "study")
    with pytest.raises(ConfigError, match="`a` is no experiment"):
        check_pretrained({"b": reader}, "study")
    with pytest.raises(ConfigError, match="`a` is no experiment"):
        check_pretrained({"a": reader, "b": reader}, "study")


@pytest.mark.parametrize(
    "changes",
    [{"protocol": "held_out_stimuli"}, {"pretrain": False}, {"adapt_trials": 0}, {"model": "subject_ridge"}, {"draws": 2, "control": "shuffled_labels"}],
)  # fmt: skip
def test_it_belongs_to_networks_that_are_adapted(changes):
    with pytest.raises(ValueError, match="`pretrained`"):
        CrossSubjectExperiment(**SHARED | {"model": "mindbridge", "pretrained": "a"} | changes)
