"""From predictions to score rows: value, interval, chance, ceiling, p, all from one code path."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.metrics.ceiling import signal_and_noise, simulate_measurement
from cogmodels.metrics.retrieval import candidates_ahead, correlation_matrix, cosine_matrix, top_k_of_pool, two_way
from cogmodels.metrics.uncertainty import bootstrap_interval, permutation_null, permutation_p

SCORE_COLUMNS = ["metric", "value", "ci_low", "ci_high", "chance", "ceiling", "p", "n", "unit_of_n"]

CEILING_DRAWS = 100
#: Candidates of the retrieval scores that are compared with the literature's, where there are more of them.
SMALL_POOL = 300


def score_predictions(
    predictions: pd.DataFrame, stimuli: list[str] | None, features: np.ndarray | None, **options: int
) -> pd.DataFrame:
    """:func:`score_labels`, or :func:`score_features` where there are features; same options and result."""
    if stimuli is None or features is None:
        return score_labels(predictions, **options)
    return score_features(predictions, stimuli, features, **options)


def score_labels(
    predictions: pd.DataFrame, *, permutations: int = 2000, bootstrap: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Accuracy of predicted labels.

    The unit is the subject, or the run where there is one subject. The p-value permutes the true labels within the
    runs of each subject against the predictions as they stand; draws of a control are averaged before.

    Parameters
    ----------
    predictions : DataFrame
        Columns subject, session, run, trial, label, predicted, and (seed, draw) for repeated predictions of a trial.
    permutations, bootstrap, seed
        Sizes and seed of the permutation test and of the bootstrap.

    Returns
    -------
    DataFrame with the columns of ``SCORE_COLUMNS``. The ceiling is 1: labels carry no noise of their own.
    """
    keys = ["subject", "session", "run", "trial"]
    repeats = [column for column in ("seed", "draw") if column in predictions]
    ordered = predictions.sort_values([*keys, *repeats], kind="stable")
    trials = ordered.drop_duplicates(keys)
    count = len(ordered) // len(trials)
    if count * len(trials) != len(ordered):
        raise DataError(
            "trials have unequal numbers of predictions",
            where="predictions",
            remedy="Run every fold with every seed, then score again",
        )
    predicted = ordered["predicted"].to_numpy(dtype=object).reshape(len(trials), count)
    true = trials["label"].to_numpy(dtype=object)
    unit = "subject" if trials["subject"].nunique() > 1 else "run"
    hits = (predicted == true[:, None]).mean(axis=1)
    units = [np.flatnonzero(trials[unit].to_numpy() == name) for name in sorted(set(trials[unit]))]
    blocks = [mine.to_numpy() for mine in _positions(trials, ["subject", "session", "run"])]

    def permuted(orders: list[np.ndarray]) -> float:
        shuffled = true.copy()
        for block, order in zip(blocks, orders, strict=True):
            shuffled[block] = true[block][order]
        again = (predicted == shuffled[:, None]).mean(axis=1)
        return float(np.mean([again[mine].mean() for mine in units]))

    value = float(np.mean([hits[mine].mean() for mine in units]))
    low, high = bootstrap_interval([hits[mine] for mine in units], samples=bootstrap, seed=seed)
    null = permutation_null(permuted, [len(block) for block in blocks], permutations=permutations, seed=seed)
    row = {
        "metric": "accuracy",
        "value": value,
        "ci_low": low,
        "ci_high": high,
        "chance": float(trials["label"].value_counts(normalize=True).max()),
        "ceiling": 1.0,
        "p": permutation_p(value, null),
        "n": len(units),
        "unit_of_n": unit,
    }
    return pd.DataFrame([row], columns=SCORE_COLUMNS)


