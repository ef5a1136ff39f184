"""What every step of the EEG room asks of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne.io import BaseRaw


# Between an amplifier's own noise and what saturates it, V.
LEAST_V, MOST_V = 1e-8, 1e-2
UNIT_SAMPLES = 2000


def recording_name(raw: BaseRaw) -> str:
    """File of a recording, for messages."""
    names = [str(name) for name in getattr(raw, "filenames", ()) if name]
    return names[0] if names else "EEG recording"


def count_eeg(raw: BaseRaw) -> int:
    """Number of EEG channels that are not marked bad.

    Raises
    ------
    DataError
        There is none.
    """
    import mne

    count = len(mne.pick_types(raw.info, eeg=True, exclude="bads"))
    if count == 0:
        types = ", ".join(sorted(set(raw.get_channel_types())))
        raise DataError(
            f"there is no EEG channel that is not marked bad; types are {types}",
            where=recording_name(raw),
            remedy="Give the channels type EEG in channels.tsv, and mark fewer of them bad",
        )
    return count


def check_units(raw: BaseRaw) -> None:
    """Refuse a recording whose amplitudes are no EEG's in V.

    Raises
    ------
    DataError
        The median over good EEG channels of the median absolute deviation is above 10 mV or below 0.01 uV.
    """
    import mne

    picks = mne.pick_types(raw.info, eeg=True, exclude="bads")
    data = raw.get_data(picks=picks)
    # Of some thousand samples: what is asked is a factor of a million.
    data = data[:, :: max(1, data.shape[1] // UNIT_SAMPLES)]
    spread = np.median([np.median(np.abs(row - np.median(row))) for row in data])
    if np.isfinite(spread) and not LEAST_V <= spread <= MOST_V:
        kind = "microvolt that are called volt" if spread > MOST_V else "volt that are called microvolt, or no signal"
        raise DataError(
            f"EEG channels deviate by {spread:.3g} V from their medians: {kind}",
            where=recording_name(raw),
            remedy="Correct the unit in the recording's header, or its resolution",
        )


def add_annotations(raw: BaseRaw, onset: np.ndarray, duration: np.ndarray, names: list[str]) -> BaseRaw:
    """Add annotations whose onsets (s) count from the first sample; in place."""
    import mne

    if len(names):
        kept, date, first = raw.annotations.copy(), raw.info["meas_date"], raw.first_time
        if date is None:
            # MNE moves annotations without a date to the first sample when they are set, those set before once more.
            kept.onset -= first
            first = 0.0
        added = mne.Annotations(np.asarray(onset) + first, duration, names, orig_time=date)
        raw.set_annotations(kept + added, verbose="error")
    return raw


def good_samples(raw: BaseRaw) -> np.ndarray:
    """(n_times,) bool: samples outside of all annotations whose names begin with BAD (of any case)."""
    good = np.ones(raw.n_times, dtype=bool)
    rate = raw.info["sfreq"]
    for note in raw.annotations:
        if str(note["description"]).upper().startswith("BAD"):
            start = note["onset"] - raw.first_time
            stop = start + note["duration"]
            good[max(int(np.floor(start * rate + 1e-6)), 0) : max(int(np.ceil(stop * rate - 1e-6)), 0)] = False
    return good


def bridge_lost(data: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Data (channels, samples) with straight lines over values that are not finite in ``bad`` samples (samples,)."""
    lost = bad & ~np.isfinite(data)
    if not lost.any():
        return data
    bridged = data.copy()
    for row, gaps in zip(bridged, lost, strict=True):
        known = np.flatnonzero(~gaps)
        if gaps.any() and len(known):
            row[gaps] = np.interp(np.flatnonzero(gaps), known, row[known])
    return bridged
