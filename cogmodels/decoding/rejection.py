"""Epochs that are rejected or repaired within the folds of a decoder; its test epochs teach it nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from cogmodels.data.tables import EpochAxes
from cogmodels.errors import DataError


def reject_in_fold(
    values: np.ndarray,
    axes: EpochAxes | None,
    train: np.ndarray,
    test: np.ndarray,
    *,
    method: str,
    seed: int,
    where: object,
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Responses of a fold with repaired epochs, and the training trials that stay.

    Limits are autoreject's, fitted on the training epochs of this fold alone. Training epochs that they reject go; test
    epochs are repaired by the same limits and never go.

    Parameters
    ----------
    values : (n_trials, n_features) float
        Each channel's samples, one channel after the other; uV.
    axes : EpochAxes
        What the features are.
    train, test : index arrays
        Trials of the fold.
    method : {"global", "local"}
    seed : int
    where : object
        Subject and fold, for messages.

    Returns
    -------
    repaired : (n_trials, n_features)
        A copy.
    kept : index array
        Of ``train``.
    told : dict
        ``rejected`` training trials, ``limit_uv`` (median over channels).

    Raises
    ------
    DataError
        Responses that are no epochs, or hold other channels than EEG; what
        :func:`~cogmodels.eeg.fold_rejection.fit_rejection` refuses; no training trial stays.
    """
    from cogmodels.eeg.fold_rejection import fit_rejection

    if axes is None or set(axes.types) != {"eeg"}:
        held = "are no epochs" if axes is None else f"hold channels of type {', '.join(sorted(set(axes.types)))}"
        raise DataError(
            f"the responses {held}: limits of amplitude are those of EEG",
            where=where,
            remedy="Set `rejection: none`, or decode an EEG pipeline without source densities and EOG",
        )
    shape = (-1, len(axes.channels), len(axes.times))
    found = fit_rejection(values[train].reshape(shape), axes.channels, method=method, seed=seed, where=where)
    repaired = values.copy()
    mended, stay = found.apply(values[train].reshape(shape), drop=True)
    repaired[train] = mended.reshape(len(train), -1)
    repaired[test] = found.apply(values[test].reshape(shape), drop=False)[0].reshape(len(test), -1)
    if not stay.any():
        raise DataError(
            f"all {len(train)} training epochs are rejected",
            where=where,
            remedy="Find bad channels first (`bad_channels`), or take out the eyes",
        )
    return repaired, train[stay], {"rejected": int((~stay).sum()), "limit_uv": float(np.median(found.limits))}
