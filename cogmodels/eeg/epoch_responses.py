"""The Responses table of epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cogmodels.data.tables import EpochAxes, Responses, collect_responses
from cogmodels.eeg.epochs import epoch_values, response_channels, signal_type

if TYPE_CHECKING:
    from mne import BaseEpochs


def epoch_responses(epochs: BaseEpochs, values: np.ndarray | None = None, *, eog: bool = False) -> Responses:
    """The Responses table of epochs: a row an epoch, its channels by its times.

    Parameters
    ----------
    epochs : mne Epochs
        With the trials as metadata.
    values : (n_epochs, n_channels, n_times) float, optional
        What became of the signal of the good channels (whitened, say); by default :func:`epoch_values` of them.
    eog : bool
        The EOG channels too, below the others, in microvolt.

    Returns
    -------
    responses : Responses
        Checked (:func:`cogmodels.data.tables.collect_responses`), single precision.

    Raises
    ------
    DataError
        No EOG channel where they are asked for; no epoch; values that are not finite.
    """
    names, types = response_channels(epochs, eog=eog)
    if values is None:
        values = epoch_values(epochs, signal_type(epochs))
    if eog:
        values = np.concatenate([values, epoch_values(epochs, names[values.shape[1] :])], axis=1)
    axes = EpochAxes(names, types, [round(float(time), 6) for time in epochs.times])
    return collect_responses([(epochs.metadata, values.reshape(len(values), -1))], axes)
