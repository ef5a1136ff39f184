"""When, and for how long, epochs tell conditions apart: time-resolved decoding and temporal generalisation.

A classifier is fitted at each time point; generalisation scores it at all others (King & Dehaene 2014, Trends Cogn Sci
18, 203-210). MNE runs the estimators and the cluster permutation test (Maris & Oostenveld 2007, J Neurosci Methods 164,
177-190).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cogmodels.eeg.fold_rejection import fit_rejection
from cogmodels.errors import DataError

CHANCE = 0.5


@dataclass(frozen=True)
class Clusters:
    """Where scores of subjects exceed chance.

    ``t`` (...): t values; ``significant`` (...) bool: points of clusters with p below alpha; ``table``: ``cluster``,
    ``size`` (points), ``mass`` (sum of t), ``p``.
    """

    t: np.ndarray
    significant: np.ndarray
    table: pd.DataFrame


def decode_over_time(
    values: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray | None = None,
    *,
    generalise: bool = False,
    folds: int = 5,
    seed: int = 0,
    rejection: str = "none",
    channels: Sequence[str] = (),
) -> np.ndarray:
    """Area under the ROC curve at each time point, or of each time's classifier at each time, of one subject.

    Linear discriminant analysis with Ledoit-Wolf shrinkage on channels standardised by training trials; stratified
    cross-validation, all trials of a group (stimulus, run) in one fold.

    Parameters
    ----------
    values : (n_trials, n_channels, n_times) float
    labels : (n_trials,)
        Two conditions.
    groups : (n_trials,), optional
        Trials that may not be split between training and test.
    generalise : bool
        All pairs of times.
    folds, seed : int
    rejection, channels
        ``global`` or ``local``: autoreject in each fold, limits of its training epochs; some of those go, test epochs
        are repaired and never go (:mod:`cogmodels.eeg.fold_rejection`). Values are uV of these channels.

    Returns
    -------
    scores : (n_times,) or (training times, test times) float
        Mean over folds; chance is 0.5.

    Raises
    ------
    DataError
        Other than two conditions; values that are not finite; fewer trials or groups of a condition than folds.
    """
    from mne.decoding import GeneralizingEstimator, SlidingEstimator
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    values, labels = np.asarray(values, dtype=float), np.asarray(labels)
    conditions, targets = np.unique(labels, return_inverse=True)
    where = "decoding over time"
    if values.ndim != 3 or len(values) != len(labels) or len(conditions) != 2 or not np.isfinite(values).all():
        raise DataError(
            f"trials of {values.shape}, {len(labels)} labels of {len(conditions)} conditions, "
            f"{int((~np.isfinite(values)).sum())} values that are not finite",
            where=where,
            remedy="Give (trials, channels, times) without gaps, and one of two conditions a trial",
        )
    units = np.arange(len(labels)) if groups is None else np.asarray(groups)
    fewest = min(len(np.unique(units[targets == k])) for k in (0, 1))
    if fewest < folds:
        raise DataError(
            f"a condition has {fewest} {'trials' if groups is None else 'groups'} for {folds} folds",
            where=where,
            remedy="Use fewer folds, or more trials",
        )
    model = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
    kind = GeneralizingEstimator if generalise else SlidingEstimator
    splitter = (
        StratifiedKFold(folds, shuffle=True, random_state=seed)
        if groups is None
        else StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    )
    total = 0.0
    for train, test in splitter.split(values, targets, None if groups is None else units):
        if len(np.unique(targets[test])) < 2 or len(np.unique(targets[train])) < 2:
            raise DataError(
                "a fold holds one condition alone", where=where, remedy="Use fewer folds, or groups of both conditions"
            )
        learnt, tested, wished = values[train], values[test], targets[train]
        if rejection != "none":
            limits = fit_rejection(learnt, channels, method=rejection, seed=seed, where=where)
            learnt, kept = limits.apply(learnt, drop=True)
            learnt, wished = learnt[kept], wished[kept]
            tested, _ = limits.apply(tested, drop=False)
            if len(np.unique(wished)) < 2:
                raise DataError(
                    f"{int(kept.sum())} of {len(train)} training epochs stay, of one condition",
                    where=where,
                    remedy="Take out the eyes or bad channels first, or set `rejection: none`",
                )
        estimator = kind(model, n_jobs=1, verbose="error").fit(learnt, wished)
        decided = estimator.decision_function(tested)
        flat = decided.reshape(len(test), -1)
        scores = np.array([roc_auc_score(targets[test], flat[:, k]) for k in range(flat.shape[1])])
        total = total + scores.reshape(decided.shape[1:])
    return total / splitter.get_n_splits()


def cluster_test(
    scores: np.ndarray, *, chance: float = CHANCE, alpha: float = 0.05, permutations: int = 1000, seed: int = 0
) -> Clusters:
    """Clusters of times (or pairs of times) at which scores over subjects exceed chance.

    Parameters
    ----------
    scores : (n_subjects, ...) float
        One score a subject and point; neighbours along each axis are neighbours.
    chance, alpha : float
        Level under the null; threshold of points (one-sided t) and of clusters.
    permutations, seed : int
        Sign flips of subjects; all of them where that is fewer.

    Returns
    -------
    Clusters

    Raises
    ------
    DataError
        Fewer than five subjects: the smallest p of sign flips would not be below 0.05.
    """
    from mne.stats import permutation_cluster_1samp_test
    from scipy.stats import t as student

    scores = np.asarray(scores, dtype=float)
    n = len(scores)
    if n < 5 or not np.isfinite(scores).all():
        raise DataError(
            f"{n} subjects, {int((~np.isfinite(scores)).sum())} scores that are not finite",
            where="cluster test",
            remedy="Give five subjects or more, each with a score at every point",
        )
    found, clusters, p, _ = permutation_cluster_1samp_test(
        scores - chance,
        threshold=float(student.ppf(1 - alpha, n - 1)),
        tail=1,
        n_permutations=permutations,
        seed=seed,
        out_type="mask",
        verbose="error",
    )
    significant = np.zeros(scores.shape[1:], dtype=bool)
    rows = []
    for number, (cluster, probability) in enumerate(zip(clusters, p, strict=True), start=1):
        mask = np.zeros(scores.shape[1:], dtype=bool)
        mask[cluster] = True
        significant |= mask & (probability < alpha)
        rows.append((number, int(mask.sum()), float(found[mask].sum()), float(probability)))
    return Clusters(found, significant, pd.DataFrame(rows, columns=["cluster", "size", "mass", "p"]))
