"""Configs: strict keys, readable errors, extends, overlays."""

import copy

import pytest
import yaml

from cogmodels.config.decoding import CrossSubjectExperiment
from cogmodels.config.defaults import DEFAULT_STUDY
from cogmodels.config.eeg_decoding import EegDecodingExperiment
from cogmodels.config.load import load_spec, load_study
from cogmodels.config.named import expand_sweeps, merge, resolve_extends
from cogmodels.config.scanpath import ScanpathExperiment
from cogmodels.config.training import Recipe
from cogmodels.errors import ConfigError


@pytest.fixture
def study():
    return copy.deepcopy(DEFAULT_STUDY)


def test_default_study_is_valid_and_complete(study):
    loaded = load_study(study)
    real = {"haxby2001", "eyelink-sample", "asymmetry-small"}
    simulated = {"eyelink-eeg", "sim-study", "sim-null", "sim-scanpaths"}
    assert real | simulated == set(loaded.datasets)
    assert loaded.experiments["haxby-25mm-shuffled"].pipeline == "block-25mm"
    assert loaded.experiments["haxby-25mm-shuffled"].control == "shuffled_labels"
    assert loaded.pipelines["block-25mm"].detrend_order == loaded.pipelines["block-1slice"].detrend_order


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("trackng",), {}, "unknown key `trackng` (did you mean `tracking`?)"),
        (("tracking",), {"mod": "offline"}, "(did you mean `mode`?)"),
        (("pipelines", "ivt", "ivt", "velocity_treshold"), 3, "(did you mean `velocity_threshold`?)"),
        (("experiments", "sim-fmri", "protocl"), "x", "(did you mean `protocol`?)"),
        (
            ("pipelines", "ivt", "ivt", "velocity_threshold"),
            -3,
            "velocity_threshold`: input should be greater than 0, found -3",
        ),
        (("tracking",), {"mode": "sometimes"}, "'offline', 'online' or 'disabled', found 'sometimes'"),
        (("experiments", "sim-fmri", "seeds"), [], "seeds"),
        (("pipelines", "epochs", "tmax"), -1.0, "tmax (-1.0) must lie after tmin (-0.1)"),
        (("experiments", "haxby-1slice", "target"), "latent", "`linear_svc` cannot predict target `latent`"),
        (("pipelines", "trial-mean", "motion_regressors"), 24, "`motion_regressors` needs `realign: true`"),
        (("pipelines", "trial-mean", "low_pass_hz"), 0.1, "`low_pass_hz` and `motion_regressors` need `high_pass_s`"),
        (("pipelines", "trial-mean", "responses"), "lss", "responses `lss` need `high_pass_s`"),
    ],
)
def test_wrong_configs_name_key_and_remedy(study, path, value, expected):
    section = study
    for key in path[:-1]:
        section = section.setdefault(key, {})
    section[path[-1]] = value
    with pytest.raises(ConfigError) as caught:
        load_study(study, "my.yaml")
    message = str(caught.value)
    assert expected in message
    assert message.startswith("my.yaml: ")
    assert "\n" not in message


def test_an_unknown_pipeline_of_an_experiment_is_named_with_the_nearest(study):
    study["experiments"]["sim-fmri"]["pipeline"] = "trial-meen"
    with pytest.raises(ConfigError, match="did you mean `trial-mean`"):
        load_study(study)


def test_a_pipeline_that_does_not_cover_the_data_set_is_refused(study):
    study["experiments"]["sim-fmri"]["pipeline"] = "block-1slice"
    with pytest.raises(ConfigError, match="does not run on data set `sim-study`"):
        load_study(study)


def test_responses_that_test_runs_took_part_in_choosing_are_refused(study):
    study["pipelines"]["block-1slice"] |= {"responses": "D", "high_pass_s": 128.0}
    with pytest.raises(ConfigError, match="test runs would take part in choosing"):
        load_study(study)
    study["pipelines"]["block-1slice"]["responses"] = "lsa"
    load_study(study)


def test_a_decoder_on_gaze_is_refused(study):
    study["experiments"]["sim-fmri"]["pipeline"] = "ivt"
    with pytest.raises(ConfigError, match="a decoder needs responses"):
        load_study(study)


def test_extends_takes_the_parent_and_overrides_it():
    resolved = resolve_extends(
        {"a": {"x": 1, "y": {"z": 1, "w": 2}}, "b": {"extends": "a", "y": {"z": 3}}}, "pipelines"
    )
    assert resolved["b"] == {"x": 1, "y": {"z": 3, "w": 2}}
    assert resolved["a"] == {"x": 1, "y": {"z": 1, "w": 2}}


def test_extends_refuses_circles_and_unknown_parents():
    with pytest.raises(ConfigError, match="circle: a -> b -> a"):
        resolve_extends({"a": {"extends": "b"}, "b": {"extends": "a"}}, "experiments")
    with pytest.raises(ConfigError, match="did you mean `base`"):
        resolve_extends({"base": {}, "b": {"extends": "bse"}}, "experiments")


