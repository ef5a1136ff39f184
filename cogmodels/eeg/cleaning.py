"""Filters and reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cogmodels.errors import DataError

if TYPE_CHECKING:
    import mne


def clean_raw(
    raw: mne.io.Raw,
    *,
    l_freq: float | None = 0.1,
    h_freq: float | None = 40.0,
    notch: float | None = None,
    reference: str = "average",
) -> mne.io.Raw:
    """Filtered and re-referenced copy of a recording (zero-phase FIR filters, MNE's design).

    Parameters
    ----------
    raw : mne.io.Raw
    l_freq, h_freq : float, optional
        Edges of the pass band, Hz; None = off.
    notch : float, optional
        Line frequency; removed with its harmonics below the Nyquist frequency, Hz.
    reference : {"average", "keep"}
        ``average`` = the mean of the EEG channels.

    Raises
    ------
    DataError
        No EEG channels, values that are not finite, an edge above the Nyquist frequency, a recording shorter than
        the high-pass filter, an average reference of a single channel.
    """
    where = f"recording of {raw.times[-1]:.1f} s, {len(raw.ch_names)} channels"
    channels = raw.copy().pick("eeg", exclude=()).ch_names if "eeg" in raw else []
    if not channels:
        raise DataError("there is no EEG channel", where=where, remedy="Give the types in channels.tsv (EEG, EOG, ...)")
    if not np.isfinite(raw.get_data(picks="eeg")).all():
        raise DataError("EEG values are not finite", where=where, remedy="Repair the recording or mark the channel bad")
    nyquist = raw.info["sfreq"] / 2
    for name, edge in (("l_freq", l_freq), ("h_freq", h_freq), ("notch_hz", notch)):
        if edge is not None and edge >= nyquist:
            raise DataError(
                f"`{name}` is {edge} Hz, the recording ends at {nyquist} Hz (half its sampling rate)",
                where=where,
                remedy=f"Lower `{name}` or set it to null",
            )
    if l_freq is not None and raw.times[-1] < 3.3 / min(l_freq, 2.0):
        raise DataError(
            f"a high-pass at {l_freq} Hz needs {3.3 / l_freq:.0f} s of signal",
            where=where,
            remedy="Raise `l_freq` or set it to null",
        )
    if reference == "average" and len(channels) < 2:
        raise DataError(
            "an average reference of one channel leaves nothing", where=where, remedy="Set `reference: keep`"
        )
    cleaned = raw.copy()
    picks = [name for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True) if kind in ("eeg", "eog")]
    if notch is not None:
        cleaned.notch_filter(np.arange(notch, nyquist, notch), picks=picks, verbose="error")
    if l_freq is not None or h_freq is not None:
        cleaned.filter(l_freq, h_freq, picks=picks, verbose="error")
    if reference == "average":
        cleaned.set_eeg_reference("average", verbose="error")
    return cleaned
