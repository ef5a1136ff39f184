"""From a merged config to a checked study and its data specs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cogmodels.config.adaptation import check_adaptation, check_pretrained
from cogmodels.config.base import read_yaml, suggestion, validate
from cogmodels.config.data_spec import DataSpec
from cogmodels.config.eeg_decoding import EegDecodingExperiment
from cogmodels.config.joint import JointExperiment, pipelines_of
from cogmodels.config.named import expand_sweeps, resolve_extends
from cogmodels.config.objects import check_objects
from cogmodels.config.scanpath import check_scanpaths
from cogmodels.config.study import Study
from cogmodels.errors import ConfigError

#: Protocols whose test trials are those of the stored split, which fitted preprocessing keeps out.
BY_STIMULUS = ("held_out_stimuli", "new_subject")


def load_study(config: dict[str, Any], where: str | Path = "config/config.yaml") -> Study:
    """Checked study from an already merged config (as Snakemake hands it over).

    Experiments on data sets that the study does not have are not held against its pipelines: they do not run.

    Raises
    ------
    ConfigError
        Unknown or wrong keys and values; experiments whose pipeline does not exist or does not cover their data set.
    """
    content = dict(config)
    for kind in ("pipelines", "diets", "experiments", "encodings", "searchlights", "alignments"):
        named = content.get(kind) or {}
        if isinstance(named, dict):
            content[kind] = resolve_extends(expand_sweeps(named, kind, where), kind, where)
    if isinstance(curves := content.get("adaptation_curves"), dict):
        # As of experiments: a variant of a study leaves out what it says nothing of.
        content["adaptation_curves"] = {name: one for name, one in curves.items() if one is not None}
    study = validate(Study, content, where)
    _check_diets(study, where)
    _check_features(study, where)
    check_adaptation(study.adaptation_curves, study.experiments, where)
    check_pretrained(study.experiments, where)
    _check_maps(study, where)
    _check_alignments(study, where)
    check_scanpaths(study, where)
    check_objects(study, where)
    _check_comparisons(study, where)
    for name, experiment, wanted in _decoded(study):
        key = f"{where}, experiments.{name}.pipeline"
        pipeline = study.pipelines.get(wanted)
        if pipeline is None:
            raise ConfigError(
                f"unknown pipeline `{wanted}`{suggestion(wanted, study.pipelines)}",
                where=key,
                remedy="Name one of `pipelines`, or add it there",
            )
        if experiment.dataset not in pipeline.datasets:
            raise ConfigError(
                f"pipeline `{wanted}` does not run on data set `{experiment.dataset}` "
                f"but on {', '.join(pipeline.datasets)}",
                where=key,
                remedy="Add the data set to the pipeline's `datasets`, or choose another pipeline",
            )
        by_stimulus = experiment.protocol in BY_STIMULUS
        if pipeline.modality == "fmri" and pipeline.responses in ("B", "C", "D") and not by_stimulus:
            raise ConfigError(
                f"pipeline `{wanted}` chooses responses `{pipeline.responses}` on all runs, "
                f"so that with `{experiment.protocol}` test runs would take part in choosing",
                where=key,
                remedy="Use `lsa` or `lss`, or the protocol `held_out_stimuli`, whose test trials are kept out",
            )
        if pipeline.modality == "fmri" and pipeline.voxels.reliability != "none" and not by_stimulus:
            raise ConfigError(
                f"pipeline `{wanted}` chooses voxels by their reliability once a subject, so that with "
                f"`{experiment.protocol}` test trials would take part in choosing",
                where=key,
                remedy="Use the protocol `held_out_stimuli`, whose test trials are kept out, or an image of a region",
            )
        if pipeline.modality == "eeg" and not by_stimulus:
            for step in ("autoreject", "whitening"):
                if getattr(pipeline, step) != "none":
                    raise ConfigError(
                        f"`{step}` of pipeline `{wanted}` is fitted once a subject, so that with "
                        f"`{experiment.protocol}` it would see test trials",
                        where=key,
                        remedy=f"Use the protocol `held_out_stimuli`, or a pipeline with `{step}: none`"
                        + (" and the experiment's `rejection`, fitted in each fold" if step == "autoreject" else ""),
                    )
        rejected = getattr(experiment, "rejection", "none") != "none"
        if rejected and (pipeline.modality != "eeg" or pipeline.current_source_density or pipeline.whitening != "none"):
            raise ConfigError(
                f"`rejection` judges amplitudes of EEG, which responses of pipeline `{experiment.pipeline}` are not",
                where=key,
                remedy="Set `rejection: none`, or use an eeg pipeline without source densities and whitening",
            )
        if isinstance(experiment, EegDecodingExperiment) and pipeline.modality != "eeg":
            raise ConfigError(
                f"model `{experiment.model}` decodes epochs, pipeline `{wanted}` makes none",
                where=key,
                remedy="Choose an eeg pipeline",
            )
        if pipeline.modality == "gaze" and not isinstance(experiment, JointExperiment):
            raise ConfigError(
                f"pipeline `{wanted}` makes fixations, a decoder needs responses",
                where=key,
                remedy="Choose an fmri or eeg pipeline",
            )
    return study


def _decoded(study: Study) -> Iterator[tuple[str, Any, str]]:
    """Each decoder on a data set of the study, with each pipeline that it reads."""
    for name, experiment in study.experiments.items():
        if experiment.dataset in study.datasets and experiment.family == "decoding":
            for pipeline in pipelines_of(experiment):
                yield name, experiment, pipeline


def _check_comparisons(study: Study, where: str | Path) -> None:
    """Decoders that are compared exist, and are of EEG, of one data set and the same classes."""
    for name, comparison in study.decoder_comparisons.items():
        key = f"{where}, decoder_comparisons.{name}"
        known = {n: e for n, e in study.experiments.items() if isinstance(e, EegDecodingExperiment)}
        for one in comparison.names:
            if one not in known or known[one].target != "label":
                raise ConfigError(
                    f"`{one}` decodes no classes of EEG{suggestion(one, known)}",
                    where=key,
                    remedy="Name experiments with a model of EEG",
                )
            first = known[comparison.reference]
            if (known[one].dataset, known[one].classes) != (first.dataset, first.classes):
                raise ConfigError(
                    f"`{one}` has another data set or other classes than `{comparison.reference}`",
                    where=key,
                    remedy="Give both the same `dataset` and `classes`",
                )


def _check_features(study: Study, where: str | Path) -> None:
    """Two tables of a data set have two names."""
    reserved = {"latent", *study.features}
    for name in sorted(reserved & set(study.text_features)):
        raise ConfigError(
            f"`{name}` is the name of another Features table",
            where=f"{where}, text_features.{name}",
            remedy="Give it another name",
        )


def _check_maps(study: Study, where: str | Path) -> None:
    """Models of every voxel name pipelines whose choices did not see what they test on; no two share a name."""
    for kind in ("encodings", "searchlights"):
        for name, one in getattr(study, kind).items():
            key, pipeline = f"{where}, {kind}.{name}", study.pipelines.get(one.pipeline)
            if one.dataset not in study.datasets:
                continue
            if kind == "searchlights" and name in study.encodings:
                raise ConfigError("an encoding model has this name", where=key, remedy="Choose another one")
            if pipeline is None or pipeline.modality != "fmri" or one.dataset not in pipeline.datasets:
                known = [n for n, p in study.pipelines.items() if p.modality == "fmri" and one.dataset in p.datasets]
                raise ConfigError(
                    f"no fmri pipeline `{one.pipeline}` runs on data set `{one.dataset}`"
                    f"{suggestion(one.pipeline, known)}",
                    where=f"{key}.pipeline",
                    remedy="Name one that does, or add the data set to its `datasets`",
                )
            sees_all = pipeline.responses in ("B", "C", "D") or pipeline.voxels.reliability != "none"
            if kind == "searchlights" and sees_all:
                raise ConfigError(
                    f"a searchlight leaves a run out, and pipeline `{one.pipeline}` chooses responses or voxels by all",
                    where=f"{key}.pipeline",
                    remedy="Use `window_mean`, `lsa` or `lss`, without `voxels.reliability`",
                )


def _check_alignments(study: Study, where: str | Path) -> None:
    """Alignments name fmri pipelines, and decoders alignments of their own pipeline, with stimuli held out of both."""
    for name, one in study.alignments.items():
        pipeline = study.pipelines.get(one.pipeline)
        if one.dataset not in study.datasets:
            continue
        if pipeline is None or pipeline.modality != "fmri" or one.dataset not in pipeline.datasets:
            known = [n for n, p in study.pipelines.items() if p.modality == "fmri" and one.dataset in p.datasets]
            raise ConfigError(
                f"no fmri pipeline `{one.pipeline}` runs on data set `{one.dataset}`{suggestion(one.pipeline, known)}",
                where=f"{where}, alignments.{name}.pipeline",
                remedy="Name one that does, or add the data set to its `datasets`",
            )
    for name, experiment in study.experiments.items():
        # A decoder of EEG in new people aligns them by itself: its `alignment` is a kind, no name.
        own_kind = isinstance(experiment, EegDecodingExperiment)
        wanted = None if own_kind else getattr(experiment, "alignment", None)
        if wanted is None or experiment.dataset not in study.datasets:
            continue
        key, one = f"{where}, experiments.{name}.alignment", study.alignments.get(wanted)
        if one is None or (one.dataset, one.pipeline) != (experiment.dataset, experiment.pipeline):
            own = (experiment.dataset, experiment.pipeline)
            known = [n for n, a in study.alignments.items() if (a.dataset, a.pipeline) == own]
            raise ConfigError(
                f"`{wanted}` aligns no responses of pipeline `{experiment.pipeline}` on `{experiment.dataset}`"
                f"{suggestion(wanted, known)}",
                where=key,
                remedy="Name an alignment of the experiment's data set and pipeline, or add one to `alignments`",
            )
        if experiment.protocol != "held_out_stimuli":
            raise ConfigError(
                f"all subjects are aligned once, by training stimuli, so that with `{experiment.protocol}` the space "
                "would be known from what is tested",
                where=key,
                remedy="Use the protocol `held_out_stimuli`, or a model that aligns by itself (`srm_ridge`)",
            )


def _check_diets(study: Study, where: str | Path) -> None:
    """Experiments name diets and seeds that the study trains; the comparison names experiments on diets."""
    searches = {
        name: experiment
        for name, experiment in study.experiments.items()
        if experiment.family == "search" and experiment.dataset in study.datasets
    }
    for name, experiment in searches.items():
        if experiment.diet is None:
            continue
        if experiment.diet not in study.diets:
            raise ConfigError(
                f"unknown diet `{experiment.diet}`{suggestion(experiment.diet, study.diets)}",
                where=f"{where}, experiments.{name}.weights",
                remedy="Name one of `diets`, or add it there",
            )
        missing = sorted(set(experiment.seeds) - set(study.diets[experiment.diet].seeds))
        if missing and experiment.weights.startswith("diet:"):
            raise ConfigError(
                f"diet `{experiment.diet}` is not trained with seed {', '.join(map(str, missing))}",
                where=f"{where}, experiments.{name}.seeds",
                remedy=f"Add it to diets.{experiment.diet}.seeds, or leave it out here",
            )
    if study.diet_comparison is None:
        return
    known = [name for name, experiment in searches.items() if experiment.diet is not None]
    for name in [study.diet_comparison.reference, *study.diet_comparison.experiments]:
        if name not in known:
            raise ConfigError(
                f"`{name}` is no search experiment on a diet{suggestion(name, known)}",
                where=f"{where}, diet_comparison",
                remedy="Name experiments whose `weights` are `diet:<name>` or `untrained:<name>`",
            )
        one, first = study.experiments[name], study.experiments[study.diet_comparison.reference]
        if (one.dataset, one.displays) != (first.dataset, first.displays):
            raise ConfigError(
                f"`{name}` searches other displays than `{study.diet_comparison.reference}`",
                where=f"{where}, diet_comparison",
                remedy="Give both the same `dataset` and `displays`",
            )


def spec_folder(dataset: str, folders: Sequence[Path]) -> Path:
    """The first folder that has a data set's spec; where none has, the last, which is to complain."""
    return next((Path(one) for one in folders if (Path(one) / f"{dataset}.yaml").exists()), Path(folders[-1]))


def load_spec(folder: Path, dataset: str) -> DataSpec:
    """Checked data spec ``<folder>/<dataset>.yaml``.

    Raises
    ------
    ConfigError
        No such spec (the nearest name is given), or the spec is wrong.
    """
    path = Path(folder) / f"{dataset}.yaml"
    if not path.exists():
        known = [file.stem for file in Path(folder).glob("*.yaml")]
        raise ConfigError(
            f"there is no data spec for data set `{dataset}`{suggestion(dataset, known)}",
            where=path,
            remedy="Correct `datasets`, or write the spec (docs/data.md shows how)",
        )
    spec = validate(DataSpec, read_yaml(path), path)
    if spec.name != dataset:
        raise ConfigError(
            f"key `name` is `{spec.name}`, the file is called `{path.name}`",
            where=path,
            remedy="Make the two agree",
        )
    return spec
