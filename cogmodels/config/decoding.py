"""Decoders that learn from several subjects: models, their options, how they are trained."""

from __future__ import annotations

import typing
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section
from cogmodels.config.reconstruction import Reconstruction
from cogmodels.config.training import Recipe

BaselineName = Literal["subject_ridge", "srm_ridge", "hyperalignment_ridge", "group_pca_ridge", "template_average"]
NetworkName = Literal["mindbridge", "mindeye2", "sttm"]
CrossSubjectName = Literal[BaselineName, NetworkName]
CROSS_SUBJECT_NAMES: tuple[str, ...] = typing.get_args(CrossSubjectName)
#: Models that decode a subject of whom they have seen no stimulus.
ZERO_SHOT_NAMES = ("template_average", "mindbridge")

Weight = Annotated[float, Field(ge=0)]
Size = Annotated[int, Field(ge=1)]
Temperature = Annotated[float, Field(gt=0)]
Dropout = Annotated[float, Field(ge=0, lt=1)]


class DecoderRecipe(Recipe):
    """How a network across subjects is trained. The defaults are MindBridge's published ones."""

    learning_rate: float = Field(1.5e-4, gt=0, description="largest step size")
    weight_decay: float = Field(0.01, ge=0, description="weight decay")
    decay_vectors: bool = Field(False, description="weight decay also on biases and norms")
    schedule: Literal["constant", "cosine", "one_cycle"] = Field(
        "one_cycle",
        description="`cosine`: the step size falls to 0 over the epochs; `one_cycle`: it rises over the first two and "
        "falls to a 2500th of the largest",
    )
    epochs: int = Field(600, ge=1, description="times that each training stimulus is shown")
    batch_size: int = Field(50, ge=1, description="stimuli of each subject in a step")


class AdaptationRecipe(DecoderRecipe):
    """How a network is adapted to a new subject, or trained on one from scratch."""

    epochs: int = Field(200, ge=1, description="times that each training stimulus is shown")


class MindBridgeOptions(Section):
    """MindBridge. The defaults are those of its published scripts."""

    pooling: Literal["max", "average", "linear"] = Field(
        "max", description="how responses of any width become `pooled` numbers, in the order of the features"
    )
    pooled: Size = Field(8192, description="width after pooling")
    hidden: Size = Field(2048, description="width of the embedding that subjects share")
    bottleneck: Size = Field(128, description="width inside of the adapters")
    blocks: Size = Field(4, description="residual blocks of the translator")
    embedder_dropout: Dropout = Field(0.5, description="dropout after the embedder")
    translator_dropout: Dropout = Field(0.15, description="dropout in the translator")
    temperature: float = Field(0.005, gt=0, description="of SoftCLIP")
    mse_weight: Weight = Field(1e4, description="weight of the squared error of unit vectors beside SoftCLIP's 1")
    text_weight: Weight = Field(1.0, description="weight of both losses of the text target, where there is one")
    reconstruction_weight: Weight = Field(1.0, description="weight of the error of rebuilt responses")
    cycle_weight: Weight = Field(1.0, description="weight of the cycle through another subject's responses")
    pseudo_weight: Weight = Field(
        0.0, description="weight of the losses of responses built for one subject from another's; 0 = none are made"
    )
    start: Literal["random", "ridge", "encoding"] = Field(
        "random",
        description="where a subject's embedder starts: `random` weights, as published; `ridge`: the ridge "
        "regression of its training trials on the targets, through a random projection that subjects share, and in "
        "adaptation through what the trained network makes of the targets; `encoding`: likewise an encoding model of "
        "its trials, turned round by Bayes, in adaptation shrunk towards the mean of the other subjects' (of use "
        "where pooled responses lie on a common `grid`)",
    )


class MindEye2Options(Section):
    """MindEye2's retrieval part."""

    hidden: Size = Field(4096, description="width of the latent space that subjects share")
    blocks: Size = Field(4, description="mixer blocks of the backbone")
    dropout: Dropout = Field(0.15, description="dropout in the backbone")
    projector: bool = Field(
        True, description="the projector after the head; targets of few dimensions (tens) do not survive it"
    )
    mixed_temperature: Temperature = Field(0.006, description="of BiMixCo, in the first third of the training")
    temperatures: tuple[Temperature, Temperature] = Field(
        (0.004, 0.0075), description="of SoftCLIP, in the rest: from, to, along half a cosine"
    )


