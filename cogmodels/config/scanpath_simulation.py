"""Options of simulated scanpaths; each reaches `cogmodels.simulate` under the same name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cogmodels.config.base import Section

Positive = Annotated[float, Field(gt=0)]


class ScanpathSimulation(Section):
    """Rendered images and scanpaths on them, drawn from a known process: saccades, and looks at the image's target."""

    kind: Literal["scanpath_simulation"] = Field("scanpath_simulation", description="kind of source")
    seed: int = Field(0, ge=0, description="seed; same seed, same bytes")
    images: int = Field(90, ge=4, description="rendered images, each with one target")
    guidance: float = Field(0.4, ge=0, le=1, description="probability that the next fixation is a look at the target")
    target_px: Positive = Field(18.0, description="standard deviation of looks around the target on each axis, px")
    saccade_px: Positive = Field(45.0, description="standard deviation of the other saccades on each axis, px")
    end: float = Field(0.12, gt=0, lt=1, description="probability that a scanpath ends after a fixation")
    longest: int = Field(20, ge=2, description="most fixations of a scanpath")
    median_s: Positive = Field(0.2, description="median duration of a fixation, s")
    spread: Positive = Field(0.4, description="standard deviation of the logarithm of durations")
