"""Scanpath models: which fixations they learn from, how they are split, models and their options."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from cogmodels.config.attention import AttentionChoice
from cogmodels.config.base import Section, suggestion
from cogmodels.config.training import Recipe
from cogmodels.errors import ConfigError

if typing.TYPE_CHECKING:
    from cogmodels.config.study import Study

ScanpathBaseline = Literal["uniform", "centre_bias", "markov", "saliency", "human_shuffled", "nearest_image"]
ScanpathName = Literal[ScanpathBaseline, "transformer"]
SCANPATH_NAMES: tuple[str, ...] = typing.get_args(ScanpathName)

Size = Annotated[int, Field(ge=1)]


class ScanpathSet(Section):
    """Fixations of a data set as models learn from them: what is mended or left out, and the split."""

    dataset: str = Field(description="data set with fixations on images of known size")
    images: str = Field("stimuli/*.jpg", description="pattern of image files below the data set's folder")
    by: Literal["image", "person", "target", "shipped"] = Field(
        "image",
        description="what the split keeps whole: no image (person, target) is in two parts; `shipped`: the split that "
        "came with the data (column `split` of `scenes`)",
    )
    validation: Size = Field(100, description="images (people, targets) that choose the best epoch")
    test: Size = Field(100, description="images (people, targets) that are predicted")
    limit: int | None = Field(None, ge=3, description="images that are used, drawn by the seed; none = all")
    off_screen: Literal["drop", "clip", "refuse"] = Field(
        "drop", description="fixations beside the image: left out, moved to its edge, or an error; they are counted"
    )
    longest: int = Field(40, ge=2, description="fixations of a scanpath that are kept, from its first")
    seed: int = Field(0, ge=0, description="seed of the split")
    scenes: str | None = Field(
        None,
        description="of searches: table below the data set's folder with a row an image and target: image, target, "
        "left, top, right, bottom (px, the last two excluded), split as shipped; search efficiency needs the boxes",
    )
    first_is_start: bool = Field(
        True, description="of searches: the first fixation, from before the image came, finds nothing"
    )
    segments: str | None = Field(
        None,
        description="folder below the data set's with a label map of each image, `<name of the image>.png`, grey, one "
        "number a segment; the semantic sequence score needs them",
    )

    @model_validator(mode="after")
    def _shipped(self) -> ScanpathSet:
        if self.by == "shipped" and self.scenes is None:
            raise ValueError("`by: shipped` reads the split from `scenes`")
        return self


class ScanpathRecipe(Recipe):
    """How a scanpath network is trained."""

    learning_rate: float = Field(1e-3, gt=0, description="largest step size")
    weight_decay: float = Field(0.05, ge=0, description="weight decay")
    decay_vectors: bool = Field(False, description="weight decay also on biases and norms")
    schedule: Literal["constant", "cosine", "one_cycle"] = Field(
        "one_cycle",
        description="`cosine`: the step size falls to 0 over the epochs; `one_cycle`: it rises over the first two and "
        "falls to a 2500th of the largest",
    )
    epochs: int = Field(20, ge=1, description="times that each training image is shown")
    batch_size: int = Field(8, ge=1, description="images of a step, each with all its scanpaths")
    gradient_clip: float | None = Field(1.0, gt=0, description="longest gradient; none = as it is")
    patience: int | None = Field(
        6, ge=1, description="epochs without a better validation score after which it ends; none = never"
    )


class TransformerOptions(Section):
    """The image-level transformer."""

    width: int = Field(64, ge=8, description="width of tokens; a multiple of `heads`")
    heads: Size = Field(4, description="attention heads")
    encoder_layers: int = Field(1, ge=0, description="layers over the patches of the image")
    decoder_layers: Size = Field(2, description="layers over the fixations so far")
    dropout: float = Field(0.2, ge=0, lt=1, description="dropout")
    waves: Size = Field(64, description="plane waves of which kernels around past fixations are made")
    lags: Size = Field(3, description="past fixations around which there is a kernel")
    components: Size = Field(4, description="log-normal components of the duration")
    fovea: bool = Field(True, description="each fixation brings the features of the place it looked at")
    person: bool = Field(False, description="an embedding of each person; people who are new share one")
    target: Literal["none", "refuse", "shared"] = Field(
        "none",
        description="whether the network is told what is looked for: no; yes, and a target that it was not trained on "
        "is an error (`refuse`), or has the embedding that a tenth of the training scanpaths train (`shared`)",
    )
    temperature: float = Field(
        1.0,
        gt=0,
        description="of the places that are drawn: below 1, scanpaths are more alike and of likelier places; 1 = as "
        "people's vary. Likelihoods do not depend on it",
    )
    flip: bool = Field(True, description="half of the training images are mirrored, as feature maps")
    attention: AttentionChoice = Field(AttentionChoice(), description="mechanism of each place (docs/attention.md)")
    auxiliary_weight: float = Field(0.01, ge=0, description="weight of the loss of mechanisms that have one")


class GeneratedScanpaths(Section):
    """Scanpaths of a trained network on a folder of images: `results/<study>/generated/<name>/`."""

    images: str = Field(description="pattern of image files, of any size: `my-images/*.jpg`")
    experiment: str = Field(description="scanpath experiment whose network looks at them (that of its first seed)")
    samples: int = Field(10, ge=1, description="scanpaths of each image")
    typical_of: int | None = Field(
        None,
        ge=2,
        description="of each image only the typical scanpath: of so many that are drawn the one that is most like the "
        "others; none = `samples` as they are drawn",
    )
    seed: int = Field(0, ge=0, description="seed of the draws")
    target: str | None = Field(None, description="what is looked for, where the network is told it")


class OneTestPart(Section):
    """What experiments on scanpaths share, whether images or objects are looked at: one run a seed, and of their models
    one, ``network``, that is trained and has a section of options by its name."""

    network: ClassVar[str]
    #: Options that every model's run depends on.
    shared: ClassVar[set[str]]

    @property
    def folds(self) -> str:
        """One run tests on the set's test part."""
        return "all"

    @property
    def gpus(self) -> int:
        """How many GPUs a run of it asks for."""
        return self.recipe.gpus if self.model == self.network else 0

    @property
    def threads(self) -> int:
        """How many cores a run of it takes."""
        return self.recipe.threads if self.model == self.network else 1

    def config(self) -> dict[str, Any]:
        """What a model run depends on."""
        found = self.model_dump(mode="json", include=self.shared)
        if self.model != self.network:
            return found
        options = getattr(self, self.network)
        return found | {"options": options.model_dump(mode="json"), "recipe": self.recipe.model_dump(mode="json")}


