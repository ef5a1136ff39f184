"""Linear decoders with a nested choice of their regularisation, one subject at a time or across subjects."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.tables import EpochAxes
from cogmodels.decoding.protocols import make_folds
from cogmodels.decoding.rejection import reject_in_fold
from cogmodels.errors import DataError

logger = logging.getLogger(__name__)

MODELS = ("ridge", "ridge_classifier", "linear_svc")
# What the nested choice leaves out.
_GROUPS = {"leave_one_run_out": "run", "held_out_stimuli": "stimulus", "leave_one_subject_out": "subject"}


@dataclass(frozen=True)
class DecoderRun:
    """What training leaves: predictions of held-out trials, weights, and the choices made on training trials.

    ``predictions`` has one row a held-out trial (and draw of a control): the trial's columns, ``fold``, ``draw`` and
    ``predicted`` (a label, or a vector of the features' dimension). ``weights`` maps a name to an array.
    ``choices`` has one row a fitted model: subject, fold, draw, strength, inner score.
    """

    predictions: pd.DataFrame
    weights: dict[str, np.ndarray]
    choices: pd.DataFrame


def train_linear(
    trials: pd.DataFrame,
    values: np.ndarray,
    targets: np.ndarray,
    *,
    model: str,
    grid: list[float],
    protocol: str,
    folds: str | list[str] = "all",
    control: str = "none",
    draws: int = 1,
    seed: int = 0,
    rejection: str = "none",
    axes: EpochAxes | None = None,
) -> DecoderRun:
    """Train and test one subject's linear decoder in every fold, or one on all other subjects.

    The scaler and the regularisation strength are fitted on training trials only; the strength by cross-validation
    over the training runs (or training subjects; within a held-out-stimuli protocol, over groups of stimuli).

    Parameters
    ----------
    trials : DataFrame (n_trials rows)
        Columns of the Responses table.
    values : array (n_trials, n_features)
        Responses.
    targets : array (n_trials,) of labels or (n_trials, d) of features
        What is predicted.
    model : {"ridge", "ridge_classifier", "linear_svc"}
        Ridge regression (Hoerl & Kennard 1970), ridge on +-1 coded classes, one-vs-one linear SVM.
    grid : list of float
        Strengths tried; the SVM's C is the inverse.
    protocol, folds
        See :func:`cogmodels.decoding.protocols.make_folds`; ``folds`` limits the run to some of them.
    control : {"none", "shuffled_labels"}
        ``shuffled_labels`` permutes the training targets within runs before anything is fitted.
    draws, seed
        How often the control is drawn; seed of the permutations (and of autoreject).
    rejection, axes
        ``global`` or ``local``: training epochs are rejected, test epochs repaired, by limits of each fold's training
        epochs (:func:`~cogmodels.decoding.rejection.reject_in_fold`); ``axes`` tells what the features are.

    Raises
    ------
    DataError
        Unknown fold, or trials that the protocol cannot use.
    """
    available = make_folds(trials, protocol)
    wanted = list(available) if folds == "all" else list(folds)
    unknown = [name for name in wanted if name not in available]
    if unknown:
        raise DataError(
            f"fold `{unknown[0]}` does not exist; there are {', '.join(available)}",
            where=f"subject {trials['subject'].iloc[0]}",
            remedy="Correct `folds` of the experiment",
        )
    across = protocol == "leave_one_subject_out"
    subject = "all" if across else str(trials["subject"].iloc[0])
    groups = trials[_GROUPS[protocol]].to_numpy()
    # Runs of several subjects have the same names.
    runs = (trials["subject"].astype(str) + "/" + trials["run"].astype(str) if across else trials["run"]).to_numpy()
    found, weights, choices = {}, {}, {}
    for fold in wanted:
        (train, test), own, told = available[fold], values, {}
        if rejection != "none":
            where = f"subject {subject}, fold {fold}"
            own, train, told = reject_in_fold(values, axes, train, test, method=rejection, seed=seed, where=where)
        # Of the draws of a control only the labels differ: what is worked out of the values serves all of them.
        shared: dict[int, Decomposed] = {}
        for draw in range(draws):
            wished = targets[train]
            if control == "shuffled_labels":
                stream = np.random.default_rng([seed, draw, list(available).index(fold), 41])
                wished = wished[permute_within(runs[train], stream)]
            fitted, strength, inner = fit_nested(model, grid, own[train], wished, groups[train], shared)
            rows = trials.iloc[test].assign(fold=fold, draw=draw)
            found[draw, fold] = rows.assign(predicted=list(fitted.predict(own[test])))
            choice = {"subject": subject, "fold": fold, "draw": draw, "strength": strength, "inner_score": inner}
            choices[draw, fold] = choice | told
            if draw == 0:
                for name, array in weights_of(fitted).items():
                    weights[f"sub-{subject}/{fold}/{name}"] = array
    order = [(draw, fold) for draw in range(draws) for fold in wanted]
    predictions = pd.concat([found[one] for one in order], ignore_index=True)
    return DecoderRun(predictions, weights, pd.DataFrame([choices[one] for one in order]))


def train_subjects(
    subjects: Iterable[tuple[pd.DataFrame, np.ndarray] | tuple[pd.DataFrame, np.ndarray, EpochAxes | None]],
    stimuli: list[str] | None,
    features: np.ndarray | None,
    **options: Any,
) -> DecoderRun:
    """:func:`train_linear` for each subject (trials, values, and axes for ``rejection``), one in memory at a time.

    Where subjects are left out, once for all of them.
    The target is the stimulus's row of ``features`` (named by ``stimuli``), or the trial's label where there are none.

    Raises
    ------
    DataError
        Subjects are to be left out, but have different numbers of features.
    """
    if options.get("protocol") == "leave_one_subject_out":
        subjects = [_pooled(list(subjects))]
    runs = []
    for trials, values, *axes in subjects:
        logger.info("training on subject %s: %d trials, %d features", trials["subject"].iloc[0], *values.shape)
        given = options | ({"axes": axes[0]} if axes else {})
        runs.append(train_linear(trials, values, targets_of(trials, stimuli, features), **given))
    return join_runs(runs)


def _pooled(subjects: list[tuple]) -> tuple:
    """Trials and values of all subjects, and the axes that they share."""
    widths = {str(one[0]["subject"].iloc[0]): one[1].shape[1] for one in subjects}
    usual = max(set(widths.values()), key=list(widths.values()).count)
    others = [name for name, width in widths.items() if width != usual]
    if others:
        raise DataError(
            f"responses of {widths[others[0]]} features, most subjects have {usual}",
            where=f"subject {others[0]}",
            remedy="A decoder across subjects needs the same channels and times of all: interpolate bad channels "
            "(`interpolate_bads`), or exclude the subject",
        )
    shared = {str(one[2:]) for one in subjects}
    axes = subjects[0][2:] if len(shared) == 1 else ()
    trials = pd.concat([one[0] for one in subjects], ignore_index=True)
    return trials, np.concatenate([one[1] for one in subjects]), *axes


def join_runs(runs: list[DecoderRun]) -> DecoderRun:
    """The runs of several subjects as one."""
    return DecoderRun(
        pd.concat([run.predictions for run in runs], ignore_index=True),
        {name: array for run in runs for name, array in run.weights.items()},
        pd.concat([run.choices for run in runs], ignore_index=True),
    )


def targets_of(trials: pd.DataFrame, stimuli: list[str] | None, features: np.ndarray | None) -> np.ndarray:
    """What each trial is to be decoded into: its label (n_trials,), or its stimulus's features (n_trials, d).

    Raises
    ------
    DataError
        A trial without label, or whose stimulus has no features.
    """
    subject = trials["subject"].iloc[0]
    if stimuli is None or features is None:
        labels = trials["label"].to_numpy(dtype=object)
        if pd.isna(labels).any():
            raise DataError(
                f"{int(pd.isna(labels).sum())} trials have no label",
                where=f"subject {subject}",
                remedy="Fill `trial_type` in the events, or choose a Features table as `target`",
            )
        return labels
    index = {name: position for position, name in enumerate(stimuli)}
    missing = sorted(set(trials["stimulus"]) - set(index))
    if missing:
        raise DataError(
            f"{len(missing)} stimuli have no features (such as {missing[0]})",
            where=f"subject {subject}",
            remedy="Make the features of every stimulus that was shown",
        )
    return features[[index[name] for name in trials["stimulus"]]]


def fit_nested(
    model: str,
    grid: list[float],
    values: np.ndarray,
    targets: np.ndarray,
    groups: np.ndarray,
    shared: dict[int, Decomposed] | None = None,
):
    """Pipeline fitted at the strength that did best in the inner folds, that strength, and its inner score.

    Arrays as in :func:`train_linear`, training trials only; ``groups`` (n_trials,) are left out in turn; ``shared`` as
    in :func:`inner_scores`.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # Strongest first, because ties in the inner score go to the first.
    strengths = sorted(grid, reverse=True)
    inner = (
        inner_scores(model, strengths, values, targets, groups, shared) if len(strengths) > 1 else np.array([np.nan])
    )
    best = int(np.argmax(inner))
    fitted = make_pipeline(StandardScaler(), _estimator(model, strengths[best])).fit(values, targets)
    return fitted, float(strengths[best]), float(inner[best])


@dataclass(frozen=True)
class Decomposed:
    """Standardised trials of an inner fold, of which regressions of any strength are made.

    ``gram`` of those learnt from and ``cross`` of those left out with them. For ridge ``eigenvalues`` and ``basis`` of
    ``gram``, and ``projected``: ``cross`` in that basis; with fewer features than trials those of the covariance of
    features, ``basis`` and ``projected`` being the trials in its axes, and no kernels.
    """

    gram: np.ndarray | None
    cross: np.ndarray | None
    eigenvalues: np.ndarray | None = None
    basis: np.ndarray | None = None
    projected: np.ndarray | None = None

    @classmethod
    def of(cls, values: np.ndarray, train: np.ndarray, test: np.ndarray, *, ridge: bool) -> Decomposed:
        """From trials (n_trials, n_features) and the two parts of the fold."""
        mean, scale = values[train].mean(axis=0), values[train].std(axis=0)
        # As StandardScaler: a constant column is not scaled.
        scale = np.where(scale > 10 * np.finfo(scale.dtype).eps * np.maximum(np.abs(mean), 1), scale, 1)
        inside, outside = (values[train] - mean) / scale, (values[test] - mean) / scale
        if ridge and inside.shape[1] < len(inside):
            # The same predictions, from a matrix of features instead of trials: thousands of trials in a shared space
            # of tens of dimensions took minutes.
            eigenvalues, axes = np.linalg.eigh((inside.T @ inside).astype(np.float64))
            return cls(None, None, eigenvalues, inside @ axes, outside @ axes)
        gram, cross = (inside @ inside.T).astype(np.float64), (outside @ inside.T).astype(np.float64)
        if not ridge:
            return cls(gram, cross)
        eigenvalues, basis = np.linalg.eigh(gram)
        return cls(gram, cross, eigenvalues, basis, cross @ basis)


def inner_scores(
    model: str,
    strengths: list[float],
    values: np.ndarray,
    targets: np.ndarray,
    groups: np.ndarray,
    shared: dict[int, Decomposed] | None = None,
) -> np.ndarray:
    """Mean score (n_strengths,) over inner folds that leave groups out: accuracy, or R2 for Features.

    The same numbers as scikit-learn's ``GridSearchCV`` over a scaler and the model, from one Gram matrix a fold and,
    for ridge, one eigendecomposition for all strengths. Arrays as in :func:`train_linear`, training trials only.
    ``shared`` is filled with these of each inner fold, and read where it is: calls of the same values and groups may
    give the same one.
    """
    from sklearn.model_selection import GroupKFold

    splits = min(len(set(groups)), 5 if model == "ridge" else 11)
    scores = np.empty((splits, len(strengths)))
    for row, (train, test) in enumerate(GroupKFold(splits).split(values, targets, groups)):
        part = None if shared is None else shared.get(row)
        if part is None:
            part = Decomposed.of(values, train, test, ridge=model != "linear_svc")
            if shared is not None:
                shared[row] = part
        solve = _svc_predictions if model == "linear_svc" else _ridge_predictions
        for column, predicted in enumerate(solve(model, strengths, part, targets[train])):
            scores[row, column] = _inner_score(model, targets[test], predicted)
    return scores.mean(axis=0)


def _svc_predictions(_model: str, strengths: list[float], part: Decomposed, targets: np.ndarray):
    """Predicted labels of the left-out trials, one strength after the other."""
    from sklearn.svm import SVC

    for strength in strengths:
        yield SVC(kernel="precomputed", C=1.0 / strength).fit(part.gram, targets.astype(str)).predict(part.cross)


def _ridge_predictions(model: str, strengths: list[float], part: Decomposed, targets: np.ndarray):
    """Predictions of the left-out trials by ridge, one strength after the other."""
    labels = None
    if model == "ridge_classifier":
        labels, codes = np.unique(targets.astype(str), return_inverse=True)
        targets = np.where(codes[:, None] == np.arange(len(labels)), 1.0, -1.0)
    offset = targets.mean(axis=0)
    rotated = part.basis.T @ (targets - offset)
    for strength in strengths:
        predicted = part.projected @ (rotated / (np.maximum(part.eigenvalues, 0.0) + strength)[:, None]) + offset
        yield predicted if labels is None else labels[predicted.argmax(axis=1)]


def _inner_score(model: str, true: np.ndarray, predicted: np.ndarray) -> float:
    if model == "ridge":
        from sklearn.metrics import r2_score

        return float(r2_score(true, predicted))
    return float(np.mean(true.astype(str) == predicted))


def _estimator(model: str, strength: float):
    """scikit-learn estimator of this strength."""
    from sklearn.linear_model import Ridge, RidgeClassifier
    from sklearn.svm import SVC

    if model == "ridge":
        return Ridge(alpha=strength)
    if model == "ridge_classifier":
        return RidgeClassifier(alpha=strength)
    if model == "linear_svc":
        return SVC(kernel="linear", C=1.0 / strength)
    raise ValueError(f"unknown model {model!r}, one of {MODELS}")


def permute_within(groups: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Index array that permutes positions within each group."""
    order = np.arange(len(groups))
    for name in sorted(set(groups)):
        mine = np.flatnonzero(groups == name)
        order[mine] = generator.permutation(mine)
    return order


def weights_of(fitted) -> dict[str, np.ndarray]:
    """Scaler and coefficients of a fitted pipeline, float32."""
    scaler, estimator = fitted[0], fitted[-1]
    return {
        "mean": scaler.mean_.astype(np.float32),
        "scale": scaler.scale_.astype(np.float32),
        "coefficients": np.ascontiguousarray(estimator.coef_, dtype=np.float32),
        "intercept": np.atleast_1d(estimator.intercept_).astype(np.float32),
    }