class SttmOptions(Section):
    """See Through Their Minds; there is no released code, the defaults are ours. Images: `reconstruction`."""

    hidden: Size = Field(1024, description="width of the decoder")
    blocks: Size = Field(6, description="residual blocks of the decoder")
    adapter_dropout: Dropout = Field(0.5, description="dropout after the adapter")
    dropout: Dropout = Field(0.15, description="dropout in the decoder")
    temperature: float = Field(0.05, gt=0, description="of InfoNCE")
    mse_weight: Weight = Field(1.0, description="weight of the squared error of unit vectors beside InfoNCE's 1")
    text_weight: Weight = Field(1.0, description="weight of both losses of the text target, where there is one")


class CrossSubjectExperiment(Section):
    """A decoder that learns from several subjects, from Responses to Features."""

    family: Literal["decoding"] = Field("decoding", description="model family")
    dataset: str = Field(description="data set; the experiment runs where the study has it")
    pipeline: str = Field(description="preprocessing config whose responses are decoded")
    description: str = Field("", description="one line for the report")
    target: str = Field(description="name of a Features table (such as `latent`)")
    text_target: str | None = Field(
        None, description="Features table of the stimuli's descriptions, learnt by networks beside `target`"
    )
    model: CrossSubjectName = Field(
        description="linear models that need no training: ridge a subject (`subject_ridge`), ridge from a space that "
        "subjects share; or a network, whose section below holds its options"
    )
    protocol: Literal["held_out_stimuli", "new_subject"] = Field(
        "held_out_stimuli",
        description="`held_out_stimuli`: one model for all, tested on their test stimuli; `new_subject`: a fold a "
        "subject, learnt from the others and adapted to it",
    )
    grid: list[Annotated[float, Field(gt=0)]] = Field(
        [1e0, 1e1, 1e2, 1e3, 1e4], min_length=1, description="strengths of ridge regression, chosen within training"
    )
    dimensions: Size = Field(20, description="dimensions of the linear models' shared space")
    mindbridge: MindBridgeOptions = Field(MindBridgeOptions(), description="options of `mindbridge`")
    mindeye2: MindEye2Options = Field(MindEye2Options(), description="options of `mindeye2`")
    sttm: SttmOptions = Field(SttmOptions(), description="options of `sttm`")
    reconstruction: Reconstruction | None = Field(
        None, description="images decoded beside `target` by `sttm`, its low-level part; none = no images"
    )
    recipe: DecoderRecipe = Field(DecoderRecipe(), description="how a network is trained on several subjects")
    adaptation: AdaptationRecipe = Field(
        AdaptationRecipe(), description="how it is adapted to a new subject (`new_subject`)"
    )
    adapt_trials: int | None = Field(
        None,
        ge=0,
        description="training trials of a new subject that are used, drawn at random, 4 or more; none = all; 0 = "
        "zero-shot (`template_average`, `mindbridge`): only the mean and scale of its responses are learnt, from its "
        "training trials without their stimuli",
    )
    pretrain: bool = Field(True, description="`false`: learn a new subject from scratch (`new_subject`)")
    pretrained: str | None = Field(
        None,
        description="experiment of the same network, without one new subject each, whose training on the others is "
        "read instead of being done again (`new_subject`); its own `adapt_trials` may be 0; none = train",
    )
    validation_share: float = Field(
        0.1, gt=0, le=0.5, description="share of the training stimuli by which networks choose their best epoch"
    )
    folds: Literal["all"] | list[str] = Field("all", description="`all` in one job, or a list: one job a fold")
    seeds: list[Annotated[int, Field(ge=0)]] = Field([0], min_length=1, description="one model run a seed")
    control: Literal["none", "shuffled_labels"] = Field(
        "none", description="`shuffled_labels`: stimuli of training trials are permuted, the score must fall to chance"
    )
    draws: int = Field(1, ge=1, le=1000, description="how often the control is drawn")
    permutations: int = Field(2000, ge=99, description="permutations behind each p-value")
    bootstrap: int = Field(2000, ge=100, description="bootstrap samples behind each confidence interval")
    alignment: str | None = Field(
        None, description="one of the study's `alignments`, whose responses are decoded; none = each subject's voxels"
    )

    @property
    def is_network(self) -> bool:
        """Whether it is trained by gradients."""
        return self.model in typing.get_args(NetworkName)

    @property
    def gpus(self) -> int:
        """How many GPUs a run of it asks for."""
        if not self.is_network or "cpu" in (self.recipe.accelerator, self.adaptation.accelerator):
            return 0
        return max(one.gpus for one in self._recipes)

    @property
    def threads(self) -> int:
        """How many cores a run of it takes."""
        return max(one.threads for one in self._recipes) if self.is_network else 1

    @property
    def _recipes(self) -> list[DecoderRecipe]:
        """Those that a run trains by."""
        if self.protocol == "held_out_stimuli":
            return [self.recipe]
        return [self.recipe, self.adaptation] if self.pretrain else [self.adaptation]

    def config(self) -> dict[str, Any]:
        """What a model run depends on: of the options, those of its kind of model."""
        shared = {"target", "model", "protocol", "control", "draws", "pretrain", "adapt_trials"}
        own = {"text_target", "recipe", "validation_share"} if self.is_network else {"grid", "dimensions"}
        if self.is_network and self.protocol == "new_subject":
            own |= {"adaptation"}
        if self.pretrained is not None:
            shared |= {"pretrained"}
        found = self.model_dump(mode="json", include=shared | own)
        if not self.is_network:
            return found
        options = getattr(self, self.model).model_dump(mode="json")
        if self.reconstruction is None:
            return found | {"options": options}
        options["low_level"] = self.reconstruction.network()
        return found | {"pixels": self.reconstruction.pixels, "options": options}

    @model_validator(mode="after")
    def _agree(self) -> CrossSubjectExperiment:
        if self.target == "label":
            raise ValueError(f"model `{self.model}` predicts Features: name a table as `target`, not `label`")
        if self.control == "none" and self.draws != 1:
            raise ValueError("`draws` belongs to a control: set `control`, or leave `draws` at 1")
        if self.protocol != "new_subject" and (self.adapt_trials is not None or not self.pretrain):
            raise ValueError("`adapt_trials` and `pretrain: false` belong to the protocol `new_subject`")
        if self.adapt_trials is not None and 0 < self.adapt_trials < 4:
            raise ValueError("`adapt_trials` is 0 (zero-shot), or 4 or more")
        if self.adapt_trials == 0 and (self.model not in ZERO_SHOT_NAMES or not self.pretrain):
            raise ValueError(
                f"`adapt_trials: 0`: model `{self.model}` knows nothing of a subject before it has seen trials of it; "
                f"zero-shot is for {', '.join(ZERO_SHOT_NAMES)}, pretrained"
            )
        if self.pretrained is not None and not (
            self.is_network and self.protocol == "new_subject" and self.pretrain and self.adapt_trials != 0
        ):
            raise ValueError(
                "`pretrained` belongs to networks that are adapted: protocol `new_subject`, `pretrain`, and "
                "`adapt_trials` not 0"
            )
        if self.pretrained is not None and self.draws != 1:
            raise ValueError("`pretrained` keeps the weights of one draw: leave `draws` at 1")
        if self.is_network and self.gpus and len({one.devices for one in self._recipes}) > 1:
            raise ValueError(
                f"`recipe` has `devices: {self.recipe.devices}` and `adaptation` {self.adaptation.devices}: one job "
                "trains by both, on the same GPUs; set both"
            )
        if self.text_target is not None and not self.is_network:
            raise ValueError(f"`text_target` belongs to networks, model `{self.model}` is linear")
        if self.reconstruction is not None and self.model != "sttm":
            raise ValueError(f"`reconstruction` is of model `sttm`, model `{self.model}` decodes no images")
        return self
