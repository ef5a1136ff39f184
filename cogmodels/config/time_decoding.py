"""Two conditions told apart at each time of the epochs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section

ComparisonName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", description="letters, digits, hyphens")
]


class TimeDecoding(Section):
    """Decoding over time: a classifier within each person at each time, clusters over people."""

    classes: dict[str, list[str]] = Field(
        description="two classes, each with its conditions (`trial_type`), such as `face: [face], car: [car]`"
    )
    groups: Literal["none", "stimulus", "run"] = Field(
        "none", description="column of the trials whose values are not split between training and test"
    )
    folds: int = Field(5, ge=2, le=100, description="folds of the cross-validation within a person")
    rejection: Literal["none", "global", "local"] = Field(
        "none",
        description="autoreject in each fold: limits learned from its training epochs, of which some go; test epochs "
        "are repaired by them (`local`), and never go",
    )
    generalise: bool = Field(False, description="score the classifier of each time at all others")
    permutations: int = Field(1000, ge=99, description="sign flips of people behind the clusters")
    alpha: float = Field(0.05, gt=0, lt=0.5, description="threshold of points (one-sided t) and of clusters")
    seed: int = Field(0, ge=0, description="seed of folds and sign flips")

    @model_validator(mode="after")
    def _two(self) -> TimeDecoding:
        named = [name for names in self.classes.values() for name in names]
        if len(self.classes) != 2 or not all(self.classes.values()) or len(set(named)) != len(named):
            raise ValueError("`classes` must be two, each with a condition or more, none in both")
        return self
