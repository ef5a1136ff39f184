"""The plan of a study: what is made of its recordings, and where it lands."""

from __future__ import annotations

from functools import cached_property
from itertools import product
from pathlib import Path

from cogmodels.config.adaptation import AdaptationCurve
from cogmodels.config.alignment import Alignment
from cogmodels.config.decoding import CrossSubjectExperiment
from cogmodels.config.eeg_decoding import EegDecodingExperiment
from cogmodels.config.features import FeatureSet, TextFeatureSet
from cogmodels.config.joint import JointExperiment
from cogmodels.config.maps import Encoding, Searchlight
from cogmodels.config.objects import ObjectExperiment, ObjectSet
from cogmodels.config.scanpath import ScanpathSet
from cogmodels.config.study import AnyExperiment
from cogmodels.data.recordings import RecordingPlan
from cogmodels.errors import ConfigError


class Plan(RecordingPlan):
    """Everything that the workflow asks about a study before a job has run."""

    @cached_property
    def scanpaths(self) -> list[str]:
        """Data sets that hold fixations without gaze samples."""
        return [name for name in self.specs if self.recordings(name, modality="scanpath")]

    @cached_property
    def consistencies(self) -> dict[str, str]:
        """Data set with published scanpaths on images of known size -> folder of its human consistency."""
        return {
            name: f"{self.results}/scanpath/{name}/human-consistency"
            for name in self.scanpaths
            if self.specs[name].images is not None and self.study.human_consistency and name not in self.simulated
        }

    @cached_property
    def rdm_agreements(self) -> dict[str, str]:
        """Data set of published RDMs -> folder of how much people's agree."""
        return {
            name: f"{self.results}/fmri/{name}/rdm-agreement"
            for name, spec in self.specs.items()
            if spec.rdms is not None
        }

    @cached_property
    def experiments(self) -> dict[str, AnyExperiment]:
        """Experiments whose data set the study has."""
        return {name: e for name, e in self.study.experiments.items() if e.dataset in self.specs}

    @cached_property
    def encodings(self) -> dict[str, Encoding]:
        """Encoding models whose data set the study has."""
        return {name: one for name, one in self.study.encodings.items() if one.dataset in self.specs}

    @cached_property
    def searchlights(self) -> dict[str, Searchlight]:
        """Searchlights whose data set the study has."""
        return {name: one for name, one in self.study.searchlights.items() if one.dataset in self.specs}

    @cached_property
    def voxel_models(self) -> dict[str, Encoding | Searchlight]:
        """Both."""
        return {**self.encodings, **self.searchlights}

    @cached_property
    def alignments(self) -> dict[str, Alignment]:
        """Alignments across subjects whose data set the study has."""
        return {name: one for name, one in self.study.alignments.items() if one.dataset in self.specs}

    def alignment_folder(self, name: str) -> str:
        """Folder of an alignment's scores."""
        return f"{self.results}/alignment/{self.alignments[name].dataset}/{name}"

    @cached_property
    def scanpath_sets(self) -> dict[str, ScanpathSet]:
        """Sets of fixations whose data set the study has."""
        return {name: one for name, one in self.study.scanpath_sets.items() if one.dataset in self.specs}

    @cached_property
    def object_sets(self) -> dict[str, ObjectSet]:
        """Sets of searches among objects whose data set the study has."""
        return {name: one for name, one in self.study.object_sets.items() if one.dataset in self.specs}

    @cached_property
    def object_scanpaths(self) -> list[str]:
        """Names of the scanpath models of objects."""
        return [name for name, one in self.experiments.items() if isinstance(one, ObjectExperiment)]

    @cached_property
    def image_scanpaths(self) -> list[str]:
        """Names of the other scanpath models."""
        return [name for name in self.of_family("scanpath") if name not in self.object_scanpaths]

    def of_family(self, family: str) -> list[str]:
        """Names of the experiments of a model family."""
        return [name for name, experiment in self.experiments.items() if experiment.family == family]

    @property
    def across(self) -> list[str]:
        """Names of the decoders that learn from several subjects."""
        return [name for name, one in self.experiments.items() if isinstance(one, CrossSubjectExperiment)]

    @property
    def joint(self) -> list[str]:
        """Names of those of them that join several kinds of responses."""
        return [name for name, one in self.experiments.items() if isinstance(one, JointExperiment)]

    @property
    def adaptation_curves(self) -> dict[str, AdaptationCurve]:
        """Curves of which every experiment is in the study."""
        return {
            name: one
            for name, one in self.study.adaptation_curves.items()
            if set(one.pretrained + one.scratch) <= set(self.experiments)
        }

    @cached_property
    def epoch_decoders(self) -> list[str]:
        """Names of the decoders of single trials of EEG in new people."""
        return [name for name, one in self.experiments.items() if isinstance(one, EegDecodingExperiment)]

    def alignment_of(self, name: str) -> str | None:
        """The alignment whose Responses an experiment reads; decoders of EEG align people by themselves."""
        return None if name in self.epoch_decoders else getattr(self.experiments[name], "alignment", None)

    @property
    def networks(self) -> list[str]:
        """Names of the decoders that are trained by gradients."""
        return [name for name in [*self.across, *self.epoch_decoders] if self.experiments[name].is_network]

    def display_names(self, dataset: str) -> list[str]:
        """Displays or sets of scenes that a data set has for search models."""
        spec = self.specs[dataset]
        return spec.source.names if spec.source.kind == "displays" else list(spec.scenes)

    def displays_of(self, name: str) -> list[str]:
        """Displays or sets of scenes that a search experiment runs on."""
        experiment = self.experiments[name]
        names = self.display_names(experiment.dataset)
        if not names:
            raise ConfigError(
                f"data set `{experiment.dataset}` has no search displays",
                where=f"experiments.{name}.dataset",
                remedy="Name a data set whose source is of kind `displays`, or one with `scenes`",
            )
        if unknown := sorted(set(experiment.displays or []) - set(names)):
            raise ConfigError(
                f"data set `{experiment.dataset}` has no displays {', '.join(unknown)}",
                where=f"experiments.{name}.displays",
                remedy=f"It has: {', '.join(names)}",
            )
        return experiment.displays or names

    def searches(self, *, scenes: bool) -> list[str]:
        """Names of the search experiments on sets of scenes, or of those on displays."""
        return [name for name in self.of_family("search") if self.has_scenes(self.experiments[name].dataset) == scenes]

    @property
    def searched_scenes(self) -> list[str]:
        """Data sets whose scenes an experiment searches."""
        return list(dict.fromkeys(self.experiments[name].dataset for name in self.searches(scenes=True)))

    def has_scenes(self, dataset: str) -> bool:
        """Whether a data set has scenes for search models."""
        return bool(self.specs[dataset].scenes)

    def scenes_kind(self, dataset: str) -> str:
        """What a data set's scenes must be called where they are made up; empty where they are not."""
        names = {"covers": "rendered", "cutouts": "constructed"}
        kinds = dict.fromkeys(part.kind for part in self.specs[dataset].scenes.values())
        return ", ".join(names[kind] for kind in kinds if kind in names)

    def scene_inputs(self, dataset: str, name: str) -> list[str]:
        """What gathering a data set's scenes waits for: of a folder the table, or the images where there is none."""
        spec = self.specs[dataset]
        part = spec.scenes[name]
        if spec.source.kind == "folder" and part.kind != "cutouts":
            return [f"{spec.source.path}/{part.table}"]
        return self.image_inputs(dataset, part.images if part.kind == "cutouts" else "")

    def image_inputs(self, dataset: str, pattern: str) -> list[str]:
        """What says that a data set's images are there: its conversion, its record of files; of a folder themselves."""
        spec = self.specs[dataset]
        if spec.source.kind == "folder":
            return sorted(map(str, Path(spec.source.path).glob(pattern)))
        if spec.source.kind == "scanpath_simulation":
            return [self.truth_of_scanpaths(dataset)]
        if spec.source.kind == "simulation" and spec.source.images is not None:
            return [f"{self.root(dataset)}/stimuli/images.tsv"]
        last = "dataset_description.json" if spec.converter else "sourcedata/source.json"
        return [f"{self.root(dataset)}/{last}"]

    @property
    def features(self) -> dict[str, FeatureSet]:
        """Features of images whose data set the study has, those that simulated subjects respond to among them."""
        wanted = {name: one for name, one in self.study.features.items() if one.dataset in self.specs}
        for dataset in self.shown_images:
            shown = self.specs[dataset].source.images
            options = shown.model_dump(include={"backbone", "weights", "size", "grid"})
            wanted[f"{dataset}-backbone"] = FeatureSet(
                dataset=dataset, images="stimuli/*.jpg", layers=[shown.layer], **options
            )
        return wanted

    @property
    def text_features(self) -> dict[str, TextFeatureSet]:
        """Embeddings of captions whose data set the study has."""
        return {name: one for name, one in self.study.text_features.items() if one.dataset in self.specs}

    @property
    def shown_images(self) -> list[str]:
        """Simulated data sets whose subjects see images."""
        return [name for name in self.of_kind("simulation") if self.specs[name].source.images is not None]

    def photographs(self, dataset: str) -> list[str]:
        """What simulated stimuli wait for where they are images of another data set; none where all are rendered."""
        wanted = self.specs[dataset].source.images.photographs
        if wanted is None:
            return []
        if wanted.dataset not in self.specs:
            raise ConfigError(
                f"its images are those of data set `{wanted.dataset}`, which the study lacks",
                where=f"data set {dataset}",
                remedy=f"Add `{wanted.dataset}` to the study's `datasets`",
            )
        return self.image_inputs(wanted.dataset, wanted.images)

    @property
    def feature_tables(self) -> list[str]:
        """Features tables that networks make of images and captions."""
        return [
            f"{self.study.paths.derivatives}/{one.dataset}/features/{name}.parquet"
            for name, one in {**self.features, **self.text_features}.items()
        ]

    def scene_root(self, dataset: str) -> str:
        """Folder that the tables and images of a data set's scenes lie in."""
        spec = self.specs[dataset]
        fetched = spec.source.kind not in ("folder", "simulation", "scanpath_simulation") and not spec.converter
        return f"{self.root(dataset)}/sourcedata" if fetched else self.root(dataset)

    def architecture(self, name: str) -> dict[str, object]:
        """Network of a search experiment on a diet, as an option of its runs; nothing for the others."""
        experiment = self.experiments[name]
        if experiment.diet is None:
            return {}
        found = {"architecture": self.study.diets[experiment.diet].network.model_dump()}
        return found if experiment.preprocessing else found | {"preprocessing": "torch"}

    # -- where things land -------------------------------------------------------------------------------------

    def derivative(self, dataset: str, pipeline: str) -> str:
        """Folder of a pipeline's derivatives."""
        return f"{self.study.paths.derivatives}/{dataset}/{pipeline}"

    @property
    def results(self) -> str:
        """Folder of the study's results."""
        return f"{self.study.paths.results}/{self.study.study}"

    def experiment_folder(self, name: str) -> str:
        """Folder of an experiment's runs."""
        experiment = self.experiments[name]
        return f"{self.results}/{experiment.family}/{experiment.dataset}/{name}"

    def run_folders(self, name: str) -> list[str]:
        """Folder of each model run of an experiment: folds (of a search: displays) x seeds."""
        experiment = self.experiments[name]
        if experiment.family == "search":
            folds = self.displays_of(name)
        else:
            folds = ["all"] if experiment.folds == "all" else experiment.folds
        return [
            f"{self.experiment_folder(name)}/fold-{fold}_seed-{seed}" for fold, seed in product(folds, experiment.seeds)
        ]

    def diet_folder(self, diet: str, seed: int | str) -> str:
        """Folder of a network that a diet has raised."""
        return f"{self.results}/training/{diet}/seed-{seed}"

    @property
    def compared_diets(self) -> list[str]:
        """Search experiments whose diets are compared, the reference first."""
        wanted = self.study.diet_comparison
        return [wanted.reference, *wanted.experiments] if wanted else []
