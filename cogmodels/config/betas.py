"""Responses a trial that come as such (betas): how they are read, and how they are simulated over images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section
from cogmodels.config.search import BackboneName

Count = Annotated[int, Field(ge=1)]


class PhotographSet(Section):
    """Images of another data set of the study."""

    dataset: str = Field(description="data set that has them; the study lists it too")
    images: str = Field(description="pattern of image files below the data set's folder: `stimuli/*.jpg`")
    limit: int | None = Field(None, ge=1, description="the first so many, by name; none = all")


class ImageStimuli(Section):
    """Images that a simulated study shows, and the network whose features its subjects respond to."""

    photographs: PhotographSet | None = Field(None, description="real images; none = rendered ones alone")
    rendered: int = Field(0, ge=0, description="RENDERED images beside them, collages of made-up book covers")
    backbone: BackboneName = Field("efficientnet_lite0", description="network")
    weights: str = Field("package", description="`package`, `random`, or the path of a file")
    layer: str = Field("block15", description="layer")
    size: tuple[Count, Count] = Field((224, 224), description="width and height that images are brought to, px")
    grid: tuple[Count, Count] = Field((1, 1), description="cells that the layer's maps are averaged to")
    test: int = Field(100, ge=2, description="held-out images, drawn from the photographs where there are any")

    @model_validator(mode="after")
    def _some(self) -> ImageStimuli:
        if self.photographs is None and not self.rendered:
            raise ValueError("give `photographs`, a number of `rendered` images, or both")
        return self


class BetasSimulation(Section):
    """Responses a trial: each voxel a nonlinear function of the image's latent vector, with noise. No BOLD between."""

    voxels: list[Annotated[int, Field(ge=4)]] = Field(
        [300, 600, 1000, 1500, 2200, 3000, 4000, 5000], min_length=1, description="voxels of each subject in turn"
    )
    repeats: Count = Field(3, description="how often each image is shown; each time in a session of its own")
    shared: int = Field(100, ge=0, description="training images that all subjects see")
    own: int = Field(100, ge=0, description="training images that one subject sees and no other")
    signal: float = Field(1.0, ge=0, description="multiplies the noise ceiling's signal; 0 = pure noise")
    ncsnr_mean: float = Field(
        0.45, gt=0, le=3, description="mean over voxels of the standard deviation of the signal over that of the noise"
    )
    ncsnr_shape: float = Field(4.0, gt=0, description="shape of its gamma distribution over voxels")
    common_maps: float = Field(
        0.5, ge=0, le=1, description="share of the variance of voxels' weights that lies in maps common to all subjects"
    )
    map_scale: float = Field(0.15, gt=0, le=2, description="how far maps are smooth, in widths of the cortical sheet")
    voxel_share: float = Field(0.3, ge=0, le=1, description="share of the variance of weights that is each voxel's own")
    warp: float = Field(
        0.5, ge=0, description="standard deviation of each subject's nonlinear warp of the latent vector, beside 1"
    )
    noise_factors: int = Field(20, ge=0, description="patterns that noise has in common over voxels")
    common_noise: float = Field(0.3, ge=0, lt=1, description="share of the noise variance that lies in them")
    session_shift: float = Field(
        0.3, ge=0, description="standard deviation of a voxel's mean over sessions, in standard deviations of its noise"
    )


class CommonGrid(Section):
    """Cells of a space that subjects share, each the weighted mean of the features near it."""

    cells: list[Count] = Field(min_length=2, max_length=3, description="cells along x, y (and z)")
    low: list[float] = Field([0.0, 0.0], description="where the first cell begins, in the units of the positions")
    high: list[float] = Field([1.0, 1.0], description="where the last cell ends")
    width: float = Field(0.6, gt=0, description="standard deviation of the Gaussian weights, in cells")

    @model_validator(mode="after")
    def _fits(self) -> CommonGrid:
        if not len(self.cells) == len(self.low) == len(self.high):
            raise ValueError("`cells`, `low` and `high` have a number for each axis")
        if any(low >= high for low, high in zip(self.low, self.high, strict=True)):
            raise ValueError("`low` lies below `high`")
        return self


class BetasOptions(Section):
    """Of a pipeline that takes responses as they come."""

    zscore: Literal["session", "none"] = Field(
        "session", description="each voxel by mean and standard deviation of a session's training trials"
    )
    precision: Literal["float32", "float16"] = Field("float32", description="how the Responses lie on disk")
    grid: CommonGrid | None = Field(
        None,
        description="bring all subjects to a common grid by the positions of their features (`*_positions.tsv`), so "
        "that what was learnt of one place in others holds there in a new subject; none = each subject's own features",
    )
