"""Which voxels of a pipeline's mask the Responses hold."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section

AtlasName = Literal["harvard_oxford", "destrieux", "schaefer", "aal", "juelich"]


class Voxels(Section):
    """Regions, reliability, or both, one after the other; neither = all voxels of the mask."""

    image: str | None = Field(
        None,
        description="mask or label image, below the data set's BIDS folder or absolute; `{subject}` stands for the "
        "subject; other grids are resampled by nearest neighbour",
    )
    atlas: AtlasName | None = Field(
        None,
        description="atlas that nilearn fetches, in place of `image`; needs `source: fmriprep` in an MNI space",
    )
    atlas_options: dict[str, str | int] = Field(
        {}, description="options of nilearn's fetcher, such as `atlas_name: cort-maxprob-thr25-2mm` or `n_rois: 100`"
    )
    labels: list[int | str] = Field(
        [], description="values or names of the labels that are taken; none = all values above 0"
    )
    names: str | None = Field(
        None,
        description="table of the image's labels (columns `index`, `name`), found as the image is; none = the `.tsv` "
        "beside it, where there is one",
    )
    reliability: Literal["none", "split_half", "ncsnr"] = Field(
        "none",
        description="choose voxels by training trials that repeat stimuli: agreement of halves, or signal over noise",
    )
    threshold: float | None = Field(None, description="least reliability of a voxel")
    best: int | None = Field(None, ge=1, description="so many voxels, the most reliable; all where there are fewer")

    @property
    def chosen(self) -> bool:
        """Whether anything is chosen."""
        return self.region or self.reliability != "none"

    @property
    def region(self) -> bool:
        """Whether an image or an atlas says where."""
        return self.image is not None or self.atlas is not None

    @model_validator(mode="after")
    def _agree(self) -> Voxels:
        if self.image is not None and self.atlas is not None:
            raise ValueError("give `image` or `atlas`, not both")
        if (self.labels or self.names) and not self.region:
            raise ValueError("`labels` and `names` need an `image` or an `atlas`")
        if self.atlas_options and self.atlas is None:
            raise ValueError("`atlas_options` need an `atlas`")
        if (self.reliability != "none") != (self.threshold is not None or self.best is not None):
            raise ValueError("`reliability` needs a `threshold` or `best`, and they need `reliability`")
        return self
