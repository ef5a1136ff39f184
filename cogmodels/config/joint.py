"""A decoder of several kinds of responses to the same stimuli, and what gaze lends to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section
from cogmodels.config.decoding import CrossSubjectExperiment, Dropout, Size, Temperature, Weight

Modality = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$", description="letters and digits")]


class GazeResponses(Section):
    """Responses of a trial of gaze: shares of the looking time in cells of the screen, statistics of the fixations."""

    rows: Annotated[int, Field(ge=1, le=100)] = Field(6, description="cells from top to bottom")
    columns: Annotated[int, Field(ge=1, le=100)] = Field(8, description="cells from left to right")


class JointOptions(Section):
    """The joint decoder; ours, so are the defaults."""

    hidden: Size = Field(1024, description="width of the latent that subjects and modalities share")
    blocks: Size = Field(4, description="residual blocks of the trunk")
    adapter_dropout: Dropout = Field(0.5, description="dropout after the adapters")
    dropout: Dropout = Field(0.15, description="dropout in the trunk")
    modality_dropout: Dropout = Field(
        0.3, description="share of an example's modalities that are hidden in training, never all; 0 = none"
    )
    temperature: Temperature = Field(0.05, description="of InfoNCE")
    mse_weight: Weight = Field(1.0, description="weight of the squared error of unit vectors beside InfoNCE's 1")
    text_weight: Weight = Field(1.0, description="weight of both losses of the text target, where there is one")


class JointExperiment(CrossSubjectExperiment):
    """A decoder that learns from several kinds of responses of several subjects to the same stimuli."""

    pipelines: dict[Modality, str | None] = Field(
        description="preprocessing configs whose responses are joined, by a name of your own, such as `{fmri: "
        "trial-mean, eeg: epochs, gaze: ivt}`; `null` leaves one out (where `extends` brings it)"
    )
    pipeline: str = Field("", description="not used: `pipelines` says what is decoded")
    model: Literal["joint"] = Field("joint", description="the joint decoder")  # type: ignore[assignment]
    joint: JointOptions = Field(JointOptions(), description="options of `joint`")

    @property
    def is_network(self) -> bool:
        return True

    def config(self) -> dict[str, Any]:
        return {**super().config(), "pipelines": self.pipelines}

    @model_validator(mode="before")
    @classmethod
    def _named(cls, section: Any) -> Any:
        """Drop the modalities that are left out."""
        if not isinstance(section, dict) or not isinstance(section.get("pipelines"), dict):
            return section
        return {**section, "pipelines": {name: one for name, one in section["pipelines"].items() if one is not None}}

    @model_validator(mode="after")
    def _joined(self) -> JointExperiment:
        if not self.pipelines:
            raise ValueError("`pipelines` names no responses")
        if self.alignment is not None:
            raise ValueError("`alignment` aligns one pipeline's responses: leave it out of a joint decoder")
        if self.pretrained is not None:
            raise ValueError("`pretrained` is not for joint decoders: leave it out")
        return self


def pipelines_of(experiment: Any) -> Iterator[str]:
    """Names of the pipelines whose responses an experiment decodes."""
    yield from experiment.pipelines.values() if isinstance(experiment, JointExperiment) else [experiment.pipeline]
