"""Decoders of single trials of EEG in people who were not trained on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.tables import Features, Responses
from cogmodels.decoding.class_scores import person_scores
from cogmodels.decoding.epoch_choice import Fitted, MeanFitted, fit_classifier
from cogmodels.decoding.epoch_network import EpochModel, initial_epoch_network
from cogmodels.decoding.epoch_plan import EpochPlan
from cogmodels.decoding.linear import DecoderRun, permute_within, targets_of
from cogmodels.decoding.people import People, gather_people
from cogmodels.decoding.protocols import make_folds
from cogmodels.decoding.registry import EPOCH_NETWORKS
from cogmodels.decoding.subject_layers import SubjectLayers
from cogmodels.errors import DataError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EpochRun(DecoderRun):
    """What :func:`train_epochs` leaves, beside what every decoder does.

    ``predictions`` of two classes have ``log_odds`` and the class that they are of, ``log_odds_of``. ``curves``: a row
    an epoch of each training of a network. ``refits``: ``draw``, ``metric``, ``value`` of each refit with permuted
    training labels.
    ``rate``: training examples a second, NaN for classifiers.
    """

    curves: pd.DataFrame
    refits: pd.DataFrame
    rate: float

    def speed(self) -> dict[str, float]:
        """The rate as a manifest's number, of networks."""
        return {} if np.isnan(self.rate) else {"examples_per_second": round(self.rate, 1)}


def train_epochs(
    tables: Sequence[Responses],
    plan: EpochPlan,
    features: Features | None = None,
    *,
    folds: str | Sequence[str] = "all",
    seed: int = 0,
    folder: Path,
) -> EpochRun:
    """Leave each person out in turn: learn from the trials of all others, predict theirs.

    Scaler, spatial filters, the choice among candidates and the best epoch come from training people alone. Alignment
    is each person's own and sees no label; a new person's comes from all of their trials. With Features as target, test
    stimuli (``split``) of nobody are learnt from, and the new person's alone are predicted.

    Parameters
    ----------
    tables : sequence of Responses
        One a person, with axes.
    plan : EpochPlan
    features : Features, optional
        The target, where it is not the label.
    folds : "all" or names
        ``sub-<label>``.
    seed : int
        Of initial weights, orders, validation people, inner folds and permutations.
    folder : path
        Of checkpoints, from which a training that was killed goes on.

    Raises
    ------
    DataError
        What :func:`cogmodels.decoding.people.gather_people` refuses; unknown folds; more validation people than there
        are to learn from; Features without test stimuli, or with some that are trained on.
    """
    people = gather_people(tables, channels=plan.channels, classes=None if features else plan.classes)
    joined = pd.concat([person.trials for person in people], ignore_index=True)
    if features is None:
        names = list(plan.classes) or sorted(set(joined["label"]))
        targets = joined["label"].map(names.index).to_numpy()
    else:
        names, targets = [], targets_of(joined, features.stimuli, features.values)
    pool = People(people, targets, names)
    available = make_folds(pool.trials, "leave_one_subject_out")
    if features is not None:
        available = _new_stimuli(pool.trials, available)
    wanted = list(available) if folds == "all" else list(folds)
    unknown = [name for name in wanted if name not in available]
    if unknown:
        raise DataError(
            f"fold `{unknown[0]}` does not exist; there are {', '.join(available)}",
            where="experiment",
            remedy="Correct `folds` of the experiment",
        )
    predictions, weights, choices, curves, rates = [], {}, [], [], []
    for draw in range(plan.draws):
        for fold in wanted:
            train, test = available[fold]
            shown = pool.targets[train]
            if plan.control == "shuffled_labels":
                shown = shown[_permuted(pool.subjects[train], [seed, draw, list(available).index(fold)])]
            place, mine, told = Path(folder) / f"{fold}_draw-{draw}", pool, {}
            if plan.rejection != "none":
                mine, kept, told = pool.rejected(train, test, plan.rejection, seed, f"fold {fold}")
                shown, train = shown[np.isin(train, kept)], kept
            fitted, row, table = _fit_fold(mine, train, shown, plan, seed, place)
            predictions.append(_predicted(mine, fitted, test).assign(fold=fold, draw=draw))
            choices.append({"subject": "all", "fold": fold, "draw": draw, **row, **told})
            if table is not None:
                curves.append(table.assign(fold=fold, draw=draw, stage="train"))
                rates.append(table.attrs["examples_per_second"])
            if draw == 0:
                weights |= {f"{fold}/{name}": array for name, array in fitted.weights().items()}
            logger.info("fold %s, draw %d: %s", fold, draw, row)
    return EpochRun(
        pd.concat(predictions, ignore_index=True),
        weights,
        pd.DataFrame(choices),
        pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=["fold", "draw", "stage", "epoch"]),
        _refits(pool, [available[fold] for fold in wanted], plan, seed),
        float(np.mean(rates)) if rates else float("nan"),
    )


