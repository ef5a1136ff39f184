"""Training diets: images, what is done to them, the network that is raised on them, and how."""

from __future__ import annotations

import typing
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section

DietName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", description="letters, digits, hyphens")]
Manipulation = Literal["upright", "rotated90", "rotated180", "rotated270", "fisheye", "grid_lines"]


class DietImages(Section):
    """What all sets of images share: resized, mirrored, cropped, in this order; the manipulation comes after."""

    resize_px: int | None = Field(None, ge=8, description="shorter side is brought to this, px; none = as it is")
    crop_px: int | None = Field(
        None, ge=8, description="square cut out, px: anywhere for training, else the centre; none = the whole image"
    )
    flip: bool = Field(False, description="half of the training images are mirrored, left to right")


class ShadedImages(DietImages):
    """RENDERED bumps and hollows under a light; the class is the shape and whether it stands out or in."""

    kind: Literal["shaded"] = Field("shaded", description="kind of images")
    side_px: int = Field(64, ge=16, description="side of an image, px")
    train: int = Field(6000, ge=8, description="training images")
    validation: int = Field(1000, ge=8, description="images that the best epoch is chosen by")
    test: int = Field(1000, ge=8, description="images that the accuracy is of")
    azimuth_deg: float = Field(0.0, description="mean direction of the light, degrees: 0 above, 90 right, 180 below")
    spread_deg: float | None = Field(
        30.0, ge=0, description="its standard deviation, degrees; none = light from everywhere"
    )
    elevation_deg: tuple[float, float] = Field(
        (20.0, 60.0), description="height of the light over the image, degrees: from, to"
    )
    ambient: tuple[float, float] = Field((0.1, 0.4), description="share of light without direction: from, to")
    radius_px: tuple[float, float] = Field((9.0, 20.0), description="radius of a shape, px: from, to")
    relief_px: float = Field(0.6, ge=0, description="standard deviation of the ground's height, px")
    texture: float = Field(0.6, ge=0, le=1, description="largest contrast of the surface, from photographs")

    @model_validator(mode="after")
    def _one_light(self) -> ShadedImages:
        if self.flip and self.spread_deg is not None and self.azimuth_deg % 180:
            raise ValueError(
                f"`flip` mirrors light from {self.azimuth_deg:g} degrees to the other side: set `flip: false`, or "
                "light the images from above and rotate them (`manipulation`), which comes after the mirror"
            )
        return self


class DigitImages(DietImages):
    """Handwritten digits that scikit-learn ships (8 x 8 px, enlarged), white on black."""

    kind: Literal["digits"] = Field("digits", description="kind of images")
    side_px: int = Field(64, ge=8, description="side to which digits are enlarged, px")


class MnistImages(DietImages):
    """MNIST from its four IDX files, as they are or gzipped, enlarged."""

    kind: Literal["mnist"] = Field("mnist", description="kind of images")
    path: str = Field(description="folder of the files")
    side_px: int = Field(224, ge=8, description="side to which digits are enlarged, px")


class FolderImages(DietImages):
    """A folder `train/<class>/` and `val/<class>/` of images, as ImageNet's or Places'."""

    kind: Literal["folder"] = Field("folder", description="kind of images")
    path: str = Field(description="the folder")
    resize_px: int | None = Field(256, ge=8, description="shorter side is brought to this, px")
    crop_px: int | None = Field(224, ge=8, description="square cut out, px")
    flip: bool = Field(True, description="half of the training images are mirrored, before they are rotated")


AnyImages = Annotated[ShadedImages | DigitImages | MnistImages | FolderImages, Field(discriminator="kind")]


class DietNetwork(Section):
    """VGG16, as published or narrower; layers keep their names."""

    width: float = Field(1.0, gt=0, le=4, description="factor of the number of channels")
    batch_norm: bool = Field(False, description="normalise after each convolution")
    head: Literal["dense", "average"] = Field(
        "dense", description="`dense`: the published layers; `average`: one layer on the mean of each map"
    )


class Recipe(Section):
    """How a network is trained. The defaults are those of the published diets."""

    optimizer: Literal["adamw", "adam", "sgd"] = Field("adamw", description="optimiser; `sgd` has momentum 0.9")
    learning_rate: float = Field(1e-4, gt=0, description="largest step size")
    weight_decay: float = Field(1e-5, ge=0, description="weight decay")
    decay_vectors: bool = Field(True, description="weight decay also on biases and norms")
    schedule: Literal["constant", "cosine", "one_cycle"] = Field(
        "constant",
        description="`cosine`: the step size falls to 0 over the epochs; `one_cycle`: it rises over the first two and "
        "falls to a 2500th of the largest",
    )
    epochs: int = Field(60, ge=1, description="times that each training image is shown")
    batch_size: int = Field(150, ge=1, description="images of a step")
    precision: Literal["auto", "32-true", "bf16-mixed"] = Field(
        "auto", description="`auto`: bf16-mixed on a GPU that has it, else 32-true"
    )
    accelerator: Literal["auto", "cpu", "gpu"] = Field(
        "auto", description="`cpu` also lets several trainings run at a time"
    )
    devices: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        1,
        description="GPUs of one training, or processes where there is none: each has its share of every step's "
        "`batch_size`, which must be a multiple; `auto`: all GPUs that are seen, on a CPU one process",
    )
    gradient_clip: float | None = Field(
        None, gt=0, description="longest gradient, as its Euclidean norm; none = as it is"
    )
    patience: int | None = Field(
        None, ge=1, description="epochs without a better validation score after which it ends; none = never"
    )
    workers: int = Field(
        0, ge=0, description="processes that read images ahead, for each device; the job takes one core more a device"
    )

    @model_validator(mode="after")
    def _even(self) -> Recipe:
        if self.devices != "auto" and self.batch_size % self.devices:
            even = max(1, round(self.batch_size / self.devices)) * self.devices
            raise ValueError(
                f"a batch of {self.batch_size} cannot be shared evenly among {self.devices} devices: set "
                f"`batch_size: {even}`, or change `devices`"
            )
        return self

    @property
    def gpus(self) -> int:
        """How many GPUs a job asks the scheduler for; of `auto` one."""
        return 0 if self.accelerator == "cpu" else self._processes

    @property
    def threads(self) -> int:
        """How many cores a job takes."""
        return self._processes * (1 + self.workers)

    @property
    def _processes(self) -> int:
        return 1 if self.devices == "auto" else self.devices


class Diet(Section):
    """A network raised on images; `weights: diet:<name>` of a search experiment takes it."""

    description: str = Field("", description="one line for the report")
    images: AnyImages = Field(description="what is shown")
    manipulation: Manipulation = Field(
        "upright", description="what is done to each image, after the mirror and the crop"
    )
    network: DietNetwork = Field(DietNetwork(), description="what is trained")
    recipe: Recipe = Field(Recipe(), description="how")
    seeds: list[Annotated[int, Field(ge=0)]] = Field([0], min_length=1, description="one network a seed")

    @model_validator(mode="after")
    def _agree(self) -> Diet:
        if self.images.kind in ("digits", "mnist") and self.images.flip:
            raise ValueError("digits are not the same mirrored: set `flip: false`")
        return self

    def config(self) -> dict[str, Any]:
        """What the networks depend on."""
        return self.model_dump(mode="json", exclude={"description", "seeds"})


class DietComparison(Section):
    """Search experiments with trained networks, one a diet, compared over seeds."""

    reference: str = Field(description="experiment that the others are compared with")
    experiments: list[str] = Field(min_length=1, description="the others")


MANIPULATION_NAMES: tuple[str, ...] = typing.get_args(Manipulation)