def score_features(
    predictions: pd.DataFrame,
    stimuli: list[str],
    features: np.ndarray,
    *,
    permutations: int = 2000,
    bootstrap: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Retrieval of held-out stimuli from predicted feature vectors, each subject on its own.

    Predictions of a stimulus's repeats (and of seeds and draws) are averaged; the candidates are the held-out stimuli
    of that subject; similarity is Pearson r. ``retrieval_*`` looks for the stimulus of a brain, ``brain_retrieval_*``
    for the brain of a stimulus; with more than ``SMALL_POOL`` candidates also in pools of that many
    (:func:`cogmodels.metrics.retrieval.top_k_of_pool`). The unit is the subject. The p-value permutes the candidates
    within each subject. The ceiling is the score of simulated predictions whose reproducible part is the truth, by the
    signal and noise of repeats (Kay et al. 2024, GSN). Without repeats, or where repeats share a trial (column
    ``reused``), it is missing.

    Parameters
    ----------
    predictions : DataFrame
        Columns subject, stimulus, run, trial and ``predicted``, a vector (d,) a row.
    stimuli : list of str
        Names of the rows of ``features``.
    features : array (n_stimuli, d)
        True feature vectors.

    Raises
    ------
    DataError
        A predicted stimulus has no features, or a prediction is not finite.

    Returns
    -------
    DataFrame with the columns of ``SCORE_COLUMNS`` and ``shuffled_brain``: the mean of the score over the permutations,
    which is what the decoder reaches with the brain of another stimulus.
    """
    missing = sorted(set(predictions["stimulus"]) - set(stimuli))
    if missing:
        raise DataError(
            f"{len(missing)} predicted stimuli have no features (such as {missing[0]})",
            where="features table",
            remedy="Make the features of every stimulus that was shown",
        )
    for subject, mine in predictions.groupby("subject", sort=True):
        wrong = sum(not np.isfinite(one).all() for one in mine["predicted"])
        if wrong:
            raise DataError(
                f"{wrong} predictions hold values that are not finite",
                where=f"subject {subject}",
                remedy="Look at the responses of its test trials",
            )
    scores: dict[str, list[np.ndarray]] = {}
    ceilings: dict[str, list[float]] = {}
    pools = []
    for _, mine in predictions.groupby("subject", sort=True):
        names = sorted(set(mine["stimulus"]))
        for metric, matrix in retrieval_matrices(mine, names, stimuli, features).items():
            scores.setdefault(metric, []).append(matrix)
        for metric, ceiling in _ceilings(mine, stimuli, features, seed).items():
            ceilings.setdefault(metric, []).append(ceiling)
        pools.append(len(names))
    rows = []
    for metric, matrices in scores.items():
        own = [np.diagonal(matrix) for matrix in matrices]
        value = float(np.mean([unit.mean() for unit in own]))
        low, high = bootstrap_interval(own, samples=bootstrap, seed=seed)
        null = permutation_null(
            lambda orders, matrices=matrices: float(
                np.mean(
                    [
                        matrix[np.arange(len(order)), order].mean()
                        for matrix, order in zip(matrices, orders, strict=True)
                    ]
                )
            ),
            pools,
            permutations=permutations,
            seed=seed,
        )
        ceiling = float(np.mean(ceilings[metric])) if ceilings.get(metric) else np.nan
        p = permutation_p(value, null)
        chance = float(np.mean([_chance(metric, pool) for pool in pools]))
        rows.append([metric, value, low, high, chance, ceiling, p, len(own), "subject", float(null.mean())])
    return pd.DataFrame(rows, columns=[*SCORE_COLUMNS, "shuffled_brain"])


def _chance(metric: str, pool: int) -> float:
    """Of a score of :func:`score_features` with so many candidates."""
    name, _, small = metric.removeprefix("brain_").partition("_of_")
    k = {"retrieval_top1": 1, "retrieval_top5": 5}.get(name)
    if k is None:
        return 0.5 if name == "two_way" else 0.0
    return min(1.0, k / (int(small) if small else pool))


def _positions(frame: pd.DataFrame, columns: list[str]) -> list[pd.Series]:
    """Row positions of each group, groups in sorted order."""
    places = pd.Series(np.arange(len(frame)), index=frame.index)
    return [mine for _, mine in places.groupby([frame[column] for column in columns], sort=True, dropna=False)]


def retrieval_matrices(
    predictions: pd.DataFrame, names: list[str], stimuli: list[str], features: np.ndarray
) -> dict[str, np.ndarray]:
    """Every retrieval score of one subject as a matrix (n_names, n_names): row = decoded, column = candidate.

    ``names`` are the candidates, ``stimuli`` the names of the rows of ``features``; true pairs lie on the diagonal.
    """
    vectors, labels = _vectors(predictions, stimuli, features)
    predicted = np.stack([vectors[labels == name].mean(axis=0) for name in names])
    index = {name: position for position, name in enumerate(stimuli)}
    target = features[[index[name] for name in names]] - _centre(set(names), stimuli, features)
    return _scores_of(predicted, target)


def _scores_of(predicted: np.ndarray, target: np.ndarray) -> dict[str, np.ndarray]:
    similarity = correlation_matrix(predicted, target)
    # The other way round, a row is a stimulus and its candidates are brains.
    ahead = {"retrieval": candidates_ahead(similarity), "brain_retrieval": candidates_ahead(similarity.T).T}
    found = {}
    for name, ranks in ahead.items():
        found |= {f"{name}_top{k}": (ranks < k).astype(np.float64) for k in (1, 5)}
        if name == "retrieval":
            found |= {"two_way": two_way(similarity), "pearson": similarity}
    found["cosine"] = cosine_matrix(predicted, target)
    if len(similarity) > SMALL_POOL:
        for name, ranks in ahead.items():
            found |= {f"{name}_top{k}_of_{SMALL_POOL}": top_k_of_pool(ranks, k, SMALL_POOL) for k in (1, 5)}
    return found


def _centre(candidates: set[str], stimuli: list[str], features: np.ndarray) -> np.ndarray:
    """Mean features of the stimuli that are no candidates; of all, where nearly all are."""
    others = [position for position, name in enumerate(stimuli) if name not in candidates]
    return features[others].mean(axis=0) if len(others) >= 2 else features.mean(axis=0)


def _vectors(rows: pd.DataFrame, stimuli: list[str], features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centred prediction (n_trials, d) of each trial, seeds and draws averaged, and its stimulus."""
    keys = ["session", "run", "trial", "stimulus"]
    trials = rows.groupby(keys, sort=True, dropna=False)["predicted"].apply(
        lambda some: np.mean(np.stack(some), axis=0)
    )
    labels = trials.index.get_level_values("stimulus").to_numpy(dtype=object)
    return np.stack(trials.to_numpy()) - _centre(set(labels), stimuli, features), labels


def _ceilings(rows: pd.DataFrame, stimuli: list[str], features: np.ndarray, seed: int) -> dict[str, float]:
    """Each score of one subject if the predictions' reproducible part were the truth; empty without repeats, and where
    repeats have a trial in common (``reused``)."""
    if "reused" in rows and rows["reused"].any():
        return {}
    vectors, labels = _vectors(rows, stimuli, features)
    _, counts = np.unique(labels, return_counts=True)
    if np.count_nonzero(counts >= 2) < 2:
        return {}
    signal, noise, repeats = signal_and_noise(vectors, labels)
    generator = np.random.default_rng([seed, 53])
    found: dict[str, list[float]] = {}
    for _ in range(CEILING_DRAWS):
        true, measured = simulate_measurement(signal, noise, repeats, len(counts), generator)
        for metric, matrix in _scores_of(measured, true).items():
            found.setdefault(metric, []).append(float(np.diagonal(matrix).mean()))
    return {metric: float(np.mean(values)) for metric, values in found.items()}
