"""Scanpath experiments: what is checked before a job runs."""

import pytest

from cogmodels.config.load import load_study
from cogmodels.config.objects import ObjectExperiment
from cogmodels.config.scanpath import ScanpathExperiment
from cogmodels.errors import ConfigError

FEATURES = {"fine": {"dataset": "osie", "images": "stimuli/*.jpg", "layers": ["block10"], "grid": [24, 32]}}
SETS = {"all": {"dataset": "osie"}, "others": {"dataset": "elsewhere"}}
NET = {"family": "scanpath", "dataset": "osie", "fixations": "all", "model": "transformer", "features": ["fine"]}


def study(**changes):
    config = {"study": "s", "datasets": ["osie"], "features": FEATURES, "scanpath_sets": SETS}
    return load_study(config | {"experiments": {"net": NET | changes}})


def test_a_network_names_its_fixations_and_features():
    one = study().experiments["net"]
    assert one.folds == "all"
    assert one.config()["options"]["width"] == 64
    assert "options" not in study(model="markov", features=[]).experiments["net"].config()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fixations": "al"}, "`al` is not known of data set `osie`"),
        ({"fixations": "others"}, "`others` is not known of data set `osie`"),
        ({"features": ["coarse"]}, "`coarse` is not known"),
        ({"features": []}, "looks at images"),
        ({"model": "markov"}, "does not look at images"),
        ({"transformer": {"width": 30}}, "multiple of `heads`"),
    ],
)
def test_what_cannot_be_is_refused(changes, said):
    with pytest.raises(ConfigError, match=said):
        study(**changes)


def test_features_need_a_grid_and_generation_a_network():
    config = {"study": "s", "datasets": ["osie"], "scanpath_sets": SETS, "experiments": {"net": NET}}
    with pytest.raises(ConfigError, match="have no `grid`"):
        load_study(config | {"features": {"fine": FEATURES["fine"] | {"grid": None}}})
    generated = {"mine": {"images": "mine/*.jpg", "experiment": "none"}}
    with pytest.raises(ConfigError, match="no scanpath experiment with a network"):
        load_study(config | {"features": FEATURES, "generated_scanpaths": generated})


OBJECTS = {"family": "scanpath", "dataset": "osie", "objects": "shelf", "model": "oat"}
SHELF = {"shelf": {"dataset": "osie", "grid": [2, 3]}, "others": {"dataset": "elsewhere", "grid": [2, 3]}}


def objects(sets=None, **changes):
    config = {"study": "s", "datasets": ["osie"], "object_sets": sets or SHELF}
    return load_study(config | {"experiments": {"one": OBJECTS | changes}}).experiments["one"]


def test_models_of_objects_are_told_by_their_model():
    assert isinstance(objects(), ObjectExperiment)
    assert objects().config()["options"]["width"] == 512
    assert "options" not in objects(model="markov_object").config()
    assert isinstance(study().experiments["net"], ScanpathExperiment)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"objects": "shelv"}, "did you mean `shelf`"),
        ({"objects": "others"}, "`others` is not known of data set `osie`"),
        ({"sets": {"shelf": {"dataset": "osie"}}}, "name either `grid` or `objects`"),
        ({"oat": {"width": 50}}, "multiple of `heads`"),
        ({"oat": {"attention": {"encoder": "hilo"}}}, "needs a grid"),
    ],
)
def test_what_cannot_be_of_objects_is_refused(changes, said):
    with pytest.raises(ConfigError, match=said):
        objects(**changes)
