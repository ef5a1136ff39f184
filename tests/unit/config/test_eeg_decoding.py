"""Decoders of EEG in new people in a study's config."""

import pytest

from cogmodels.config.eeg_decoding import EegDecodingExperiment
from cogmodels.config.load import load_study
from cogmodels.errors import ConfigError


def study(**experiment):
    one = {"dataset": "d", "pipeline": "e", "model": "lda", "classes": {"a": ["x"], "b": ["y"]}} | experiment
    return {
        "datasets": ["d"],
        "pipelines": {"e": {"modality": "eeg", "datasets": ["d"]}, "f": {"modality": "fmri", "datasets": ["d"]}},
        "experiments": {"one": one, "two": {"extends": "one", "channels": "eog"}},
        "decoder_comparisons": {"c": {"reference": "one", "experiments": ["two"]}},
    }


def test_the_model_tells_the_kind_and_a_run_depends_on_its_own_options():
    found = load_study(study(model="eegnet"))
    assert isinstance(found.experiments["one"], EegDecodingExperiment)
    assert set(found.experiments["one"].config()["options"]) == {"eegnet"}
    assert "candidates" not in found.experiments["one"].config()
    assert set(load_study(study()).experiments["two"].config()["options"]) == {"lda", "tangent_space"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": {"a": ["x"]}}, "must be two or more"),
        ({"classes": {"a": ["x"], "b": ["x", "y"]}}, "none in two of them"),
        ({"target": "latent"}, "for model `nice`"),
        ({"draws": 3}, "belongs to a control"),
        ({"model": "nice", "candidates": [{"alignment": "none"}]}, "`candidates` are of classifiers"),
        ({"combine": "mean", "candidates": [{"alignment": "none"}]}, "of two or more `candidates`"),
        ({"model": "tangent_space", "refits": 9}, "`refits` are of `lda`"),
        ({"baseline_s": [0.2, 0.1]}, "the start must lie before the end"),
        ({"model": "eegconformer", "eegconformer": {"heads": 3}}, "3 heads do not divide 40 filters"),
        ({"pipeline": "f"}, "decodes epochs, pipeline `f` makes none"),
    ],
)
def test_what_cannot_be_is_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        load_study(study(**change))


def test_comparisons_are_of_the_same_classes():
    wrong = study()
    wrong["experiments"]["two"]["classes"] = {"c": ["z"]}
    with pytest.raises(ConfigError, match="`two` has another data set or other classes than `one`"):
        load_study(wrong)
    wrong["decoder_comparisons"]["c"]["experiments"] = ["too"]
    with pytest.raises(ConfigError, match="`too` decodes no classes of EEG .did you mean `two`"):
        load_study(wrong)
