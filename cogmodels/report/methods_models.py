"""The part of a methods section that is about models: a paragraph a kind of experiment, variants in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cogmodels.report.html import listed

_MODELS = {
    "ridge": "ridge regression",
    "ridge_classifier": "a ridge classifier",
    "linear_svc": "a linear support vector machine",
    "subject_ridge": "ridge regression of each subject",
    "srm_ridge": "ridge regression in a shared response model [@chen2015]",
    "hyperalignment_ridge": "ridge regression after hyperalignment [@haxby2011]",
    "group_pca_ridge": "ridge regression on group principal components",
    "template_average": "ridge regression on the mean of subjects, voxels averaged in their order",
    "mindbridge": "MindBridge [@wang2024]",
    "sttm": "See Through Their Minds [@liu2024]",
    "mindeye2": "a network after MindEye2 [@scotti2024]",
    "joint": "a joint network of the modalities, with modality dropout",
    "lda": "linear discriminant analysis with shrinkage [@ledoit2004]",
    "tangent_space": "logistic regression in the tangent space of covariances [@barachant2012]",
    "eegnet": "EEGNet [@lawhern2018]",
    "eegconformer": "EEG Conformer [@song2023]",
    "nice": "NICE [@song2024]",
    "topdown": "top-down features of the target, as eccNET and IVSN have them [@gupta2021; @zhang2018]",
    "bayesian": "a Bayesian searcher [@najemnik2005]",
    "pixel_match": "correlation with the target's picture",
    "chance": "random looks",
    "uniform": "fixations anywhere",
    "markov": "a Markov model of saccades",
    "human_shuffled": "people's scanpaths of other images",
    "nearest_image": "people's scanpaths of the training image most alike",
    "transformer": "a transformer over image patches and past fixations [@vaswani2017]",
    "any_object": "any object",
    "nearest_object": "the nearest object not yet looked at",
    "markov_object": "a Markov model over objects",
    "guided_object": "a Markov model over objects, guided by the target",
    "oat": "OAT [@fang2024]",
}
# Names that two families share.
_BY_FAMILY = {
    ("search", "saliency"): "contrast of features, whatever the target",
    ("search", "centre_bias"): "looks from the centre outwards",
    ("scanpath", "saliency"): "a linear saliency map with winner-take-all and inhibition of return",
    ("scanpath", "centre_bias"): "a centre bias",
}
_BACKBONES = {
    "efficientnet_lite0": "EfficientNet-Lite0 [@tan2019]",
    "efficientnet_lite1": "EfficientNet-Lite1 [@tan2019]",
    "efficientnet_lite2": "EfficientNet-Lite2 [@tan2019]",
    "vgg16": "VGG16 [@simonyan2015]",
    "alexnet": "AlexNet [@krizhevsky2012]",
    "resnet50": "ResNet-50 [@he2016]",
}
_PROTOCOLS = {
    "leave_one_run_out": "each run was left out in turn",
    "held_out_stimuli": "test stimuli were held out of training",
    "leave_one_subject_out": "each subject was left out in turn",
    "new_subject": "each subject was new in turn, the others were learnt from",
}


def experiment_paragraphs(experiments: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    """A paragraph (heading, text) a family; ``experiments``: their options by name, as the config has them."""
    families: dict[str, list[Mapping[str, Any]]] = {}
    for options in experiments.values():
        families.setdefault(options["family"], []).append(options)
    return [(_WRITERS[family][0], _WRITERS[family][1](mine)) for family, mine in families.items()]


def model_name(options: Mapping[str, Any]) -> str:
    """What a model is, with its citation."""
    known = _BY_FAMILY.get((options["family"], options["model"]))
    return known or _MODELS.get(options["model"], f"`{options['model']}`")


def _decoding(experiments: list[Mapping[str, Any]]) -> str:
    groups: dict[tuple[str, str, str], list[str]] = {}
    for options in experiments:
        place = options["dataset"], options["target"], options["protocol"]
        groups.setdefault(place, []).append(model_name(options))
    said = []
    for (dataset, target, protocol), models in groups.items():
        what = "labels" if target == "label" else f"`{target}` vectors of stimuli"
        how = _PROTOCOLS.get(protocol, protocol)
        said.append(f"On `{dataset}`, {what} were decoded by {listed(dict.fromkeys(models))}; {how}.")
    said.append("Whatever was fitted (scaling, alignment, strengths of regularisation) saw training trials only.")
    return " ".join([*said, *_controls(experiments, "shuffled_labels", "labels of training trials shuffled")])


def _search(experiments: list[Mapping[str, Any]]) -> str:
    said = [f"Displays of {_sets(experiments)} were searched by {listed(dict.fromkeys(map(model_name, experiments)))}."]
    networks = [one for one in experiments if one["model"] in ("topdown", "saliency")]
    if networks:
        names = dict.fromkeys(_BACKBONES.get(one["backbone"], one["backbone"]) for one in networks)
        said.append(f"Features came from {listed(names)}.")
    if any(one["eccentric"] for one in networks):
        said.append("Pooling windows grew with eccentricity.")
    return " ".join([*said, *_controls(experiments, "no_target", "models that do not know their target")])


def _scanpath(experiments: list[Mapping[str, Any]]) -> str:
    said = [
        f"Scanpaths on images of {_sets(experiments)} were predicted by "
        f"{listed(dict.fromkeys(map(model_name, experiments)))}."
    ]
    if any("fixations" in one for one in experiments):
        said.append(
            "They were judged by what they tell of each next fixation over a centre bias [@kummerer2015], and by"
        )
        said.append("MultiMatch [@dewhurst2012], ScanMatch [@cristino2010] and sequence scores [@yang2020].")
    return " ".join(said)


def _sets(experiments: list[Mapping[str, Any]]) -> str:
    return listed(f"`{name}`" for name in dict.fromkeys(one["dataset"] for one in experiments))


def _controls(experiments: list[Mapping[str, Any]], control: str, what: str) -> list[str]:
    return [f"Controls: {what}."] if any(one["control"] == control for one in experiments) else []


_WRITERS = {
    "decoding": ("Decoders", _decoding),
    "search": ("Visual search", _search),
    "scanpath": ("Scanpath models", _scanpath),
}