def test_a_sweep_becomes_a_section_for_every_combination():
    swept = expand_sweeps(
        {
            "base": {"x": 1},
            "try": {
                "extends": "base",
                "description": "tried",
                "recipe": {"epochs": 3},
                "sweep": {"recipe.rate": [0.001, 10], "kind": {"own": {"a": 1}, "none": None}},
            },
            "try-10-own": {"x": 5},
            "try-10-none": None,
        },
        "experiments",
    )
    assert list(swept) == ["base", "try-0p001-own", "try-0p001-none", "try-10-own", "try-10-none"]
    assert swept["try-0p001-own"] == {
        "extends": "base",
        "recipe": {"epochs": 3, "rate": 0.001},
        "kind": {"a": 1},
        "description": "tried: rate 0p001, kind own",
    }
    assert swept["try-10-own"]["x"] == 5
    assert swept["try-10-own"]["recipe"] == {"epochs": 3, "rate": 10}
    assert set(resolve_extends(swept, "experiments")) == {"base", "try-0p001-own", "try-0p001-none", "try-10-own"}


@pytest.mark.parametrize(
    ("sweep", "expected"),
    [
        ([1, 2], "maps options to lists"),
        ({}, "maps options to lists"),
        ({"x": []}, "maps options to lists"),
        ({"x": [{"y": 1}]}, "has no name"),
        ({"x": ["a b"]}, "cannot be part of a name"),
        ({"x": [1, 1.0]}, "would be called `a-1`"),
    ],
)
def test_wrong_sweeps_say_how_to_write_them(sweep, expected):
    with pytest.raises(ConfigError, match=expected):
        expand_sweeps({"a": {"sweep": sweep}}, "experiments")


def test_null_drops_a_named_section(study):
    study["experiments"]["sim-eeg"] = study["experiments"]["null-eeg"] = None
    assert "sim-eeg" not in load_study(study).experiments


def test_null_drops_a_curve_whose_experiments_are_dropped(study):
    lacking = {"pretrained": ["nobody"], "scratch": ["nobody-alone"]}
    assert load_study({**study, "adaptation_curves": {"one": None}}).adaptation_curves == {}
    with pytest.raises(ConfigError, match="`nobody` is no experiment"):
        load_study({**study, "adaptation_curves": {"one": lacking}})


def test_merge_is_deep_for_mappings_and_replaces_lists():
    assert merge({"a": {"b": 1, "c": [1, 2]}}, {"a": {"c": [3]}}) == {"a": {"b": 1, "c": [3]}}


def test_every_shipped_spec_is_valid(root):
    names = [path.stem for path in (root / "data_specs").glob("*.yaml")]
    assert {"haxby2001", "eyelink-sample", "osie", "uci-eeg", "sim-study", "sim-null"} <= set(names)
    for name in names:
        assert load_spec(root / "data_specs", name).name == name


def test_an_unknown_data_set_is_named_with_the_nearest(root):
    with pytest.raises(ConfigError, match="did you mean `haxby2001`"):
        load_spec(root / "data_specs", "haxby201")


def test_spec_errors_name_the_file(root, tmp_path):
    content = yaml.safe_load((root / "data_specs" / "haxby2001.yaml").read_text())
    content["sorce"] = content.pop("source")
    (tmp_path / "haxby2001.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=r"haxby2001.yaml: .*`sorce` \(did you mean `source`\?\)"):
        load_spec(tmp_path, "haxby2001")


def test_a_job_asks_for_the_gpus_and_cores_of_its_devices():
    def network(recipe=None, adaptation=None, **more):
        names = {"dataset": "d", "pipeline": "p", "target": "latent", "model": "mindbridge"} | more
        found = CrossSubjectExperiment(**names, recipe=recipe or {}, adaptation=adaptation or {})
        return found.gpus, found.threads

    two = {"devices": 2, "workers": 3}
    assert network() == (1, 1)
    assert network(two) == (2, 8)
    assert network(two | {"devices": "auto"}) == (1, 4)
    assert network(two | {"accelerator": "cpu"}) == (0, 8)
    assert network(two, model="srm_ridge") == (0, 1)
    assert network(two, {"devices": 2}, protocol="new_subject") == (2, 8)
    assert network({}, {"devices": 2}, protocol="new_subject", pretrain=False) == (2, 2)
    with pytest.raises(ValueError, match=r"`recipe` has `devices: 2` and `adaptation` 1.*set both"):
        network(two, protocol="new_subject")
    epochs = EegDecodingExperiment(dataset="d", pipeline="p", model="eegnet", recipe=two)
    paths = ScanpathExperiment(dataset="d", fixations="f", model="transformer", features=["x"], recipe=two)
    assert [(one.gpus, one.threads) for one in (epochs, paths, Recipe(**two, batch_size=4))] == [(2, 8)] * 3
