"""Options of the gaze that an XDF file holds beside EEG."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cogmodels.config.base import Section
from cogmodels.config.screens import GazeScreen


class XdfGaze(Section):
    """The stream of gaze in an XDF file; its markers become the gaze's messages."""

    screen: GazeScreen = Field(description="the screen; angles need it")
    stream: str | None = Field(None, description="name of the stream; none = the only one of type Gaze")
    x: str = Field(description="label of the channel of x")
    y: str = Field(description="label of the channel of y")
    pupil: str | None = Field(None, description="label of the channel of pupil size; none = not recorded")
    coordinates: Literal["px", "fraction"] = Field(
        "px", description="px from the screen's top left, or fractions of the screen"
    )
    lost: list[float] = Field([], description="coordinates of lost samples, such as -1; NaN is always lost")
    trial_start: str = Field("TRIALID", description="how the marker begins that starts a trial; then its name")
    trial_end: str = Field("TRIAL_RESULT", description="how the marker begins that ends a trial")
