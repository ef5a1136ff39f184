"""Models of every voxel: encoding by Features, decoding in searchlights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section


class MapModel(Section):
    """What both share."""

    dataset: str = Field(description="data set; left out where the study does not have it")
    pipeline: str = Field(description="fmri pipeline whose responses are modelled")
    description: str = Field("", description="one line for the report")
    permutations: int = Field(1000, ge=99, description="permutations behind each p-value")
    bootstrap: int = Field(2000, ge=100, description="bootstrap samples behind each confidence interval")
    seed: int = Field(0, ge=0, description="seed")


class Band(Section):
    """Features with a penalty of their own."""

    features: str = Field(description="name of a Features table (such as `latent`)")
    dimensions: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=1)]] | None = Field(
        None, description="first dimension that is taken, and the one after the last; none = all"
    )

    @model_validator(mode="after")
    def _order(self) -> Band:
        if self.dimensions and self.dimensions[0] >= self.dimensions[1]:
            raise ValueError(f"dimensions {list(self.dimensions)}: the first lies before the last")
        return self


class Encoding(MapModel):
    """Responses of each voxel predicted from Features, on held-out stimuli (`split` of the events)."""

    bands: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")], Band] = Field(
        min_length=1, description="Features by name, a penalty each: one band is ridge regression, more are banded"
    )
    alphas: list[Annotated[float, Field(gt=0)]] = Field(
        [1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5],
        min_length=1,
        description="penalties tried for each voxel; features are standardised",
    )
    inner: Literal["stimulus", "run"] = Field(
        "stimulus", description="groups of training trials that are left out to choose penalties"
    )
    inner_folds: int = Field(5, ge=2, description="folds of `inner: stimulus`")
    mixtures: int = Field(
        50, ge=1, description="random weightings of the bands that are tried, where there are several"
    )
    least_ceiling: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="voxels whose noise ceiling (share of variance, training trials) is lower have no normalised score",
    )


class Searchlight(MapModel):
    """Labels decoded from the voxels around each voxel, a run left out at a time."""

    radius_mm: float = Field(9.0, gt=0, description="radius of a sphere, mm")
    shrinkage: float = Field(0.1, ge=0, le=1, description="of the covariance within classes; fixed")