def _fit_fold(
    pool: People, train: np.ndarray, targets: np.ndarray, plan: EpochPlan, seed: int, folder: Path
) -> tuple[Fitted | MeanFitted, dict[str, Any], pd.DataFrame | None]:
    """Model of the training trials, what was chosen, and a network's curves."""
    if plan.model in EPOCH_NETWORKS:
        return _train_network(pool, train, targets, plan, seed, folder)
    return *fit_classifier(pool, train, targets, plan, seed), None


def _train_network(
    pool: People, train: np.ndarray, targets: np.ndarray, plan: EpochPlan, seed: int, folder: Path
) -> tuple[Fitted, dict[str, Any], pd.DataFrame]:
    subjects, values = pool.subjects[train], pool.values(plan)[train]
    names = np.unique(subjects)
    if plan.validation_subjects >= len(names):
        raise DataError(
            f"{plan.validation_subjects} of {len(names)} training people are for validation",
            where="experiment",
            remedy="Lower `validation_subjects`, or add people",
        )
    held = np.random.default_rng([seed, 449]).permutation(names)[: plan.validation_subjects]
    options = dict(plan.options.get(plan.model, {}))
    if targets.ndim > 1:
        options["embeds"] = True
    outputs = len(pool.names) if targets.ndim == 1 else targets.shape[1]
    net = initial_epoch_network(EPOCH_NETWORKS[plan.model], values.shape[1:], outputs, pool.rate(plan), seed, **options)
    numbers = None
    if plan.subject_layers:
        learnt = np.setdiff1d(names, held)
        net, numbers = SubjectLayers(net, len(learnt), values.shape[1]), np.searchsorted(learnt, subjects)
    model = EpochModel(net)
    options = {"seed": seed, "folder": folder, "people": numbers}
    table = model.train(values, targets, np.isin(subjects, held), plan.recipe, **options)
    best = table.loc[table["validation_agreement"].idxmax()]
    row = {"stage": "train", "epoch": int(best["epoch"]), "inner_score": best["validation_agreement"]}
    return Fitted(plan, model), row, table


def _predicted(pool: People, fitted: Fitted | MeanFitted, test: np.ndarray) -> pd.DataFrame:
    """Rows of the test trials with what is predicted of them."""
    rows = pool.trials.iloc[test]
    if not pool.names:
        return rows.assign(predicted=list(fitted.outputs(pool, test).astype(np.float32)))
    odds = fitted.log_odds(pool, test)
    rows = rows.assign(predicted=np.asarray(pool.names, dtype=object)[odds.argmax(axis=1)])
    if len(pool.names) > 2:
        return rows
    return rows.assign(log_odds=odds[:, 0] - odds[:, 1], log_odds_of=pool.names[0])


def _refits(pool: People, folds: list[tuple[np.ndarray, np.ndarray]], plan: EpochPlan, seed: int) -> pd.DataFrame:
    """Scores of the model refitted in all folds to training labels permuted within people, each refit's."""
    rows = []
    for draw in range(plan.refits):
        found = []
        for number, (train, test) in enumerate(folds):
            shown = pool.targets[train][_permuted(pool.subjects[train], [seed, 467, draw, number])]
            fitted, _ = fit_classifier(pool, train, shown, plan, seed)
            found.append(_predicted(pool, fitted, test))
        scores = person_scores(pd.concat(found, ignore_index=True)).mean()
        rows += [{"draw": draw, "metric": metric, "value": float(value)} for metric, value in scores.items()]
    return pd.DataFrame(rows, columns=["draw", "metric", "value"])


def _permuted(subjects: np.ndarray, key: list[int]) -> np.ndarray:
    return permute_within(subjects, np.random.default_rng([*key, 41]))


def _new_stimuli(
    trials: pd.DataFrame, folds: dict[str, tuple[np.ndarray, np.ndarray]]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The folds without test stimuli in training, and with nothing else to test on."""
    held = (trials["split"] == "test").to_numpy()
    found = {name: (train[~held[train]], test[held[test]]) for name, (train, test) in folds.items()}
    for name, (train, test) in found.items():
        shared = set(trials["stimulus"].iloc[train]) & set(trials["stimulus"].iloc[test])
        if not len(test) or shared:
            said = f"{len(shared)} test stimuli are trained on" if shared else "there is no test stimulus"
            raise DataError(
                f"{said}, so that what is decoded of a new person would be no new stimulus",
                where=f"{name}, column split",
                remedy="Give each stimulus one split in all people (`split` column of the events)",
            )
    return found
