"""Diets in a study: what they refuse, and what experiments may ask of them."""

import copy

import pytest

from cogmodels.config.defaults import DEFAULT_STUDY
from cogmodels.config.load import load_study
from cogmodels.config.training import FolderImages, Recipe
from cogmodels.errors import ConfigError

SEARCH = {
    "family": "search", "dataset": "asymmetry-small", "backbone": "vgg16", "weights": "diet:above", "pooling": "average",
    "layers": {"low": {"target": "block3_pool", "search": "block3_conv3"}},
}  # fmt: skip


def study(**changes):
    content = copy.deepcopy(DEFAULT_STUDY)
    content["diets"] = {
        "above": {"images": {"kind": "shaded"}, "seeds": [0, 1]},
        "turned": {"extends": "above", "manipulation": "rotated90"},
    }
    content["experiments"] |= {
        "on-above": copy.deepcopy(SEARCH),
        "on-turned": {"extends": "on-above", "weights": "diet:turned"},
    }
    for path, value in changes.items():
        section = content
        *above, last = path.split("__")
        for key in above:
            section = section.setdefault(key, {})
        section[last] = value
    return content


def test_the_defaults_are_the_published_recipe():
    recipe, folder = Recipe(), FolderImages(path="x")
    assert (recipe.optimizer, recipe.learning_rate, recipe.weight_decay) == ("adamw", 1e-4, 1e-5)
    assert (recipe.epochs, recipe.batch_size, recipe.schedule) == (60, 150, "constant")
    assert (folder.resize_px, folder.crop_px, folder.flip) == (256, 224, True)


def test_a_diet_may_extend_another_and_changes_what_it_names():
    loaded = load_study(study())
    assert loaded.diets["turned"].manipulation == "rotated90"
    assert loaded.diets["turned"].seeds == [0, 1]
    assert "seeds" not in loaded.diets["turned"].config()
    assert loaded.experiments["on-turned"].diet == "turned"
    assert loaded.experiments["eccnet"].diet is None
    assert (
        load_study(study(experiments__s=SEARCH | {"weights": "untrained:turned", "seeds": [9]})).experiments["s"].diet
        == "turned"
    )


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("experiments__on-above__weights", "diet:abowe", "unknown diet `abowe` (did you mean `above`?)"),
        ("experiments__on-above__seeds", [0, 3], "diet `above` is not trained with seed 3"),
        ("experiments__on-above__backbone", "alexnet", "set `backbone: vgg16`"),
        ("diets__above__manipulation", "sideways", "manipulation"),
        ("diets__above__recipe", {"lerning_rate": 1}, "(did you mean `learning_rate`?)"),
        ("diets__above__images", {"kind": "shaded", "flip": True, "azimuth_deg": 90.0}, "`flip` mirrors light from 90 degrees"),
        ("diets__above__images", {"kind": "digits", "flip": True}, "digits are not the same mirrored"),
        ("diets__above__images", {"kind": "folder"}, "path` is required"),
        ("diet_comparison", {"reference": "on-abve", "experiments": ["on-turned"]}, "(did you mean `on-above`?)"),
        ("diet_comparison", {"reference": "on-above", "experiments": ["eccnet"]}, "`eccnet` is no search experiment on a diet"),
    ],
)  # fmt: skip
def test_wrong_diets_are_named(path, value, expected):
    with pytest.raises(ConfigError) as caught:
        load_study(study(**{path: value}), "my.yaml")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_diets_are_compared_on_the_same_displays():
    content = study(diet_comparison={"reference": "on-above", "experiments": ["on-turned"]})
    content["experiments"]["on-turned"]["displays"] = ["lighting"]
    with pytest.raises(ConfigError, match="`on-turned` searches other displays than `on-above`"):
        load_study(content)


def test_light_from_above_or_everywhere_may_be_mirrored():
    for images in (
        {"azimuth_deg": 180.0},
        {"azimuth_deg": 90.0, "spread_deg": None},
        {"azimuth_deg": 90.0, "flip": False},
    ):
        loaded = load_study(study(diets__above__images={"kind": "shaded", "flip": True, **images}))
        assert loaded.diets["above"].images.azimuth_deg == images["azimuth_deg"]
