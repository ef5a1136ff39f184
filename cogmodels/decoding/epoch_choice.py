"""Classifiers of epochs, of which a fold takes the one that does best in training people, or the mean of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cogmodels.decoding.epoch_plan import EpochPlan
from cogmodels.decoding.people import People
from cogmodels.decoding.registry import EPOCH_CLASSIFIERS
from cogmodels.metrics.classification import balanced_accuracy


@dataclass(frozen=True)
class Fitted:
    """A model of training trials, and the plan by which it is shown any."""

    plan: EpochPlan
    model: Any

    def log_odds(self, pool: People, rows: np.ndarray) -> np.ndarray:
        """Of trials, by class, (n, classes)."""
        return self.model.log_odds(pool.values(self.plan)[rows])

    def outputs(self, pool: People, rows: np.ndarray) -> np.ndarray:
        """Of trials, what a network answers in place of classes."""
        return self.model.outputs(pool.values(self.plan)[rows])

    def weights(self) -> dict[str, np.ndarray]:
        """Arrays of the model."""
        return self.model.weights()


@dataclass(frozen=True)
class MeanFitted:
    """Several models of the same trials; their log odds, each over a scale of its own, are averaged."""

    members: Sequence[Fitted]
    scales: np.ndarray = field(repr=False)

    def log_odds(self, pool: People, rows: np.ndarray) -> np.ndarray:
        """Of trials, by class, (n, classes)."""
        return mean_odds([centred(one.log_odds(pool, rows)) for one in self.members], self.scales)

    def weights(self) -> dict[str, np.ndarray]:
        """Arrays of all models, and what each model's log odds are divided by."""
        found = {f"{n}/{name}": array for n, one in enumerate(self.members) for name, array in one.weights().items()}
        return found | {"scales": self.scales}


def centred(odds: np.ndarray) -> np.ndarray:
    """Log odds (n, classes) less the mean of the classes: they say the same."""
    return odds - odds.mean(axis=1, keepdims=True)


def mean_odds(odds: Sequence[np.ndarray], scales: np.ndarray) -> np.ndarray:
    """Mean of several models' centred log odds (n, classes), each over its scale."""
    return np.mean([one / scale for one, scale in zip(odds, scales, strict=True)], axis=0)


def classifier(plan: EpochPlan) -> Any:
    """The plan's classifier, not fitted."""
    return EPOCH_CLASSIFIERS[plan.model](**plan.options.get(plan.model, {}))


def fit_classifier(
    pool: People, train: np.ndarray, targets: np.ndarray, plan: EpochPlan, seed: int
) -> tuple[Fitted | MeanFitted, dict[str, Any]]:
    """Fit what a fold takes of a plan's candidates: the best (of equal ones the first), or the mean of all.

    Both come from groups of training people left out in turn: the best by its score, the mean by the standard deviation
    of each one's log odds, so that none outweighs the others by being sure of itself.

    Returns
    -------
    fitted : Fitted or MeanFitted
    row : dict
        ``candidate``, -1 for the mean, and its ``inner_score``; NaN where there was nothing to choose.
    """
    plans = [plan.candidate(change) for change in plan.candidates] or [plan]
    if len(plans) == 1:
        return _fit(pool, train, targets, plans[0]), {"candidate": 0, "inner_score": float("nan")}
    subjects = pool.subjects[train]
    odds = [held_out_odds(pool, train, targets, one, seed) for one in plans]
    if plan.combine == "mean":
        # One that was sure of nothing has no part in it, whatever it says of others.
        scales = np.array([float(one.std()) or np.inf for one in odds])
        row = {"candidate": -1, "inner_score": inner_score(mean_odds(odds, scales), targets, subjects)}
        return MeanFitted([_fit(pool, train, targets, one) for one in plans], scales), row
    scores = [inner_score(one, targets, subjects) for one in odds]
    # Rounded: means of the same shares in another order are equal.
    best = int(np.argmax(np.round(scores, 9)))
    return _fit(pool, train, targets, plans[best]), {"candidate": best, "inner_score": scores[best]}


def _fit(pool: People, train: np.ndarray, targets: np.ndarray, plan: EpochPlan) -> Fitted:
    return Fitted(plan, classifier(plan).fit(pool.values(plan)[train], targets, len(pool.names)))


def held_out_odds(pool: People, train: np.ndarray, targets: np.ndarray, plan: EpochPlan, seed: int) -> np.ndarray:
    """Centred log odds (n, classes) of training trials by models of the other groups of training people."""
    subjects, values = pool.subjects[train], pool.values(plan)[train]
    names = np.random.default_rng([seed, 443]).permutation(np.unique(subjects))
    odds = np.empty((len(train), len(pool.names)))
    for group in np.array_split(names, min(plan.inner_folds, len(names))):
        out = np.isin(subjects, group)
        odds[out] = centred(classifier(plan).fit(values[~out], targets[~out], len(pool.names)).log_odds(values[out]))
    return odds


def inner_score(odds: np.ndarray, targets: np.ndarray, subjects: np.ndarray) -> float:
    """Mean over people of the area under the ROC curve; of more than two classes, of the balanced accuracy."""
    from sklearn.metrics import roc_auc_score

    scores = []
    for name in np.unique(subjects):
        mine, true = odds[subjects == name], targets[subjects == name]
        two = odds.shape[1] == 2
        scores.append(
            roc_auc_score(true, mine[:, 1] - mine[:, 0]) if two else balanced_accuracy(true, mine.argmax(axis=1))
        )
    return float(np.mean(scores))
