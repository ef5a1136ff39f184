"""Options of EEG joined with gaze, and of responses that overlap."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section


class Synchronise(Section):
    """Gaze of the same subject, session, task and run on the clock of the EEG."""

    gaze: str = Field(description="gaze pipeline, on the same data set, whose samples and events are joined")
    messages: list[str] = Field(
        [],
        description="first words of the tracker's messages that are triggers of the EEG too; none = the onsets of the "
        "gaze recording's trials (its `_events.tsv`)",
    )
    eeg_events: list[str] = Field([], description="`trial_type` of the EEG's events that are triggers; none = all")
    code_column: str | None = Field(
        None, description="column of the EEG's events that holds the message; none = triggers are matched by time alone"
    )
    tolerance_s: float = Field(0.015, gt=0, lt=1, description="a trigger may lie so far off the line of the clocks, s")
    max_drift_ppm: float = Field(1000.0, ge=0, lt=1e5, description="largest drift that is looked for, ppm")
    heog: list[str] = Field(
        ["HEOG"], max_length=2, description="horizontal EOG for the check by cross-correlation, or right and left of it"
    )
    minimum_gap_s: float = Field(0.5, gt=0, description="pauses of the tracker from this length on become BAD, s")
    pad_s: float = Field(0.05, ge=0, le=0.5, description="blinks and losses are BAD for so much longer on each side, s")


class ResponseType(Section):
    """Events whose response is estimated."""

    event: str = Field(description="`fixation` (those after a saccade), `saccade`, or a `trial_type` of the EEG")
    tmin: float = Field(-0.1, description="start of the response, s after the event")
    tmax: float = Field(0.6, description="end of the response, s after the event")
    amplitude: Literal["none", "linear", "spline"] = Field(
        "none", description="saccade amplitude as covariate of fixations and saccades: not, as a line, as splines"
    )
    splines: Annotated[int, Field(ge=3, le=20)] = Field(5, description="columns of `amplitude: spline`")

    @model_validator(mode="after")
    def _agree(self) -> ResponseType:
        if self.tmax <= self.tmin:
            raise ValueError(f"tmax ({self.tmax}) must lie after tmin ({self.tmin})")
        if self.amplitude != "none" and self.event not in ("fixation", "saccade"):
            raise ValueError(f"events `{self.event}` have no saccade amplitude: set `amplitude: none`")
        return self


class Deconvolve(Section):
    """Responses to events that overlap, in one regression."""

    types: dict[str, ResponseType] = Field(min_length=1, description="event types by name")
    ridge: float = Field(0.0, ge=0, description="penalty, as a share of the mean diagonal of the normal matrix")
    solver: Literal["normal", "lsmr"] = Field(
        "normal", description="`normal` equations, or iterations on the sparse design for very many columns"
    )
    least_events: int = Field(20, ge=1, description="a type with fewer events in a recording is refused")
    channels: list[str] = Field([], description="channels that the figure shows; none = the clearest of each type")
