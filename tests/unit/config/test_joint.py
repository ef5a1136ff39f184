"""Joint decoders name several pipelines, gaze among them; others still may not."""

import pytest

from cogmodels.config.joint import JointExperiment
from cogmodels.config.load import load_study
from cogmodels.errors import ConfigError

JOINT = {"dataset": "d", "target": "latent", "model": "joint", "pipelines": {"fmri": "bold", "gaze": "looks"}}


def study(**experiments):
    pipelines = {"bold": {"modality": "fmri", "datasets": ["d"]}, "looks": {"modality": "gaze", "datasets": ["d"]},
                 "waves": {"modality": "eeg", "datasets": ["e"]}}  # fmt: skip
    return load_study({"datasets": ["d"], "pipelines": pipelines, "experiments": experiments})


def test_an_ablation_leaves_a_modality_out():
    found = study(one=JOINT, two={"extends": "one", "pipelines": {"gaze": None}}).experiments
    assert isinstance(found["one"], JointExperiment)
    assert found["two"].pipelines == {"fmri": "bold"}
    assert found["one"].is_network


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pipelines": {"fmri": "bolt"}}, "unknown pipeline `bolt`"),
        ({"pipelines": {"fmri": "bold", "eeg": "waves"}}, "does not run on data set `d`"),
        ({"pipelines": {}}, "names no responses"),
        ({"adapt_trials": 0, "protocol": "new_subject"}, "adapt_trials"),
        (
            {"model": "sttm", "pipelines": None, "pipeline": "looks"},
            "unknown key `experiments.one.cross_subject.pipelines`",
        ),
    ],
)
def test_what_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        study(one=JOINT | changes)


def test_gaze_alone_is_for_joint_decoders():
    with pytest.raises(ConfigError, match="makes fixations"):
        study(one={"dataset": "d", "target": "latent", "model": "sttm", "pipeline": "looks"})
