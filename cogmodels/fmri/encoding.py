"""Encoding models: each voxel's responses predicted from features of the stimuli, scored on stimuli held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from cogmodels.errors import DataError
from cogmodels.fmri.reliability import noise_ceiling

# Voxels that are worked on at a time, so that memory does not grow with the brain.
CHUNK = 2000


@dataclass(frozen=True)
class EncodingFit:
    """``voxels``: one row a voxel, see `fit_encoding`; ``weights``: of each band (n_dimensions, n_voxels), for
    standardised features; ``summary``: rows for `cogmodels.metrics.map_scores.score_summaries`."""

    voxels: pd.DataFrame
    weights: dict[str, np.ndarray]
    summary: list[dict]


@dataclass(frozen=True)
class _HeldOut:
    """Mean responses (n_stimuli, n_voxels), predictions by each band (n_bands, n_stimuli, n_voxels), noise ceiling
    (n_voxels,) as a share of the variance (NaN without repeats), and that of as many training trials."""

    true: np.ndarray
    bands: np.ndarray
    ceiling: np.ndarray
    known: np.ndarray


def fit_encoding(
    trials: pd.DataFrame,
    values: np.ndarray,
    bands: Mapping[str, tuple[Sequence[str], np.ndarray]],
    *,
    alphas: Sequence[float] = (1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5),
    inner: str = "stimulus",
    inner_folds: int = 5,
    mixtures: int = 50,
    least_ceiling: float = 0.1,
    permutations: int = 1000,
    bootstrap: int = 2000,
    seed: int = 0,
) -> EncodingFit:
    """Banded ridge regression of each voxel on bands of features (Dupre la Tour et al. 2022, NeuroImage 264, 119728).

    Fitted on single trials whose split is ``train``; features are standardised by the stimuli of these. A voxel's
    penalties are those with the least squared error on groups of training trials left out, of random weightings of the
    bands (himalaya). Scored on the means of ``test`` stimuli, responses and predictions about their means over these.

    Parameters
    ----------
    trials : (n_trials,) DataFrame
        Columns stimulus, run, split, of one subject.
    values : (n_trials, n_voxels) float
    bands : mapping of name -> (stimuli, features (n_stimuli, n_dimensions))
    alphas, mixtures
        Penalties, and weightings of the bands, that are tried.
    inner : {"stimulus", "run"}
        What is left out to choose: with ``run`` the stimuli of a run may be in the others, too.
    inner_folds : int
        Folds of ``stimulus``.
    least_ceiling : float
        Voxels with a lower noise ceiling in training trials have no normalised score: chosen by test trials, they would
        be those whose ceiling came out too high.
    permutations, bootstrap, seed
        Of the held-out stimuli.

    Returns
    -------
    EncodingFit
        Columns of ``voxels``: ``r``, ``r2``; ``ceiling``, share of the variance of the test means that a model can
        explain (NSD's); ``r_normalised`` = r / sqrt(ceiling), ``r2_normalised`` = r2 / ceiling; ``p`` of r, one-sided,
        by permuted test stimuli, and ``q``, adjusted for the false discovery rate over voxels (Benjamini and Hochberg
        1995); for each band ``r2_<band>`` (product measure: they sum to r2) and ``penalty_<band>``.

    Raises
    ------
    DataError
        No training or test trials, stimuli in both or without features, or values that are not finite.
    """
    values = np.asarray(values, dtype=float)
    training, names = _split(trials, values, bands)
    table = pd.DataFrame({"stimulus": trials["stimulus"].to_numpy(), "run": trials["run"].to_numpy()})
    parts = {name: _standardised(given, table["stimulus"], training) for name, given in bands.items()}
    centre = values[training].mean(axis=0)
    folds = _inner_folds(table[training], inner, inner_folds, seed)
    deltas, weights = _solve(
        [part[training] for part in parts.values()], values[training] - centre, alphas, folds, mixtures, seed
    )
    held_out = _held_out(table, values - centre, parts, training, weights, names)
    scores, summary = _score(held_out, list(bands), least_ceiling, permutations, bootstrap, seed)
    for name, delta in zip(bands, deltas, strict=True):
        scores[f"penalty_{name}"] = np.exp(-delta)
    return EncodingFit(scores, dict(zip(bands, weights, strict=True)), summary)


def _split(trials, values, bands):
    """Which trials train, and the test stimuli in order."""
    where = (
        f"encoding model, subject {', '.join(sorted(set(trials['subject'])))}" if "subject" in trials else "encoding"
    )
    if values.ndim != 2 or len(values) != len(trials) or not np.isfinite(values).all():
        raise DataError(
            f"{len(trials)} trials, responses of shape {values.shape}, {int((~np.isfinite(values)).sum())} not finite",
            where=where,
            remedy="Give finite trials x voxels",
        )
    split = trials["split"].to_numpy()
    if set(split) - {"train", "test"} or len(set(split)) < 2:
        raise DataError(
            f"trials need the splits train and test, there are {', '.join(sorted(set(split)))}",
            where=where,
            remedy="Store a split by stimulus in the events (column `split`)",
        )
    training = split == "train"
    shown = [set(trials["stimulus"].to_numpy()[side]) for side in (training, ~training)]
    if shared := sorted(shown[0] & shown[1]):
        raise DataError(
            f"{len(shared)} stimuli are in both train and test (such as {shared[0]})",
            where=where,
            remedy="Split by stimulus, so that no test stimulus is trained on",
        )
    for name, (stimuli, _) in bands.items():
        if missing := sorted((shown[0] | shown[1]) - set(stimuli)):
            raise DataError(
                f"{len(missing)} stimuli have no features in band `{name}` (such as {missing[0]})",
                where=where,
                remedy="Make the features of every stimulus that was shown",
            )
    if len(shown[1]) < 3:
        raise DataError(f"{len(shown[1])} test stimuli", where=where, remedy="Hold out three or more")
    return training, sorted(shown[1])


def _standardised(given, stimuli, training) -> np.ndarray:
    """Features (n_trials, d) of each trial, by mean and deviation of the training trials; 0 where these do not vary."""
    names, features = given
    place = {name: k for k, name in enumerate(names)}
    rows = np.asarray(features, dtype=float)[[place[name] for name in stimuli]]
    deviation = rows[training].std(axis=0)
    varies = deviation > 1e-9 * np.abs(rows[training]).max(axis=0, initial=0)
    return np.where(varies, (rows - rows[training].mean(axis=0)) / np.where(varies, deviation, 1), 0)


def _inner_folds(table, inner, n_folds, seed) -> list[tuple[np.ndarray, np.ndarray]]:
    column = {"stimulus": "stimulus", "run": "run"}[inner]
    names = np.unique(table[column].astype(str))
    if len(names) < 2:
        raise DataError(
            f"training trials are of one {inner}", where="encoding model", remedy="Choose the other kind of `inner`"
        )
    groups = names[np.random.default_rng([seed, 3]).permutation(len(names))]
    parts = np.array_split(groups, min(n_folds, len(names)) if inner == "stimulus" else len(names))
    owner = table[column].astype(str).to_numpy()
    return [(np.flatnonzero(~np.isin(owner, part)), np.flatnonzero(np.isin(owner, part))) for part in parts]


def _solve(features, values, alphas, folds, mixtures, seed):
    """Log weight of each band over its penalty (n_bands, n_voxels), and weights of each band (d, n_voxels)."""
    from himalaya.backend import set_backend
    from himalaya.kernel_ridge import solve_multiple_kernel_ridge_random_search
    from himalaya.ridge import solve_group_ridge_random_search

    set_backend("numpy")
    widths = [part.shape[1] for part in features]
    options = {
        "n_iter": mixtures if len(features) > 1 else 1,
        "alphas": np.asarray(alphas, dtype=float),
        "cv": folds,
        "random_state": seed,
        "progress_bar": False,
        "n_targets_batch": CHUNK,
        "n_targets_batch_refit": CHUNK,
    }
    if sum(widths) <= len(values):
        deltas, weights, _ = solve_group_ridge_random_search(
            features, values, return_weights=True, warn=False, **options
        )
    else:
        kernels = np.stack([part @ part.T for part in features])
        deltas, weights, _ = solve_multiple_kernel_ridge_random_search(
            kernels, values, return_weights="primal", Xs=features, **options
        )
    weights = np.concatenate(weights) if isinstance(weights, list) else np.asarray(weights)
    return np.asarray(deltas), np.split(weights, np.cumsum(widths)[:-1])


def _held_out(table, values, parts, training, weights, names) -> _HeldOut:
    """Repeats averaged, predictions of each stimulus, and what noise leaves to explain."""
    test, stimuli = ~training, table["stimulus"].to_numpy()
    owner = np.searchsorted(names, stimuli[test])
    counts = np.bincount(owner, minlength=len(names))
    means = np.zeros((len(names), values.shape[1]))
    np.add.at(means, owner, values[test])
    first = np.array([np.flatnonzero(owner == k)[0] for k in range(len(names))])
    predicted = np.stack([part[test][first] @ w for part, w in zip(parts.values(), weights, strict=True)])
    averaged = 1 / np.mean(1 / counts)
    ceiling = _ceiling(values[test], stimuli[test], averaged)
    known = _ceiling(values[training], stimuli[training], averaged)
    return _HeldOut(means / counts[:, None], predicted, ceiling, ceiling if np.isnan(known).all() else known)


def _ceiling(values, stimuli, averaged):
    """Explainable share of the variance (n_voxels,) of means of so many trials; NaN without repeats."""
    try:
        return noise_ceiling(values, stimuli, n_averaged=averaged).ceiling / 100
    except DataError:
        return np.full(values.shape[1], np.nan)


def _score(held_out, names, least_ceiling, permutations, bootstrap, seed):
    """Table of the voxels, and summary rows: value, ceiling, permuted and bootstrapped values of means over voxels."""
    n, n_voxels = held_out.true.shape
    clear = np.isfinite(held_out.ceiling) & (held_out.known >= least_ceiling)
    rng = np.random.default_rng([seed, 5])
    orders = np.stack([rng.permutation(n) for _ in range(permutations)])
    draws = rng.multinomial(n, np.full(n, 1 / n), size=bootstrap).astype(float)
    columns: list[pd.DataFrame] = []
    totals = {"value": {}, "null": {}, "draws": {}}
    for first in range(0, n_voxels, CHUNK):
        here = slice(first, first + CHUNK)
        true, bands, good = held_out.true[:, here], held_out.bands[:, :, here], clear[here]
        found = {
            "value": _measures(true, bands, np.ones((1, n))),
            "null": _permuted(true, bands, orders),
            "draws": _measures(true, bands, draws),
        }
        for kind, (r, parts) in found.items():
            _add(totals[kind], names, r, parts, good)
        r, parts = found["value"]
        p = (1 + (found["null"][0] >= r - 1e-12).sum(axis=0)) / (1 + permutations)
        part = {"r": r[0], "r2": parts[:, 0].sum(axis=0), "p": p}
        columns.append(pd.DataFrame(part | {f"r2_{name}": parts[k, 0] for k, name in enumerate(names)}))
    voxels = pd.concat(columns, ignore_index=True)
    voxels.insert(2, "ceiling", held_out.ceiling)
    share = np.where(clear & (held_out.ceiling >= least_ceiling), held_out.ceiling, np.nan)
    voxels.insert(3, "r_normalised", voxels["r"] / np.sqrt(share))
    voxels.insert(4, "r2_normalised", voxels["r2"] / share)
    voxels.insert(6, "q", false_discovery_control(voxels["p"]))
    return voxels, _summary(totals, names, held_out.ceiling, clear, n_voxels)


def _measures(true, bands, weights):
    """r (n_draws, n_voxels), and what each band adds to R2 (n_bands, n_draws, n_voxels), of weighted stimuli."""
    n = weights.sum(axis=1, keepdims=True)

    def covariance(a, b):
        return weights @ (a * b) - (weights @ a) * (weights @ b) / n

    total = bands.sum(axis=0)
    power, size = covariance(true, true), covariance(total, total)
    r = _ratio(covariance(true, total), np.sqrt(np.maximum(power * size, 0)))
    parts = np.stack([_ratio(2 * covariance(true, one) - covariance(one, total), power) for one in bands])
    return r, parts


def _permuted(true, bands, orders):
    """The same of predictions that belong to other stimuli."""
    true = true - true.mean(axis=0)
    bands = bands - bands.mean(axis=1, keepdims=True)
    total = bands.sum(axis=0)
    power, size = (true**2).sum(axis=0), (total**2).sum(axis=0)
    overlap = np.einsum("bnv,nv->bv", bands, total)
    cross = np.stack([[(true * one[order]).sum(axis=0) for order in orders] for one in bands])
    parts = np.stack([_ratio(2 * mine - own, power) for mine, own in zip(cross, overlap, strict=True)])
    return _ratio(cross.sum(axis=0), np.sqrt(power * size)), parts


def _ratio(top, bottom):
    bottom = np.broadcast_to(bottom, top.shape)
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1), 0)


def _add(totals, names, r, parts, good):
    """Sums over voxels: all, and those whose ceiling is clear."""
    sums = {"r": r.sum(axis=1), "r2": parts.sum(axis=(0, 2))}
    sums |= {"r_clear": r[:, good].sum(axis=1), "r2_clear": parts[:, :, good].sum(axis=(0, 2))}
    sums |= {f"r2_{name}": part.sum(axis=1) for name, part in zip(names, parts, strict=True)}
    for name, value in sums.items():
        totals[name] = totals.get(name, 0) + value


def _summary(totals, names, ceiling, clear, n_voxels) -> list[dict]:
    share = np.where(np.isnan(ceiling), np.nan, np.maximum(ceiling, 0))
    wanted = [
        ("encoding_r", "", "r", n_voxels, np.sqrt(share).mean()),
        ("encoding_r2", "", "r2", n_voxels, share.mean()),
        *(("encoding_r2", name, f"r2_{name}", n_voxels, np.nan) for name in names if len(names) > 1),
    ]
    if clear.any() and ceiling[clear].sum() > 0:
        # Ratios of means: a voxel whose ceiling is low by chance does not weigh more for it.
        wanted += [
            ("encoding_r_normalised", "", "r_clear", np.sqrt(ceiling[clear]).sum(), 1.0),
            ("encoding_r2_normalised", "", "r2_clear", ceiling[clear].sum(), 1.0),
        ]
    return [
        {
            "metric": metric,
            "part": part,
            "value": float(totals["value"][key][0] / size),
            "ceiling": float(most) if np.isfinite(most) else None,
            "null": totals["null"][key] / size,
            "draws": totals["draws"][key] / size,
        }
        for metric, part, key, size, most in wanted
    ]
