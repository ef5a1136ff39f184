"""Decoders of single trials of EEG in people who were not trained on: models, their options, how they are trained."""

from __future__ import annotations

import typing
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section
from cogmodels.config.decoding import Dropout, Size
from cogmodels.config.training import Recipe

EpochClassifierName = Literal["lda", "tangent_space"]
EpochNetworkName = Literal["eegnet", "eegconformer", "nice"]
EpochModelName = Literal[EpochClassifierName, EpochNetworkName]
EPOCH_MODEL_NAMES: tuple[str, ...] = typing.get_args(EpochModelName)
Alignment = Literal["none", "euclidean", "riemannian"]
Milliseconds = Annotated[float, Field(gt=0)]


class LdaOptions(Section):
    """Linear discriminant analysis with Ledoit & Wolf's shrinkage."""

    windows: Size = Field(32, description="features are each channel's means in so many stretches of the epoch")
    sample: Literal["mean", "first"] = Field("mean", description="`first`: the first sample of each stretch instead")


class TangentSpaceOptions(Section):
    """Logistic regression in the tangent space of covariances."""

    covariance: Literal["scatter", "evoked"] = Field(
        "scatter",
        description="`scatter`: of the channels; `evoked`: of the trial beside each class's mean response, both "
        "through xDAWN filters",
    )
    filters: Size = Field(4, description="xDAWN filters of each class (`evoked`)")
    strength: float = Field(1.0, gt=0, description="C of the logistic regression, the inverse of its ridge")


class EegNetOptions(Section):
    """EEGNet; the temporal filters last half a second."""

    filters: Size = Field(8, description="temporal filters, F1")
    depth: Size = Field(2, description="spatial filters of each, D")
    dropout: Dropout = Field(0.25, description="dropout; 0.5 within people, 0.25 across")


class EegConformerOptions(Section):
    """EEG Conformer. The defaults are the published ones."""

    filters: Size = Field(40, description="temporal filters, which are the width of the tokens")
    layers: Size = Field(6, description="transformer layers")
    heads: Size = Field(10, description="attention heads; a divisor of `filters`")
    kernel_ms: Milliseconds = Field(100.0, description="length of a temporal filter, ms")
    pool_ms: Milliseconds = Field(300.0, description="stretch that becomes a token, ms")
    stride_ms: Milliseconds = Field(60.0, description="from one token to the next, ms")
    dropout: Dropout = Field(0.5, description="dropout")

    @model_validator(mode="after")
    def _divides(self) -> EegConformerOptions:
        if self.filters % self.heads:
            raise ValueError(f"{self.heads} heads do not divide {self.filters} filters: change `heads` or `filters`")
        return self


class NiceOptions(Section):
    """NICE. The defaults are those of the released code."""

    filters: Size = Field(40, description="temporal and spatial filters")
    width: Size = Field(768, description="width of the projection (classes; that of Features is theirs)")
    kernel_ms: Milliseconds = Field(100.0, description="length of a temporal filter, ms")
    pool_ms: Milliseconds = Field(204.0, description="stretch that is averaged, ms")
    stride_ms: Milliseconds = Field(20.0, description="from one stretch to the next, ms")
    dropout: Dropout = Field(0.5, description="dropout")
    temperature: float = Field(0.07, gt=0, description="of the contrast")


class EpochRecipe(Recipe):
    """How a network of trials is trained."""

    optimizer: Literal["adamw", "adam", "sgd"] = Field("adam", description="optimiser; `sgd` has momentum 0.9")
    learning_rate: float = Field(1e-3, gt=0, description="largest step size")
    weight_decay: float = Field(0.0, ge=0, description="weight decay")
    epochs: int = Field(100, ge=1, description="times that each training trial is shown")
    batch_size: int = Field(64, ge=2, description="trials of a step")
    patience: int | None = Field(
        15, ge=1, description="epochs without a better validation score after which it ends; none = never"
    )


class EpochCandidate(Section):
    """What one candidate of a nested choice sets in place of the experiment's own options."""

    model: EpochClassifierName | None = Field(None, description="model; none = the experiment's")
    alignment: Alignment | None = Field(None, description="alignment; none = the experiment's")
    baseline_s: tuple[float, float] | Literal["none"] | None = Field(
        None, description="baseline, s after the event; `none` = without; left out = the experiment's"
    )
    lda: LdaOptions | None = Field(None, description="options of `lda`; none = the experiment's")
    tangent_space: TangentSpaceOptions | None = Field(
        None, description="options of `tangent_space`; none = the experiment's"
    )


