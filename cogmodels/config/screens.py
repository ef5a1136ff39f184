"""The screen on which people looked."""

from __future__ import annotations

from pydantic import Field

from cogmodels.config.base import Section


class GazeScreen(Section):
    """The screen on which people looked."""

    width_px: int = Field(gt=0, description="width, px")
    height_px: int = Field(gt=0, description="height, px")
    width_m: float = Field(gt=0, lt=20, description="width, m")
    height_m: float = Field(gt=0, lt=20, description="height, m")
    distance_m: float = Field(gt=0, lt=20, description="distance of the eye, m")
