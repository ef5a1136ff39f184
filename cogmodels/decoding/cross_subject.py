"""One decoder for several subjects: who trains it, on whom it is tested, what it leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.config.decoding import ZERO_SHOT_NAMES
from cogmodels.config.training import Recipe
from cogmodels.data.tables import Features
from cogmodels.decoding.joining import JoinedTrials, predict_part
from cogmodels.decoding.linear import DecoderRun
from cogmodels.decoding.network import TrainedNetwork, initial_network
from cogmodels.decoding.protocols import make_folds
from cogmodels.decoding.registry import BASELINES, JOINT_NETWORKS, NETWORKS
from cogmodels.decoding.shown import controlled, divided, drawn, fates
from cogmodels.decoding.subjects import Part, Targets
from cogmodels.errors import DataError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CrossSubjectRun(DecoderRun):
    """What :func:`train_cross_subject` leaves, beside what every decoder does.

    ``curves``: a row an epoch of each training of a network: fold, draw, stage (``train`` or ``adapt``), epoch, losses
    and scores; no rows for the linear models. ``stimuli``: a row a stimulus and fold: its ``part`` (train, validation,
    test). ``rate``: training examples a second, NaN for the linear models.
    """

    curves: pd.DataFrame
    stimuli: pd.DataFrame
    rate: float

    def speed(self) -> dict[str, float]:
        """The rate as a manifest's number, of networks."""
        return {} if np.isnan(self.rate) else {"examples_per_second": round(self.rate, 1)}


@dataclass(frozen=True)
class Plan:
    """How a model is trained.

    Parameters
    ----------
    model : str
        A name of :mod:`cogmodels.decoding.registry`.
    protocol : {"held_out_stimuli", "new_subject"}
    options : mapping
        Of a network, as its class takes them.
    grid, dimensions
        Of the linear models: strengths of the ridge regression, dimensions of the shared space.
    recipe, adaptation : Recipe
        Of a network, trained on all subjects and adapted to a new one.
    adapt_trials : int, optional
        Training trials of a new subject that may be used, drawn at random; none = all, 0 = only the scale of its
        responses, without their stimuli (zero-shot).
    pretrain : bool
        Learn from the other subjects before; else a new subject is all there is.
    validation_share : float
        Share of the training stimuli that networks choose their best epoch by.
    control : {"none", "shuffled_labels"}
    draws : int
    """

    model: str
    protocol: str = "held_out_stimuli"
    options: Mapping[str, Any] | None = None
    grid: tuple[float, ...] = (1e0, 1e1, 1e2, 1e3, 1e4)
    dimensions: int = 20
    recipe: Recipe | None = None
    adaptation: Recipe | None = None
    adapt_trials: int | None = None
    pretrain: bool = True
    validation_share: float = 0.1
    control: str = "none"
    draws: int = 1

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Plan:
        """From a resolved config (``CrossSubjectExperiment.config``)."""
        known = {key: value for key, value in config.items() if key in cls.__dataclass_fields__}
        recipes = {key: Recipe(**known[key]) for key in ("recipe", "adaptation") if known.get(key) is not None}
        return cls(**known | recipes)


def join_targets(image: Features, text: Features | None = None, pixels: Features | None = None) -> Targets:
    """Targets of one Features table, or of several of the same stimuli.

    Raises
    ------
    DataError
        A stimulus of the first table that another one lacks.
    """
    others = (None if one is None else _matched(one, image.stimuli) for one in (text, pixels))
    return Targets(list(image.stimuli), image.values, *others)


def _matched(table: Features, stimuli: Sequence[str]) -> np.ndarray:
    """Values (n_stimuli, d) of these stimuli."""
    index = {name: position for position, name in enumerate(table.stimuli)}
    missing = [name for name in stimuli if name not in index]
    if missing:
        raise DataError(
            f"{len(missing)} stimuli are not in the features (such as {missing[0]})",
            where=f"features {table.name}",
            remedy="Make all tables of the same stimuli",
        )
    return table.values[[index[name] for name in stimuli]]


def warn_of_chance(scores: pd.DataFrame, control: str) -> bool:
    """Warn, in the log, where a decoder that is no control does not beat chance under any metric.

    That is what responses and stimuli that are out of step look like; it is also what no signal looks like.
    """
    lost = control == "none" and bool((scores["p"] >= 0.05).all())
    if lost:
        logger.warning(
            "AT CHANCE under every metric (smallest p %.3f): check that responses and stimuli are in step, unless "
            "these data hold no signal",
            scores["p"].min(),
        )
    return lost


