"""Epochs that are left out, and current source densities: steps between epochs and their use.

Thresholds are learned by autoreject (Jas, Engemann, Bekhti, Raimondo & Gramfort 2017, NeuroImage 159, 417-429).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.errors import DataError

if TYPE_CHECKING:
    from autoreject import AutoReject
    from mne import BaseEpochs

METHODS = ("global", "local")
# Folds of autoreject's own cross-validation, and epochs that each of them needs to have a median.
FOLDS, EPOCHS_A_FOLD = 5, 2
CONSENSUS, INTERPOLATED = (0.1, 0.3, 0.5, 0.7, 0.9), (1, 4, 8)
# With fewer channels spherical splines follow the noise.
MINIMUM_CHANNELS = 16
COLUMNS = ["epoch", "kept", "n_interpolated", "reason"]


def reject_epochs(
    epochs: BaseEpochs, *, method: str, train: np.ndarray | None = None, seed: int = 0
) -> tuple[BaseEpochs, pd.DataFrame]:
    """Epochs without those that vary too much, by thresholds that training epochs set.

    Parameters
    ----------
    epochs : mne Epochs
        Not changed; bad channels are not judged.
    method : {"global", "local"}
        One peak-to-peak limit for all channels; or one a channel, where few channels above it are interpolated and
        many let the epoch go.
    train : (n_epochs,) bool, optional
        Epochs that limits may be learned from; all without.
    seed : int
        Of autoreject's folds and search.

    Returns
    -------
    kept : mne Epochs
    log : DataFrame
        One row an epoch with the columns of ``COLUMNS``.

    Raises
    ------
    DataError
        An unknown method; fewer than 10 training epochs; ``local`` with fewer than 16 channels or without positions; no
        epoch left.
    """
    import mne

    where = "epochs"
    if method not in METHODS:
        raise DataError(f"method `{method}` is unknown", where=where, remedy=f"Use {' or '.join(METHODS)}")
    train = np.ones(len(epochs), dtype=bool) if train is None else np.asarray(train, dtype=bool)
    if train.shape != (len(epochs),):
        raise DataError(f"flags of {train.shape} for {len(epochs)} epochs", where=where, remedy="Flag each epoch")
    picks = mne.pick_types(epochs.info, eeg=True, exclude="bads")
    interpolated = np.zeros(len(epochs), dtype=int)
    if method == "global":
        limit = fit_global(epochs[train], picks, seed)
        values = epochs.get_data(picks=picks, verbose="error")
        bad = (np.ptp(values, axis=2) > limit).any(axis=1)
        kept, reason = epochs[~bad], f"above {limit * 1e6:.0f} uV"
    else:
        local = fit_local(epochs[train], picks, seed)
        kept, log = local.transform(epochs, return_log=True)
        bad = np.asarray(log.bad_epochs)
        interpolated = (log.labels == 2).sum(axis=1)
        reason = "too many channels above their limits"
    if bad.all():
        raise DataError(
            f"all {len(epochs)} epochs are rejected ({reason})",
            where=where,
            remedy="Find bad channels first (`bad_channels`), or take out the eyes",
        )
    table = {"epoch": np.arange(len(epochs)), "kept": ~bad, "n_interpolated": np.where(bad, 0, interpolated)}
    return kept, pd.DataFrame(table | {"reason": np.where(bad, reason, "")})[COLUMNS]


def fit_global(epochs: BaseEpochs, picks: np.ndarray, seed: int) -> float:
    """autoreject's limit of the peak-to-peak amplitude at all channels, V, learned from these epochs."""
    import autoreject

    _check_enough(epochs)
    limits = autoreject.get_rejection_threshold(
        epochs.copy().pick(picks), random_state=seed, ch_types=["eeg"], cv=FOLDS, verbose=False
    )
    return float(limits["eeg"])


def fit_local(epochs: BaseEpochs, picks: np.ndarray, seed: int) -> AutoReject:
    """autoreject's limits by channel, learned from these epochs."""
    import autoreject

    _check_enough(epochs)
    _check_positions(epochs, picks, "autoreject by channel")
    local = autoreject.AutoReject(
        n_interpolate=np.array([k for k in INTERPOLATED if k < len(picks)]),
        consensus=np.array(CONSENSUS),
        cv=FOLDS,
        picks=picks,
        random_state=seed,
        n_jobs=1,
        verbose=False,
    )
    return local.fit(epochs)


def _check_enough(epochs: BaseEpochs) -> None:
    if len(epochs) < FOLDS * EPOCHS_A_FOLD:
        raise DataError(
            f"{len(epochs)} training epochs do not set limits, {FOLDS * EPOCHS_A_FOLD} are needed",
            where="epochs",
            remedy="Switch autoreject off, or set `reject_uv` to a fixed limit",
        )


def source_density(epochs: BaseEpochs) -> BaseEpochs:
    """Current source density of epochs (V/m²): spherical splines (Perrin et al. 1989) without a reference.

    Raises
    ------
    DataError
        Bad channels that are not interpolated; fewer than 16 channels; unknown positions.
    """
    import mne

    if bads := [name for name in epochs.info["bads"] if name in epochs.copy().pick("eeg", exclude=[]).ch_names]:
        raise DataError(
            f"current source densities need every channel; {', '.join(bads)} {'are' if len(bads) > 1 else 'is'} bad",
            where="epochs",
            remedy="Set `interpolate_bads: true`",
        )
    _check_positions(epochs, mne.pick_types(epochs.info, eeg=True, exclude=[]), "current source density")
    return mne.preprocessing.compute_current_source_density(epochs, verbose="error")


def _check_positions(epochs: BaseEpochs, picks: np.ndarray, step: str) -> None:
    if len(picks) < MINIMUM_CHANNELS:
        raise DataError(
            f"{step} interpolates over the head; {len(picks)} channels are too few, {MINIMUM_CHANNELS} are needed",
            where="epochs",
            remedy="Switch the step off",
        )
    places = np.array([epochs.info["chs"][pick]["loc"][:3] for pick in picks])
    unknown = np.flatnonzero(~np.isfinite(places).all(axis=1) | (np.abs(places).sum(axis=1) == 0))
    if len(unknown):
        raise DataError(
            f"{step} needs the place of each channel; {len(unknown)} have none, {epochs.ch_names[picks[unknown[0]]]} "
            "among them",
            where="epochs",
            remedy="Name the channels as in the 10-05 system, or switch the step off",
        )
