"""Epochs around events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.errors import DataError

if TYPE_CHECKING:
    import mne


def make_epochs(
    raw: mne.io.Raw,
    events: pd.DataFrame,
    *,
    tmin: float = -0.1,
    tmax: float = 0.5,
    baseline: tuple[float | None, float | None] | None = (None, 0.0),
    resample: float | None = None,
) -> mne.Epochs:
    """Epochs of a cleaned recording; one row of ``events`` becomes one row of the epochs' metadata.

    Parameters
    ----------
    raw : mne.io.Raw
    events : DataFrame
        ``onset`` (s), ``label``, and what is to be kept of each trial.
    tmin, tmax : float
        Window around the onset, s.
    baseline : (start, stop) or None
        s; its mean is subtracted from each channel.
    resample : float, optional
        Rate of the epochs, Hz; filtered before samples are dropped.

    Raises
    ------
    DataError
        No events, or an event whose window leaves the recording.
    """
    import mne

    if events.empty:
        raise DataError("there are no events", where="epochs", remedy="Check the events.tsv of the recording")
    rate = raw.info["sfreq"]
    samples = np.round(events["onset"].to_numpy(dtype=float) * rate).astype(int)
    first, last = samples + int(np.floor(tmin * rate)), samples + int(np.floor(tmax * rate))
    outside = (first < 0) | (last >= len(raw.times))
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        onset = float(events["onset"].iloc[row])
        raise DataError(
            f"the window {onset + tmin:.3f} to {onset + tmax:.3f} s of event {row + 1} leaves the recording "
            f"(0 to {raw.times[-1]:.3f} s)",
            where="epochs",
            remedy="Remove the event, or shorten `tmin` and `tmax`",
        )
    codes = {name: code for code, name in enumerate(sorted(events["label"].astype(str).unique()), start=1)}
    table = np.column_stack(
        [samples + raw.first_samp, np.zeros(len(samples), int), events["label"].astype(str).map(codes).to_numpy(int)]
    )
    epochs = mne.Epochs(
        raw,
        table,
        codes,
        tmin=tmin,
        tmax=tmax,
        baseline=baseline,
        metadata=events.reset_index(drop=True),
        preload=True,
        reject_by_annotation=False,
        event_repeated="error",
        verbose="error",
    )
    if resample is not None and resample < rate:
        epochs.resample(resample, verbose="error")
    return epochs


def join_epochs(parts: list[mne.Epochs]) -> mne.Epochs:
    """Epochs of a subject's recordings as one.

    Raises
    ------
    DataError
        There are none, or they differ in channels or rate.
    """
    import mne

    if not parts:
        raise DataError(
            "this subject has no EEG recordings",
            where="epochs",
            remedy="Add the recordings, or name the subject in the pipeline's `exclude`",
        )
    if len(parts) == 1:
        return parts[0]
    for part in parts[1:]:
        if part.ch_names != parts[0].ch_names or part.info["sfreq"] != parts[0].info["sfreq"]:
            raise DataError(
                "recordings differ in channels or sampling rate",
                where="epochs",
                remedy="Bring a subject's recordings to the same channels and `resample_hz`",
            )
    return mne.concatenate_epochs(parts, verbose="error")


def epoch_values(epochs: mne.Epochs) -> np.ndarray:
    """EEG channels of the epochs: (n_epochs, n_channels, n_times) in uV, float32; bad channels are left out."""
    return (epochs.get_data(picks="eeg") * 1e6).astype(np.float32)
