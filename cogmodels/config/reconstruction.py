"""Images decoded from responses: the low-level part of a network, how its images are scored and refined."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section
from cogmodels.config.search import BackboneName, check_weights

Size = Annotated[int, Field(ge=1)]


class Diffusion(Section):
    """A pipeline of the package `diffusers`, to be installed beside, that makes an image of a decoded one.

    One image is made of each decoded one: none is chosen among several, by whatever measure.
    """

    pipeline: str = Field(description="folder or name of an image-to-image pipeline, as diffusers loads it")
    embeddings: Literal["none", "image_embeds", "prompt_embeds"] = Field(
        "none", description="argument of the pipeline that the decoded vector of `target` becomes"
    )
    tokens: Size = Field(1, description="tokens that the vector is of, one after the other")
    steps: Size = Field(20, description="steps of the sampler")
    strength: float = Field(0.75, gt=0, le=1, description="share of the noise that is put on the decoded image")
    guidance_scale: float = Field(5.0, ge=0, description="of classifier-free guidance")
    size_px: int = Field(512, ge=8, description="side that decoded images are brought to before, px")
    seed: int = Field(0, ge=0, description="of the noise")


class Reconstruction(Section):
    """Low-resolution images decoded by `sttm` beside its vectors, and their scores."""

    pixels: str = Field(description="features with `backbone: pixels` of square images: what is decoded")
    guidance: Literal["stopped", "joint", "none"] = Field(
        "stopped",
        description="what the decoded vector does to the decoder of images: guides it without being changed by it "
        "(`stopped`), with it (`joint`), nothing (`none`, an ablation)",
    )
    weight: float = Field(
        1.0, ge=0, description="weight of the squared error of pixels; the mean training image has an error of 1"
    )
    channels: int = Field(64, ge=8, multiple_of=8, description="channels of the decoder of images")
    dropout: float = Field(0.3, ge=0, lt=1, description="dropout before the decoder of images")
    score_px: int = Field(
        425, ge=16, description="side to which true and decoded images are brought for PixCorr and SSIM, px; 425 as "
        "published; the time of SSIM grows with its cube"
    )  # fmt: skip
    backbone: BackboneName = Field("efficientnet_lite0", description="network of the two-way identification")
    weights: str = Field("package", description="its weights, as in `features`")
    weights_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="sha256 of the weights; an address needs it"
    )
    layers: dict[Literal["early", "late"], str] = Field(
        {"early": "block4", "late": "block15"}, min_length=1, description="its layers; two-way identification in each"
    )
    shown: Size = Field(8, description="stimuli in the figure, evenly spaced in the order of their names")
    diffusion: Diffusion | None = Field(
        None, description="a diffusion pipeline that refines the images; none = as they are"
    )

    def network(self) -> dict[str, Any]:
        """Options of the network that decodes."""
        return self.model_dump(include={"guidance", "weight", "channels", "dropout"})

    @model_validator(mode="after")
    def _agree(self) -> Reconstruction:
        check_weights(self.weights, self.weights_sha256)
        return self