class EegDecodingExperiment(Section):
    """A decoder of single trials of EEG, each person left out in turn: none of their trials is learnt from."""

    family: Literal["decoding"] = Field("decoding", description="model family")
    dataset: str = Field(description="data set; the experiment runs where the study has it")
    pipeline: str = Field(description="eeg pipeline whose responses are decoded")
    description: str = Field("", description="one line for the report")
    target: str = Field("label", description="`label`, or the name of a Features table (`nice` alone)")
    classes: dict[str, list[str]] = Field(
        {}, description="classes, each with its conditions; others are left out; none = every label is a class"
    )
    model: EpochModelName = Field(description="classifier or network, whose section below holds its options")
    protocol: Literal["leave_one_subject_out"] = Field(
        "leave_one_subject_out", description="a fold a person, trained on all others"
    )
    channels: Literal["scalp", "eog", "all"] | list[str] = Field(
        "scalp", description="channels that are decoded: of a type, or by name; `eog` needs `eog_responses`"
    )
    baseline_s: tuple[float, float] | None = Field(
        None, description="each channel's mean in this window, s after the event, is subtracted; none = as it is"
    )
    average_samples: Size = Field(1, description="so many samples in a row become their mean")
    alignment: Alignment = Field(
        "none",
        description="recentre each person's trials by their own mean covariance; of a new person by all their trials, "
        "without labels (transductive)",
    )
    subject_layers: bool = Field(
        False,
        description="networks: before what all share, a linear layer over channels for each training person, at the "
        "start the identity; a new person gets the mean of all",
    )
    rejection: Literal["none", "global", "local"] = Field(
        "none",
        description="autoreject in each fold: limits learned from the epochs of its training people, of which some go; "
        "the new person's are repaired by them (`local`), and never go",
    )
    candidates: list[EpochCandidate] = Field(
        [], description="alternatives, of which each fold takes the best, or the mean, by leaving out training people"
    )
    combine: Literal["best", "mean"] = Field(
        "best",
        description="what a fold takes of `candidates`: the `best`, or the `mean` of the log odds of all, each over "
        "its standard deviation in training people that were left out",
    )
    inner_folds: int = Field(5, ge=2, description="groups of training people left out in turn to choose by")
    validation_subjects: Size = Field(3, description="training people by whom networks choose their best epoch")
    lda: LdaOptions = Field(LdaOptions(), description="options of `lda`")
    tangent_space: TangentSpaceOptions = Field(TangentSpaceOptions(), description="options of `tangent_space`")
    eegnet: EegNetOptions = Field(EegNetOptions(), description="options of `eegnet`")
    eegconformer: EegConformerOptions = Field(EegConformerOptions(), description="options of `eegconformer`")
    nice: NiceOptions = Field(NiceOptions(), description="options of `nice`")
    recipe: EpochRecipe = Field(EpochRecipe(), description="how a network is trained")
    folds: Literal["all"] | list[str] = Field("all", description="`all` in one job, or a list: one job a fold")
    seeds: list[Annotated[int, Field(ge=0)]] = Field([0], min_length=1, description="one model run a seed")
    control: Literal["none", "shuffled_labels"] = Field(
        "none", description="`shuffled_labels`: training labels are permuted within people, and the model is refitted"
    )
    draws: int = Field(1, ge=1, le=1000, description="how often the control is drawn")
    refits: int = Field(
        0, ge=0, le=1000, description="refits with permuted training labels, a second null beside p (`lda` alone)"
    )
    permutations: int = Field(2000, ge=99, description="permutations behind each p-value")
    bootstrap: int = Field(2000, ge=100, description="bootstrap samples behind each confidence interval")

    @property
    def is_network(self) -> bool:
        """Whether it is trained by gradients."""
        return self.model in typing.get_args(EpochNetworkName)

    @property
    def gpus(self) -> int:
        """How many GPUs a run of it asks for."""
        return self.recipe.gpus if self.is_network else 0

    @property
    def threads(self) -> int:
        """How many cores a run of it takes."""
        return self.recipe.threads if self.is_network else 1

    @property
    def text_target(self) -> None:
        """There is none."""

    def config(self) -> dict[str, Any]:
        """What a model run depends on: of the options, those of its kind of model."""
        shared = {
            "target",
            "classes",
            "model",
            "protocol",
            "channels",
            "baseline_s",
            "average_samples",
            "alignment",
            "rejection",
        }
        own = (
            {"recipe", "validation_subjects", "subject_layers"}
            if self.is_network
            else {"candidates", "combine", "inner_folds", "refits"}
        )
        found = self.model_dump(mode="json", include=shared | own | {"control", "draws"})
        # A candidate may be of the other classifier.
        models = [self.model] if self.is_network else typing.get_args(EpochClassifierName)
        return found | {"options": {name: getattr(self, name).model_dump(mode="json") for name in models}}

    @model_validator(mode="after")
    def _agree(self) -> EegDecodingExperiment:
        if self.target != "label" and (self.model != "nice" or self.classes):
            raise ValueError("a Features table as `target` is for model `nice`, without `classes`")
        named = [name for names in self.classes.values() for name in names]
        if self.classes and (len(self.classes) < 2 or not all(self.classes.values()) or len(set(named)) != len(named)):
            raise ValueError("`classes` must be two or more, each with a condition, none in two of them")
        if self.control == "none" and self.draws != 1:
            raise ValueError("`draws` belongs to a control: set `control`, or leave `draws` at 1")
        if self.subject_layers and not self.is_network:
            raise ValueError(f"`subject_layers` are of networks, model `{self.model}` is none")
        if self.candidates and self.is_network:
            raise ValueError(f"`candidates` are of classifiers, model `{self.model}` is a network")
        if self.combine == "mean" and len(self.candidates) < 2:
            raise ValueError("`combine: mean` is of two or more `candidates`")
        if self.refits and (self.model != "lda" or self.candidates or self.control != "none"):
            raise ValueError("`refits` are of `lda` without `candidates` and `control`: others take too long")
        if self.rejection != "none" and (self.channels != "scalp" or self.refits):
            raise ValueError("`rejection` is of `channels: scalp`, without `refits`: eyes have other amplitudes")
        for one in [self.baseline_s, *(c.baseline_s for c in self.candidates)]:
            if isinstance(one, tuple) and not one[0] < one[1]:
                raise ValueError(f"baseline_s {one}: the start must lie before the end")
        return self


class DecoderComparison(Section):
    """Decoders of EEG in new people, drawn and compared person by person with a reference."""

    metric: Literal["balanced_accuracy", "roc_auc"] = Field("balanced_accuracy", description="score that is compared")
    reference: str = Field(description="experiment that the others are compared with")
    experiments: list[str] = Field(min_length=1, description="the others")
    controls: list[str] = Field(
        [], description="experiments that ask whether the score needs the brain: other channels, means alone"
    )

    @property
    def names(self) -> list[str]:
        """All its experiments."""
        return [self.reference, *self.experiments, *self.controls]
