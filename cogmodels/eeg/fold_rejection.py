"""autoreject within the folds of a decoder: limits from training epochs alone, repairs of test epochs by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cogmodels.eeg.rejection import fit_global, fit_local
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne import BaseEpochs


@dataclass(frozen=True)
class FoldRejection:
    """What training epochs say of epochs: ``limits`` (n_channels,), uV from peak to peak, by ``method``.

    ``fitted`` is autoreject's own object where limits are by channel, None with one for all.
    """

    method: str
    limits: np.ndarray
    channels: tuple[str, ...]
    fitted: Any = None

    def apply(self, values: np.ndarray, *, drop: bool) -> tuple[np.ndarray, np.ndarray]:
        """Repaired epochs, and which of them are kept.

        Channels above their limits are interpolated where limits are by channel (as many as training found best, the
        worst first); with one limit for all nothing is repaired.

        Parameters
        ----------
        values : (n_epochs, n_channels, n_times) float
            uV.
        drop : bool
            Training epochs with too many channels above their limits go; test epochs never do (``False``): a score is
            of all trials that were to be decoded.

        Returns
        -------
        repaired : (n_epochs, n_channels, n_times) float
            Of the values' type; epochs that do not go into training are in it too.
        kept : (n_epochs,) bool
        """
        if self.method == "global":
            bad = (np.ptp(values, axis=2) > self.limits).any(axis=1)
            return values, ~bad if drop else np.ones(len(values), dtype=bool)
        epochs = epochs_of(values, self.channels)
        log = self.fitted.get_reject_log(epochs)
        bad = np.asarray(log.bad_epochs).copy()
        # All are repaired, also those that do not stay: whoever keeps them wants the best of them.
        log.bad_epochs[:] = False
        mended = self.fitted.transform(epochs, reject_log=log).get_data(units="uV", verbose="error")
        return mended.astype(values.dtype), ~bad if drop else np.ones(len(values), dtype=bool)


def fit_rejection(
    values: np.ndarray, channels: Sequence[str], *, method: str, seed: int = 0, where: object = "epochs"
) -> FoldRejection:
    """Limits of epochs by autoreject (Jas et al. 2017), from training epochs.

    Parameters
    ----------
    values : (n_epochs, n_channels, n_times) float
        uV; training epochs alone.
    channels : sequence of str
        Names, in the order of the values; ``local`` takes their places from the 10-05 system.
    method : {"global", "local"}
        One peak-to-peak limit, or one a channel with interpolation.
    seed : int
        Of autoreject's folds and search.
    where : object
        For messages.

    Raises
    ------
    DataError
        Fewer than 10 epochs; an unknown method; ``local`` with fewer than 16 channels or without positions.
    """
    epochs = epochs_of(values, channels)
    picks = np.arange(len(channels))
    try:
        if method == "local":
            fitted = fit_local(epochs, picks, seed)
            limits = np.array([fitted.threshes_[name] for name in channels]) * 1e6
            return FoldRejection(method, limits, tuple(channels), fitted)
        limit = fit_global(epochs, picks, seed) * 1e6
        return FoldRejection(method, np.full(len(channels), limit), tuple(channels))
    except DataError as error:
        raise DataError(error.what, where=where, remedy=error.remedy) from None


def epochs_of(values: np.ndarray, channels: Sequence[str]) -> BaseEpochs:
    """Epochs (n, n_channels, n_times; uV) as MNE has them, places by the names of the 10-05 system."""
    import mne

    info = mne.create_info(list(channels), 1.0, "eeg")
    info.set_montage(
        mne.channels.make_standard_montage("colin27_1005"), match_case=False, on_missing="ignore", verbose="error"
    )
    return mne.EpochsArray(np.asarray(values, dtype=float) * 1e-6, info, verbose="error")