def train_cross_subject(
    subjects: Sequence[tuple[pd.DataFrame, np.ndarray] | JoinedTrials],
    targets: Targets,
    plan: Plan,
    *,
    folds: str | Sequence[str] = "all",
    seed: int = 0,
    folder: Path,
    pretrained: Mapping[str, np.ndarray] | None = None,
) -> CrossSubjectRun:
    """Train a decoder on several subjects and predict the held-out stimuli of each.

    ``held_out_stimuli``: one model for all subjects, tested on all. ``new_subject``: a fold a subject; the model learns
    from the training stimuli of the others, then from some training trials of the new one, on whose test stimuli it is
    tested. No test stimulus of any subject is trained on in any subject.

    Parameters
    ----------
    subjects : sequence of (trials, values)
        Of each subject the columns of the Responses table, and its responses (n_trials, n_features), in memory or
        mapped from disk; subjects may have different numbers of features. Of joined trials every choice of modalities
        is predicted (column ``modalities``).
    targets : Targets
    plan : Plan
    folds : "all" or names
        ``test``, or ``sub-<label>`` of new subjects.
    seed : int
        Of initial weights, orders, the validation stimuli, the trials of a new subject and the control.
    folder : path
        Of checkpoints, from which a training that was killed goes on.
    pretrained : mapping of name -> array, optional
        ``weights`` of an earlier run with the same plan but for the new subject's trials: what it had learnt from the
        other subjects is taken over. The result has the same bits, and no curves and choices of the stage ``train``.

    Raises
    ------
    DataError
        Fewer than two subjects, a stimulus that one subject trains on and another is tested on, too few stimuli or
        trials, unknown folds; what the models raise.
    """
    train, test = _split(subjects, targets)
    names = [part.subject for part in train]
    available = {"test": None} if plan.protocol == "held_out_stimuli" else {f"sub-{name}": name for name in names}
    wanted = list(available) if folds == "all" else list(folds)
    unknown = [name for name in wanted if name not in available]
    if unknown:
        raise DataError(
            f"fold `{unknown[0]}` does not exist; there are {', '.join(available)}",
            where="experiment",
            remedy="Correct `folds` of the experiment",
        )
    predictions, weights, choices, curves, stimuli, rates = [], {}, [], [], [], []
    trials = {part.subject: one for part, (one, *_) in zip(train, subjects, strict=True)}
    for draw in range(plan.draws):
        for fold in wanted:
            logger.info("fold %s, draw %d: %s", fold, draw, plan.model)
            number = list(available).index(fold)
            shown = [controlled(part, trials[part.subject], plan.control, [seed, draw, number]) for part in train]
            place = Path(folder) / f"{fold}_draw-{draw}"
            known = _of_fold(pretrained, fold)
            fitted, rows, curve, parts = _train_fold(shown, targets, plan, available[fold], seed, place, known)
            curves += [table.assign(fold=fold, draw=draw, stage=stage) for stage, table in curve.items()]
            rates += [table.attrs["examples_per_second"] for table in curve.values()]
            choices += [{"fold": fold, "draw": draw, **row} for row in rows]
            for part in test:
                if available[fold] in (None, part.subject):
                    mine = trials[part.subject].iloc[part.rows].assign(fold=fold, draw=draw)
                    if targets.pixels is not None:
                        mine["reconstructed"] = list(fitted.reconstruct(part.subject, part.responses()))
                    predictions += predict_part(fitted, part, mine)
            if draw == 0:
                weights |= {f"{fold}/{name}": array for name, array in fitted.weights().items()}
                tested = {"test": np.unique(np.concatenate([part.codes for part in test]))}
                stimuli += [
                    {"fold": fold, "stimulus": targets.stimuli[code], "part": name}
                    for name, codes in {**parts, **tested}.items()
                    for code in codes
                ]
    lead = ["fold", "draw", "stage", "epoch"]
    table = pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=lead)
    return CrossSubjectRun(
        pd.concat(predictions, ignore_index=True),
        weights,
        pd.DataFrame(choices),
        table[[*lead, *(name for name in table if name not in lead)]],
        pd.DataFrame(stimuli),
        float(np.mean(rates)) if rates else float("nan"),
    )


