"""Models of every voxel in a config: what cannot be right is refused before any job."""

import pytest

from cogmodels.config.load import load_study
from cogmodels.errors import ConfigError

PIPELINES = {
    "mean": {"modality": "fmri", "datasets": ["mine"]},
    "chosen": {"modality": "fmri", "datasets": ["mine"], "voxels": {"reliability": "ncsnr", "best": 9}},
    "region": {"modality": "fmri", "datasets": ["mine"], "voxels": {"image": "roi.nii.gz"}},
    "ridge": {"modality": "fmri", "datasets": ["mine"], "responses": "D", "high_pass_s": 128.0},
    "gaze": {"modality": "gaze", "datasets": ["mine"]},
}


def study(**sections):
    return load_study({"datasets": ["mine"], "pipelines": PIPELINES, **sections})


def test_searchlights_and_encodings_are_read_and_extended():
    bands = {"all": {"features": "latent"}}
    found = study(
        searchlights={"light": {"dataset": "mine", "pipeline": "region"}},
        encodings={
            "one": {"dataset": "mine", "pipeline": "chosen", "bands": bands},
            "two": {"extends": "one", "bands": {"half": {"features": "latent", "dimensions": [0, 4]}}},
        },
    )
    assert found.searchlights["light"].radius_mm == 9.0
    assert set(found.encodings["two"].bands) == {"all", "half"}
    assert found.encodings["two"].pipeline == "chosen"


@pytest.mark.parametrize(
    ("searchlight", "match"),
    [
        ({"pipeline": "men"}, "did you mean `mean`"),
        ({"pipeline": "gaze"}, "no fmri pipeline"),
        ({"pipeline": "chosen"}, "leaves a run out"),
        ({"pipeline": "ridge"}, "leaves a run out"),
        ({"pipeline": "mean", "radius_mm": 0}, "radius_mm"),
        ({"pipeline": "mean", "radius": 9}, "did you mean `radius_mm`"),
    ],
)
def test_searchlights_that_cannot_be_are_refused(searchlight, match):
    with pytest.raises(ConfigError, match=match):
        study(searchlights={"light": {"dataset": "mine", **searchlight}})


@pytest.mark.parametrize(
    ("bands", "match"),
    [({}, "bands"), ({"a": {"features": "latent", "dimensions": [4, 4]}}, "first lies before the last")],
)
def test_bands_that_cannot_be_are_refused(bands, match):
    with pytest.raises(ConfigError, match=match):
        study(encodings={"one": {"dataset": "mine", "pipeline": "mean", "bands": bands}})


def test_two_models_of_one_name_are_refused():
    one = {"dataset": "mine", "pipeline": "mean"}
    with pytest.raises(ConfigError, match="has this name"):
        study(searchlights={"one": one}, encodings={"one": {**one, "bands": {"all": {"features": "latent"}}}})
