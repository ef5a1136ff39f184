"""How a decoder of epochs is trained, from an experiment's options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cogmodels.config.training import Recipe
from cogmodels.decoding.registry import EPOCH_CLASSIFIERS


@dataclass(frozen=True)
class EpochPlan:
    """How a decoder of epochs is trained; the fields are those of ``EegDecodingExperiment``.

    ``options`` maps a model's name to its own; ``candidates`` are mappings of what each sets in place of the plan's.
    """

    model: str
    target: str = "label"
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    channels: str | Sequence[str] = "scalp"
    baseline_s: Sequence[float] | None = None
    average_samples: int = 1
    alignment: str = "none"
    subject_layers: bool = False
    rejection: str = "none"
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    candidates: Sequence[Mapping[str, Any]] = ()
    combine: str = "best"
    inner_folds: int = 5
    recipe: Recipe | None = None
    validation_subjects: int = 3
    control: str = "none"
    draws: int = 1
    refits: int = 0

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> EpochPlan:
        """From a resolved config (``EegDecodingExperiment.config``)."""
        known = {key: value for key, value in config.items() if key in cls.__dataclass_fields__}
        return cls(**known | ({"recipe": Recipe(**known["recipe"])} if known.get("recipe") else {}))

    def candidate(self, change: Mapping[str, Any]) -> EpochPlan:
        """The plan with what a candidate changes."""
        given = {key: value for key, value in change.items() if value is not None}
        options = {**self.options, **{name: given.pop(name) for name in EPOCH_CLASSIFIERS if name in given}}
        if given.get("baseline_s") == "none":
            given["baseline_s"] = None
        return replace(self, options=options, candidates=(), **given)
