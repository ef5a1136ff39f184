"""Alignments across subjects: what goes together, and what would let test trials in."""

import copy

import pytest
from pydantic import ValidationError

from cogmodels.config.alignment import Alignment
from cogmodels.config.base import read_yaml
from cogmodels.config.load import load_study
from cogmodels.errors import ConfigError

NAMED = {"dataset": "sim-study", "pipeline": "trial-mean"}
DECODER = {
    "family": "decoding", "dataset": "sim-study", "pipeline": "trial-mean", "target": "latent", "model": "ridge",
    "protocol": "held_out_stimuli", "alignment": "shared",
}  # fmt: skip


def study(root, **changed):
    content = copy.deepcopy(read_yaml(root / "config/config.yaml"))
    content["alignments"] = {"shared": dict(NAMED)}
    content["experiments"]["aligned"] = {**DECODER, **changed}
    return content


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"scope": "parcels"}, "needs `parcels`"),
        ({"parcels": "rois.nii.gz"}, "needs `parcels`"),
        ({"scope": "searchlight"}, "spheres overlap"),
        ({"method": "none"}, "srm"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, what):
    with pytest.raises(ValidationError, match=what):
        Alignment(**NAMED, **options)


def test_a_decoder_may_read_aligned_responses_of_its_own_pipeline(root):
    assert load_study(study(root)).experiments["aligned"].alignment == "shared"
    with pytest.raises(ConfigError, match=r"`shred` aligns no responses.*`shared`"):
        load_study(study(root, alignment="shred"))
    with pytest.raises(ConfigError, match="aligns no responses"):
        load_study(study(root, dataset="sim-null"))


def test_other_protocols_would_know_the_space_from_what_is_tested(root):
    with pytest.raises(ConfigError, match="known from what is tested"):
        load_study(study(root, protocol="leave_one_subject_out"))


def test_a_pipeline_of_another_data_set_is_refused(root):
    content = study(root)
    content["alignments"]["shared"]["pipeline"] = "block-1slice"
    with pytest.raises(ConfigError, match="no fmri pipeline `block-1slice`"):
        load_study(content)
