"""Features of stimuli: which network reads which images, or what was said of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section
from cogmodels.config.search import BackboneName, check_weights


class FeatureSet(Section):
    """One named vector of each image of a data set: `derivatives/<dataset>/features/<name>.parquet`."""

    dataset: str = Field(description="data set; left out where the study does not have it")
    images: str = Field(description="pattern of image files below the data set's folder: `stimuli/*.jpg`")
    backbone: BackboneName | Literal["pixels"] = Field(
        "efficientnet_lite0",
        description="network; `pixels`: none, its layer `rgb` is the image brought to `size`, 0 to 1",
    )
    weights: str = Field(
        "package", description="`package`, `random`, the path of a file, an http(s) address, or `hub:<file>`"
    )
    weights_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="sha256 of the weights; an address needs it"
    )
    preprocessing: Literal["torch", "caffe"] | None = Field(
        None, description="of the network's input; none = what its published weights want"
    )
    layers: list[str] = Field(min_length=1, description="layers, one after the other in the vector")
    grid: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = Field(
        (1, 1), description="rows and columns that maps are averaged to; `[1, 1]` = the mean; none = as they are"
    )
    size: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = Field(
        (224, 224), description="width and height, px, that images are brought to; none = as they are"
    )
    batch: int = Field(16, ge=1, description="images at a time: it bounds memory")

    @model_validator(mode="after")
    def _agree(self) -> FeatureSet:
        check_weights(self.weights, self.weights_sha256)
        if self.backbone == "pixels" and (self.layers != ["rgb"] or self.size is None or self.preprocessing):
            raise ValueError("`pixels` have one layer, `layers: [rgb]`, a `size` and no `preprocessing`")
        return self


class TextFeatureSet(Section):
    """One named vector of what was said of each stimulus: `derivatives/<dataset>/features/<name>.parquet`."""

    dataset: str = Field(description="data set; left out where the study does not have it")
    table: str = Field(
        description="TSV below the data set's folder, a row a text; a stimulus with several has their mean vector"
    )
    stimulus: str = Field("stimulus", description="column that names the stimulus, as trials do")
    text: str = Field("caption", description="column of the text")
    model: str = Field(
        "all-minilm-l6-v2",
        description="`all-minilm-l6-v2` (extra `text`), or a folder with a model as sentence-transformers saves it",
    )
    batch: int = Field(64, ge=1, description="texts at a time")
