"""Can these EEG data be trusted? Numbers of one subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cogmodels.eeg.checks import good_samples
from cogmodels.eeg.epochs import epoch_values, signal_type
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne import BaseEpochs
    from mne.io import BaseRaw

# Bins of 1 Hz: the line's own, and its neighbours out of reach of the window's main lobe, Hz.
LINE_BAND, NEIGHBOURS = 1.0, (3.0, 6.0)


def quality(
    raws: Sequence[BaseRaw],
    cleaned: Sequence[BaseRaw],
    epochs: BaseEpochs,
    *,
    events: int,
    components: Sequence[int] = (),
    line_hz: float | None = None,
) -> dict[str, float | int | None]:
    """Quality of one subject's data.

    Parameters
    ----------
    raws, cleaned : sequences of mne Raw
        Recordings as they came, and after cleaning, whose ``bads`` count.
    epochs : mne Epochs
        Those that are used.
    events : int
        Events of all recordings.
    components : sequence of int
        Independent components that were removed from each recording; none without ICA.
    line_hz : float, optional
        Frequency of the mains.

    Returns
    -------
    measures : dict
        ``channels``, ``bad_share`` (of EEG channels, mean over recordings), ``components_removed`` (None without ICA),
        ``events``, ``kept_share`` (of events that became epochs), ``snr`` (RMS of the mean over epochs after the event
        over that of the mean in which every other epoch is turned, Schimmel 1967; 1 = noise alone), ``line_db`` (power
        within 1 Hz of the mains over that 3 to 6 Hz beside, median over EEG channels of the recording as it came, dB;
        None where it is not known or out of range).

    Raises
    ------
    DataError
        No event, or no epoch.
    """
    import mne

    if events < 1:
        raise DataError("there are no events", where="EEG quality", remedy="Check the events of the subject")
    picks = [mne.pick_types(raw.info, eeg=True, exclude=[]) for raw in cleaned]
    bad = [
        np.mean([raw.ch_names[p] in raw.info["bads"] for p in pick]) for raw, pick in zip(cleaned, picks, strict=True)
    ]
    values = epoch_values(epochs, signal_type(epochs))
    after = values[..., epochs.times >= 0] if (epochs.times >= 0).any() else values
    lines = [] if line_hz is None else [level for raw in raws if (level := line_level(raw, line_hz)) is not None]
    return {
        "channels": len(picks[0]),
        "bad_share": float(np.mean(bad)),
        "components_removed": int(np.sum(components)) if len(components) else None,
        "events": int(events),
        "kept_share": len(epochs) / events,
        "snr": plus_minus_snr(after),
        "line_db": float(np.mean(lines)) if lines else None,
    }


def plus_minus_snr(values: np.ndarray) -> float | None:
    """RMS of the mean over epochs (n, channels, times) over that of the mean with alternating signs; None below 4."""
    n = len(values) // 2 * 2
    if n < 4:
        return None
    signs = np.where(np.arange(n) % 2, -1.0, 1.0)
    noise = np.sqrt(np.mean((signs[:, None, None] * values[:n]).mean(axis=0) ** 2))
    return float(np.sqrt(np.mean(values[:n].mean(axis=0) ** 2)) / noise) if noise > 0 else None


def line_level(raw: BaseRaw, line_hz: float) -> float | None:
    """Power of the mains over its neighbours, dB, median over good EEG channels; None where the rate is too low."""
    import mne
    from scipy.signal import welch

    rate = raw.info["sfreq"]
    picks = mne.pick_types(raw.info, eeg=True, exclude="bads")
    if line_hz + NEIGHBOURS[1] > rate / 2 or not len(picks):
        return None
    data = raw.get_data(picks=picks)[:, good_samples(raw)]
    if data.shape[1] < rate or not np.isfinite(data).all():
        return None
    # Seconds that do not overlap: joined epochs of a second are taken one by one.
    frequencies, power = welch(data, rate, nperseg=round(rate), noverlap=0, axis=1)
    away = np.abs(frequencies - line_hz)
    beside = power[:, (away >= NEIGHBOURS[0]) & (away <= NEIGHBOURS[1])].mean(axis=1)
    own = power[:, away <= LINE_BAND].mean(axis=1)
    ratio = np.divide(own, beside, out=np.full(len(own), np.nan), where=beside > 0)
    return float(10 * np.log10(np.nanmedian(ratio))) if np.isfinite(ratio).any() else None
