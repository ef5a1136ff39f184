"""Adaptation curves: what learning from other subjects is worth, by the number of a new subject's trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from cogmodels.config.base import Section
from cogmodels.config.decoding import CrossSubjectExperiment
from cogmodels.errors import ConfigError


class AdaptationCurve(Section):
    """Experiments with a new subject in pairs: the same number of its trials, with and without the others before."""

    pretrained: list[str] = Field(min_length=1, description="experiments that learn from the other subjects before")
    scratch: list[str] = Field(min_length=1, description="their counterparts with the new subject's trials alone")

    @model_validator(mode="after")
    def _pairs(self) -> AdaptationCurve:
        if len(self.pretrained) != len(self.scratch):
            raise ValueError(
                f"{len(self.pretrained)} `pretrained` and {len(self.scratch)} `scratch`: name them in pairs"
            )
        return self


def check_adaptation(curves: Mapping[str, AdaptationCurve], experiments: Mapping[str, Any], where: object) -> None:
    """Refuse a curve whose pairs cannot be compared.

    Raises
    ------
    ConfigError
        An experiment that does not exist or is not of a new subject; a pair of different data, targets or trials.
    """
    for name, curve in curves.items():
        for first, second in zip(curve.pretrained, curve.scratch, strict=True):
            pair = [experiments.get(one) for one in (first, second)]
            place = f"{where}, adaptation_curves.{name}"
            for label, one in zip((first, second), pair, strict=True):
                if not isinstance(one, CrossSubjectExperiment) or one.protocol != "new_subject":
                    raise ConfigError(
                        f"`{label}` is no experiment of the protocol `new_subject`",
                        where=place,
                        remedy="Name decoders across subjects with `protocol: new_subject`",
                    )
            same = ("dataset", "pipeline", "pipelines", "target", "adapt_trials", "seeds", "folds")
            unlike = [key for key in same if getattr(pair[0], key, None) != getattr(pair[1], key, None)]
            if unlike:
                raise ConfigError(
                    f"`{first}` and `{second}` differ in `{unlike[0]}`",
                    where=place,
                    remedy="Compare experiments on the same trials of the same new subjects",
                )


#: What a network's training on the other subjects does not depend on.
_OWN = {"adapt_trials", "adaptation", "description", "bootstrap", "permutations", "pretrained", "grid", "dimensions"}


def check_pretrained(experiments: Mapping[str, Any], where: object) -> None:
    """Refuse experiments that would read another experiment's pretraining where it is not their own.

    Raises
    ------
    ConfigError
        An experiment that does not exist, has no pretraining of its own, or differs in more than the new subject's
        trials.
    """
    for name, one in experiments.items():
        wanted = getattr(one, "pretrained", None)
        if wanted is None:
            continue
        place, other = f"{where}, experiments.{name}.pretrained", experiments.get(wanted)
        trained = isinstance(other, CrossSubjectExperiment) and other.protocol == "new_subject" and other.pretrain
        if not trained or other.pretrained is not None:
            raise ConfigError(
                f"`{wanted}` is no experiment that is trained on the other subjects before",
                where=place,
                remedy="Name a network with `protocol: new_subject`, without `pretrained` of its own",
            )
        mine, theirs = (section.model_dump(exclude=_OWN) for section in (one, other))
        unlike = sorted(key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))
        if unlike:
            raise ConfigError(
                f"`{name}` and `{wanted}` differ in `{unlike[0]}`",
                where=place,
                remedy="Let it extend the other experiment, and change the new subject's trials alone",
            )