def _train_fold(
    train: list[Part],
    targets: Targets,
    plan: Plan,
    new: str | None,
    seed: int,
    folder: Path,
    pretrained: Mapping[str, np.ndarray] | None = None,
) -> tuple[Any, list[dict[str, Any]], dict[str, pd.DataFrame], dict[str, np.ndarray]]:
    """The model of one fold, its choices, its curves by stage, and what became of the training stimuli."""
    if plan.adapt_trials == 0 and (plan.model not in ZERO_SHOT_NAMES or not plan.pretrain):
        raise DataError(
            f"model `{plan.model}` cannot decode a subject of whom it has seen no trial with its stimulus",
            where="adapt_trials: 0",
            remedy=f"Choose {' or '.join(ZERO_SHOT_NAMES)}, pretrained, or give trials",
        )
    sources = [part for part in train if part.subject != new]
    own = [part for part in train if part.subject == new]
    unlabelled = own[0] if own and plan.adapt_trials == 0 else None
    newcomer = drawn(own[0], plan.adapt_trials, seed) if own and unlabelled is None else None
    codes = np.unique(np.concatenate([part.codes for part in [*sources, *([newcomer] if newcomer else [])]]))
    if plan.model in BASELINES:
        first = sources if plan.pretrain else [newcomer]
        options = {"grid": list(plan.grid), "dimensions": plan.dimensions, "seed": seed}
        model = BASELINES[plan.model](first, targets, **options)
        if newcomer and plan.pretrain:
            model.add(newcomer)
        if unlabelled:
            model.add(unlabelled)
        return model, model.choices, {}, {"train": codes}
    order = np.random.default_rng([seed, 439]).permutation(len(targets.stimuli))

    def halves(part: Part) -> tuple[Part, Part]:
        return divided(part, order, plan.validation_share)

    fitted, choices, curves = _train_network(sources, newcomer, halves, targets, plan, seed, folder, pretrained)
    if unlabelled:
        fitted.add_unlabelled(unlabelled)
    seen = [*(sources if plan.pretrain else []), *([newcomer] if newcomer else [])]
    return fitted, choices, curves, fates(seen, halves)


def _train_network(
    sources: list[Part],
    newcomer: Part | None,
    halves: Callable[[Part], tuple[Part, Part]],
    targets: Targets,
    plan: Plan,
    seed: int,
    folder: Path,
    pretrained: Mapping[str, np.ndarray] | None = None,
) -> tuple[TrainedNetwork, list[dict[str, Any]], dict[str, pd.DataFrame]]:
    """A network trained on the sources and adapted to the newcomer, or trained on the newcomer alone."""
    first = sources if plan.pretrain else [newcomer]
    train, validation = zip(*map(halves, first), strict=True)
    widths = {part.subject: part.size for part in train}
    net = initial_network({**NETWORKS, **JOINT_NETWORKS}[plan.model], widths, targets, seed, **(plan.options or {}))
    model = TrainedNetwork(net, targets, np.unique(np.concatenate([part.codes for part in train])))
    alone = newcomer is not None and not plan.pretrain
    recipe = plan.adaptation if alone else plan.recipe
    curves = {}
    if pretrained is not None:
        model.take_over(train, pretrained)
    else:
        curves["train"] = model.train(train, validation, recipe, seed=seed, folder=folder / "train")
    if newcomer is not None and plan.pretrain:
        mine, held = halves(newcomer)
        options = {"seed": seed, "folder": folder / "adapt"}
        curves["adapt"] = model.adapt(train, mine, held, plan.adaptation, **options)
    choices = []
    for stage, table in curves.items():
        best = table.loc[table["validation_cosine"].idxmax()]
        who = newcomer.subject if newcomer is not None and (alone or stage == "adapt") else "all"
        choices.append(
            {"subject": who, "stage": stage, "epoch": int(best["epoch"]), "inner_score": best["validation_cosine"]}
        )
    return model, choices, curves


def _of_fold(weights: Mapping[str, np.ndarray] | None, fold: str) -> dict[str, np.ndarray] | None:
    """Those weights of a run that belong to a fold; none where there are no weights."""
    if weights is None:
        return None
    return {name.removeprefix(f"{fold}/"): array for name, array in weights.items() if name.startswith(f"{fold}/")}


def _split(
    subjects: Sequence[tuple[pd.DataFrame, np.ndarray] | JoinedTrials], targets: Targets
) -> tuple[list[Part], list[Part]]:
    """Training and test trials of each subject, by the stored split."""
    if len(subjects) < 2:
        raise DataError(
            f"{len(subjects)} subject, a model across subjects needs two or more",
            where="responses",
            remedy="Add subjects, or choose a model for one subject (`ridge`)",
        )
    parts: dict[str, list[Part]] = {"train": [], "test": []}
    for trials, values, *layout in subjects:
        codes, name = targets.codes(trials), str(trials["subject"].iloc[0])
        for kind, rows in zip(parts, make_folds(trials, "held_out_stimuli")["test"], strict=True):
            parts[kind].append(Part(name, values, rows, codes[rows], *layout))
    seen, held = ({code: part.subject for part in parts[kind] for code in part.codes.tolist()} for kind in parts)
    leaking = sorted(set(seen) & set(held))
    if leaking:
        code = leaking[0]
        raise DataError(
            f"{len(leaking)} stimuli are trained on in one subject and tested in another (such as "
            f"{targets.stimuli[code]}, train in {seen[code]}, test in {held[code]})",
            where="column split",
            remedy="Give a stimulus the same split in all subjects",
        )
    return parts["train"], parts["test"]
