"""Scanpaths over objects: scenes and their boxes, which object is looked at next, models and their options."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from cogmodels.config.attention import GRID_ATTENTION, AttentionChoice
from cogmodels.config.base import Section, suggestion
from cogmodels.config.scanpath import OneTestPart
from cogmodels.config.training import Recipe
from cogmodels.errors import ConfigError

if typing.TYPE_CHECKING:
    from cogmodels.config.study import Study

ObjectBaseline = Literal["any_object", "nearest_object", "markov_object", "guided_object"]
ObjectModelName = Literal[ObjectBaseline, "oat"]
OBJECT_MODEL_NAMES: tuple[str, ...] = tuple(typing.get_args(ObjectBaseline)) + ("oat",)

Size = Annotated[int, Field(ge=1)]


class ObjectSet(Section):
    """Searches of a data set among objects: where the objects are, and the split."""

    dataset: str = Field(description="data set with published scanpaths, and a table of scenes")
    table: str = Field(
        "stimuli/collages.tsv",
        description="TSV below the data set's folder, a row a scene: `image` (name), `width`, `height`, `target` "
        "(name) and its `left`, `top`, `right`, `bottom` (px)",
    )
    grid: tuple[Size, Size] | None = Field(
        None, description="rows and columns of objects in equal cells; none = their boxes are in `objects`"
    )
    objects: str | None = Field(
        None, description="TSV below the data set's folder, a row an object: `image`, `left`, `top`, `right`, `bottom`"
    )
    patch_px: tuple[Annotated[int, Field(ge=8)], Annotated[int, Field(ge=8)]] = Field(
        (93, 150), description="width and height of each object's RENDERED picture, px"
    )
    outlier_sd: float | None = Field(
        None, gt=0, description="scanpaths whose length is farther from the mean are left out, sd; none = all stay"
    )
    by: Literal["image", "person", "target"] = Field(
        "image", description="what the split keeps whole: no scene (person, target) is in two parts"
    )
    validation: Size = Field(10, description="scenes (people, targets) that choose the best epoch")
    test: Size = Field(20, description="scenes (people, targets) that are predicted")
    limit: int | None = Field(None, ge=3, description="scenes that are used, drawn by the seed; none = all")
    off_screen: Literal["drop", "clip", "refuse"] = Field(
        "clip", description="fixations beside the scene: left out, moved to its edge, or an error; they are counted"
    )
    longest: int = Field(200, ge=2, description="fixations of a scanpath that are kept, from its first")
    seed: int = Field(0, ge=0, description="seed of the split and of the rendered pictures")

    @model_validator(mode="after")
    def _boxes(self) -> ObjectSet:
        if (self.grid is None) == (self.objects is None):
            raise ValueError("name either `grid` or `objects`: one of them says where objects are")
        return self


class ObjectRecipe(Recipe):
    """How a network over objects is trained. Published: Adam, 1e-4, 20 scanpaths a step, up to 500 epochs."""

    optimizer: Literal["adamw", "adam", "sgd"] = Field("adam", description="optimiser; `sgd` has momentum 0.9")
    learning_rate: float = Field(1e-4, gt=0, description="largest step size")
    weight_decay: float = Field(0.0, ge=0, description="weight decay")
    epochs: int = Field(500, ge=1, description="times that each training scene is shown")
    batch_size: int = Field(3, ge=1, description="scenes of a step, each with all its scanpaths")
    gradient_clip: float | None = Field(1.0, gt=0, description="longest gradient; none = as it is")
    patience: int | None = Field(
        30, ge=1, description="epochs without a better validation likelihood after which it ends; none = never"
    )


class OatOptions(Section):
    """Object-level Attention Transformer (Fang et al. 2024), as published."""

    width: int = Field(512, ge=32, description="width of tokens, half of it appearance; a multiple of `heads` and 2")
    heads: Size = Field(4, description="attention heads")
    hidden: Size = Field(512, description="width of the feed-forward parts")
    encoder_layers: Size = Field(4, description="layers over the objects and the target token")
    decoder_layers: Size = Field(4, description="layers over the objects looked at so far")
    output_heads: Size = Field(2, description="heads of the object attention that gives the output")
    dropout: float = Field(0.1, ge=0, lt=1, description="dropout")
    positions: Literal["gaussian", "sinusoidal", "none"] = Field(
        "gaussian",
        description="codes of rows and columns: cosines that fall with distance as a Gaussian, as published; waves; "
        "none. The code that marks the target stays",
    )
    end: Literal["target", "own"] = Field(
        "target", description="whose logit is the end's: the target token's, as published, or a token's of its own"
    )
    appearance: bool = Field(True, description="tokens hold what objects look like; else half of each is 0")
    flip: bool = Field(False, description="half of the training scenes are mirrored, left to right")
    attention: AttentionChoice = Field(AttentionChoice(), description="mechanism of each place (docs/attention.md)")
    auxiliary_weight: float = Field(0.01, ge=0, description="weight of the loss of mechanisms that have one")

    @model_validator(mode="after")
    def _agree(self) -> OatOptions:
        if self.width % self.heads or self.width % 2:
            raise ValueError("`width` must be a multiple of `heads` and of 2")
        if self.attention.encoder in GRID_ATTENTION:
            raise ValueError(f"attention.encoder `{self.attention.encoder}` needs a grid: objects and target have none")
        return self


class ObjectExperiment(OneTestPart):
    """A model of searches among objects, from layout and target to the objects looked at; told by its `model`."""

    network: ClassVar[str] = "oat"
    shared: ClassVar[set[str]] = {"objects", "model", "samples"}

    family: Literal["scanpath"] = Field("scanpath", description="model family")
    dataset: str = Field(description="data set; the experiment runs where the study has it")
    objects: str = Field(description="name of one of `object_sets`")
    description: str = Field("", description="one line for the report")
    model: ObjectModelName = Field(description="a baseline, or `oat`, whose section below holds its options")
    oat: OatOptions = Field(OatOptions(), description="options of `oat`")
    recipe: ObjectRecipe = Field(ObjectRecipe(), description="how `oat` is trained")
    samples: int = Field(15, ge=2, description="scanpaths that are drawn for each test scene")
    seeds: list[Annotated[int, Field(ge=0)]] = Field([0], min_length=1, description="one model run a seed")
    bootstrap: int = Field(2000, ge=100, description="bootstrap samples behind each confidence interval")


def check_objects(study: Study, where: str | Path) -> None:
    """Experiments on objects name a set of their own data set.

    Raises
    ------
    ConfigError
        An unknown set, or one of another data set.
    """
    for name, experiment in study.experiments.items():
        if not isinstance(experiment, ObjectExperiment) or experiment.dataset not in study.datasets:
            continue
        mine = [one for one, section in study.object_sets.items() if section.dataset == experiment.dataset]
        if experiment.objects not in mine:
            raise ConfigError(
                f"`{experiment.objects}` is not known of data set `{experiment.dataset}`"
                f"{suggestion(experiment.objects, mine)}",
                where=f"{where}, experiments.{name}.objects",
                remedy=f"Name one of {', '.join(mine) or 'those that you add to `object_sets`'}",
            )
