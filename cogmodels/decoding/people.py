"""Epochs of several people as decoders see them: chosen channels, baseline, averaged samples, classes, alignment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.tables import EpochAxes, Responses
from cogmodels.decoding.epoch_plan import EpochPlan
from cogmodels.decoding.rejection import reject_in_fold
from cogmodels.decoding.riemann import align
from cogmodels.errors import DataError

#: Channel types behind the names that an experiment may give.
_TYPES = {"scalp": ("eeg", "csd"), "eog": ("eog",)}


@dataclass(frozen=True)
class Person:
    """One person's trials: table, ``values`` (n, channels, times) float32, ``times`` (n_times,) in s."""

    trials: pd.DataFrame
    values: np.ndarray
    channels: list[str]
    times: np.ndarray

    @property
    def name(self) -> str:
        """The subject's label."""
        return str(self.trials["subject"].iloc[0])


class People:
    """Trials of all people below one another, prepared in each way once.

    ``targets`` holds each trial's class by its place in ``names``, or its vector where there are no classes.
    """

    def __init__(self, people: list[Person], targets: np.ndarray, names: list[str]) -> None:
        self.people, self.targets, self.names = people, targets, names
        self.trials = pd.concat([person.trials for person in people], ignore_index=True)
        self.subjects = self.trials["subject"].astype(str).to_numpy()
        self._known: dict[tuple, np.ndarray] = {}

    def values(self, plan: EpochPlan) -> np.ndarray:
        """Prepared trials (n, channels, times)."""
        baseline = None if plan.baseline_s is None else tuple(plan.baseline_s)
        key = (baseline, plan.average_samples, plan.alignment)
        if key not in self._known:
            options = dict(zip(("baseline_s", "average_samples", "alignment"), key, strict=True))
            self._known[key] = np.concatenate([prepared(person, **options) for person in self.people])
        return self._known[key]

    def rejected(
        self, train: np.ndarray, test: np.ndarray, method: str, seed: int, where: str
    ) -> tuple[People, np.ndarray, dict[str, Any]]:
        """People whose epochs are repaired by limits of training epochs, training trials that stay, what was done."""
        first = self.people[0]
        axes = EpochAxes(first.channels, ["eeg"] * len(first.channels), list(first.times))
        values = np.concatenate([person.values for person in self.people])
        flat, kept, told = reject_in_fold(
            values.reshape(len(values), -1), axes, train, test, method=method, seed=seed, where=where
        )
        ends = np.cumsum([len(person.values) for person in self.people])[:-1]
        parts = np.split(flat.reshape(values.shape), ends)
        people = [replace(person, values=part) for person, part in zip(self.people, parts, strict=True)]
        return People(people, self.targets, self.names), kept, told

    def rate(self, plan: EpochPlan) -> float:
        """Samples a second."""
        times = self.people[0].times
        return (len(times) - 1) / float(times[-1] - times[0]) / plan.average_samples


def gather_people(
    tables: Sequence[Responses], *, channels: str | Sequence[str] = "scalp", classes: Mapping[str, Sequence[str]] | None
) -> list[Person]:
    """The people of several Responses tables, with the channels and the trials that an experiment takes.

    Parameters
    ----------
    tables : sequence of Responses
        With axes: cut from epochs.
    channels : {"scalp", "eog", "all"} or names
    classes : mapping of class -> conditions, optional
        Takes the place of the trials' ``label``; trials of other conditions are left out. None = labels do not matter.
        An empty mapping = labels are classes.

    Raises
    ------
    DataError
        Responses that are no epochs; fewer than three people; a channel or a time that one person lacks; a person with
        one class; values that are not finite.
    """
    if len(tables) < 3:
        raise DataError(
            f"{len(tables)} people, three are needed: one to test, two to learn from and to choose by",
            where="responses",
            remedy="Add people, or decode within them",
        )
    people = [_person(table, channels) for table in tables]
    shapes = [(tuple(one.channels), tuple(one.times)) for one in people]
    usual = max(set(shapes), key=shapes.count)
    for one, shape in zip(people, shapes, strict=True):
        if shape != usual:
            lacking = sorted(set(usual[0]) - set(one.channels))
            said = (
                f"channel {lacking[0]} is missing" if lacking else "its channels or times are not those of the others"
            )
            raise DataError(
                said,
                where=f"subject {one.name}",
                remedy="Interpolate bad channels (`interpolate_bads`), bring all to one rate, or exclude the subject",
            )
    if classes is None:
        return people
    known = [_classified(one, classes) for one in people]
    names = set().union(*(one.trials["label"] for one in known)) if not classes else set(classes)
    for one in known:
        lacking = sorted(names - set(one.trials["label"]))
        if lacking:
            raise DataError(
                f"there is no trial of class `{lacking[0]}`; there are {', '.join(sorted(set(one.trials['label'])))}",
                where=f"subject {one.name}",
                remedy="Correct `classes`, or exclude the subject: a person without one class cannot be scored",
            )
    return known


