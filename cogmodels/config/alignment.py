"""How the responses of all subjects of a pipeline are brought into one space, for decoders."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section


class Alignment(Section):
    """Responses of a pipeline in one space, by maps that are fitted on the means of training stimuli."""

    dataset: str = Field(description="data set; left out where the study does not have it")
    pipeline: str = Field(description="fmri pipeline whose responses are aligned")
    description: str = Field("", description="one line for the report")
    method: Literal["srm", "hyperalignment", "procrustes", "ridge", "optimal_transport"] = Field(
        "srm",
        description="a shared space (`srm`, `hyperalignment`), or maps to the voxels of the first subject by rotation, "
        "ridge or optimal transport (extra `alignment`)",
    )
    scope: Literal["whole", "parcels", "searchlight"] = Field(
        "whole",
        description="all voxels at once, each parcel by itself, or spheres whose maps are averaged (all subjects on "
        "one grid; not for shared spaces)",
    )
    features: int = Field(20, ge=1, description="dimensions of a shared space; in parcels at most so many each")
    srm: Literal["probabilistic", "deterministic"] = Field("probabilistic", description="kind of `srm`")
    iterations: int = Field(20, ge=1, description="at most so many of `srm`")
    parcels: str | None = Field(
        None,
        description="label image of `scope: parcels`, found as `voxels.image` is; labels that a subject lacks are left "
        "out",
    )
    radius_mm: float = Field(9.0, gt=0, description="radius of a sphere of `scope: searchlight`, mm")
    regularisation: float = Field(0.01, gt=0, description="of `optimal_transport`, as a share of the largest cost")
    seed: int = Field(0, ge=0, description="of the start of `srm`, the control, permutations and bootstrap")
    permutations: int = Field(1000, ge=99, description="permutations of held-out stimuli behind each p-value")
    bootstrap: int = Field(2000, ge=100, description="bootstrap samples behind each confidence interval")

    def fitting(self) -> dict[str, object]:
        """What the maps depend on."""
        return self.model_dump(exclude={"dataset", "pipeline", "description", "parcels", "permutations", "bootstrap"})

    @model_validator(mode="after")
    def _agree(self) -> Alignment:
        if (self.scope == "parcels") != (self.parcels is not None):
            raise ValueError("`scope: parcels` needs `parcels`, and the image needs the scope")
        if self.scope == "searchlight" and self.method in ("srm", "hyperalignment"):
            raise ValueError(f"spheres overlap: `{self.method}` takes `whole` or `parcels`; or use `procrustes`")
        return self