class ScanpathExperiment(OneTestPart):
    """A model of scanpaths, from images (and people) to Fixations."""

    network: ClassVar[str] = "transformer"
    shared: ClassVar[set[str]] = {"fixations", "model", "features", "cell_px", "samples", "typical_of"}

    family: Literal["scanpath"] = Field("scanpath", description="model family")
    dataset: str = Field(description="data set; the experiment runs where the study has it")
    fixations: str = Field(description="name of one of `scanpath_sets`")
    description: str = Field("", description="one line for the report")
    model: ScanpathName = Field(description="a baseline, or the network whose section below holds its options")
    features: list[str] = Field(
        [], description="names of Features tables with a `grid`; the first has the finest, on which the density lies"
    )
    transformer: TransformerOptions = Field(TransformerOptions(), description="options of `transformer`")
    recipe: ScanpathRecipe = Field(ScanpathRecipe(), description="how a network is trained")
    cell_px: float = Field(10.0, gt=0, description="side of the cells of maps (cNSS, cAUC, baselines' densities), px")
    samples: int = Field(15, ge=2, description="scanpaths that are drawn for each test image")
    typical_of: int = Field(
        100,
        ge=2,
        description="scanpaths drawn for each test image to find its typical one, which is most like the others",
    )
    seeds: list[Annotated[int, Field(ge=0)]] = Field([0], min_length=1, description="one model run a seed")
    bootstrap: int = Field(2000, ge=100, description="bootstrap samples behind each confidence interval")

    @model_validator(mode="after")
    def _agree(self) -> ScanpathExperiment:
        needs = {"transformer": 1, "saliency": 1, "nearest_image": 1}.get(self.model, 0)
        if len(self.features) < needs:
            raise ValueError(f"model `{self.model}` looks at images: name Features tables as `features`")
        if self.model not in ("transformer", "saliency", "nearest_image") and self.features:
            raise ValueError(f"model `{self.model}` does not look at images: leave `features` out")
        if self.transformer.width % (4 * self.transformer.heads):
            raise ValueError("`width` must be a multiple of `heads`")
        return self


def check_scanpaths(study: Study, where: str | Path) -> None:
    """Scanpath experiments name fixations and features of their own data set; what generates is a network.

    Raises
    ------
    ConfigError
        An unknown set or Features table, one of another data set, or features without a grid.
    """
    for name, generated in study.generated_scanpaths.items():
        experiment = study.experiments.get(generated.experiment)
        if not isinstance(experiment, ScanpathExperiment) or experiment.model != "transformer":
            raise ConfigError(
                f"`{generated.experiment}` is no scanpath experiment with a network",
                where=f"{where}, generated_scanpaths.{name}.experiment",
                remedy="Name one of model `transformer`",
            )
    for name, experiment in study.experiments.items():
        if not isinstance(experiment, ScanpathExperiment) or experiment.dataset not in study.datasets:
            continue
        key = f"{where}, experiments.{name}"
        wanted = {
            "fixations": ([experiment.fixations], study.scanpath_sets),
            "features": (experiment.features, study.features),
        }
        for field, (names, known) in wanted.items():
            mine = [one for one, section in known.items() if section.dataset == experiment.dataset]
            for one in names:
                if one not in mine:
                    raise ConfigError(
                        f"`{one}` is not known of data set `{experiment.dataset}`{suggestion(one, mine)}",
                        where=f"{key}.{field}",
                        remedy=f"Name one of {', '.join(mine) or 'those that you add'}",
                    )
        for one in experiment.features:
            if study.features[one].grid is None:
                raise ConfigError(
                    f"features `{one}` have no `grid`",
                    where=f"{key}.features",
                    remedy="Give rows and columns, so that all images have maps of one size",
                )