def prepared(
    person: Person, *, baseline_s: Sequence[float] | None, average_samples: int = 1, alignment: str = "none"
) -> np.ndarray:
    """Values (n, channels, times) float32 of a person after baseline, averaging and alignment, in this order.

    Nothing here looks at a label. Alignment takes the mean covariance of all the person's trials: of a new person that
    is transductive.

    Raises
    ------
    DataError
        No sample in the baseline; more samples to average than there are; signals without variance.
    """
    values = person.values
    if baseline_s is not None:
        inside = (person.times >= baseline_s[0] - 1e-6) & (person.times <= baseline_s[1] + 1e-6)
        if not inside.any():
            raise DataError(
                f"there is no sample from {baseline_s[0]:g} to {baseline_s[1]:g} s",
                where=f"subject {person.name}",
                remedy=f"Choose a `baseline_s` within {person.times[0]:g} and {person.times[-1]:g} s",
            )
        values = values - values[:, :, inside].mean(axis=-1, keepdims=True)
    if average_samples > 1:
        n, channels, times = values.shape
        length = times // average_samples
        if not length:
            raise DataError(
                f"{average_samples} samples are to become one, epochs have {times}",
                where=f"subject {person.name}",
                remedy="Lower `average_samples`",
            )
        values = values[:, :, : length * average_samples].reshape(n, channels, length, average_samples).mean(axis=-1)
    if alignment == "none":
        return np.ascontiguousarray(values, dtype=np.float32)
    try:
        return align(values.astype(np.float32), alignment)
    except DataError as error:
        raise DataError(error.what, where=f"subject {person.name}, {error.where}", remedy=error.remedy) from None


def _person(table: Responses, channels: str | Sequence[str]) -> Person:
    name, axes = table.trials["subject"].iloc[0], table.axes
    if axes is None:
        raise DataError(
            "the responses do not say which channels and times they are of",
            where=f"subject {name}",
            remedy="Use an eeg pipeline; a table of an older version: delete it and run snakemake again",
        )
    if isinstance(channels, str):
        kinds = _TYPES.get(channels)
        wanted = [c for c, kind in zip(axes.channels, axes.types, strict=True) if kinds is None or kind in kinds]
        lacking = [] if wanted else [channels]
    else:
        wanted = list(channels)
        lacking = [channel for channel in wanted if channel not in axes.channels]
    if lacking:
        raise DataError(
            f"channel `{lacking[0]}` is not in the responses, which hold {', '.join(axes.channels)}",
            where=f"subject {name}",
            remedy="Correct `channels`; for EOG set `eog_responses: true` in the pipeline",
        )
    places = [axes.channels.index(channel) for channel in wanted]
    values = table.values.reshape(len(table.values), len(axes.channels), len(axes.times))[:, places]
    wrong = ~np.isfinite(values).all(axis=(1, 2))
    if wrong.any():
        row = table.trials[wrong].iloc[0]
        raise DataError(
            f"{int(wrong.sum())} trials hold values that are not finite "
            f"(first: run {row['run']}, trial {row['trial']})",
            where=f"subject {name}",
            remedy="Check the recording, or leave the trials out of the events",
        )
    return Person(table.trials.reset_index(drop=True), values, wanted, np.asarray(axes.times))


def _classified(person: Person, classes: Mapping[str, Sequence[str]]) -> Person:
    """The trials that belong to a class, whose name becomes their label."""
    labels = person.trials["label"]
    if labels.isna().any():
        raise DataError(
            f"{int(labels.isna().sum())} trials have no label",
            where=f"subject {person.name}",
            remedy="Fill `trial_type` in the events",
        )
    if not classes:
        return person
    class_of = {condition: name for name, conditions in classes.items() for condition in conditions}
    mine = labels.astype(str).map(class_of)
    kept = mine.notna().to_numpy()
    trials = person.trials[kept].assign(label=mine[kept]).reset_index(drop=True)
    if not len(trials):
        raise DataError(
            f"no trial belongs to a class; conditions are {', '.join(sorted(set(labels.astype(str))))}",
            where=f"subject {person.name}",
            remedy="Correct `classes`, or exclude the subject",
        )
    return Person(trials, person.values[kept], person.channels, person.times)
