"""Epochs around events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.eeg.checks import count_eeg, recording_name
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne import BaseEpochs, Epochs
    from mne.io import BaseRaw

# Columns of the events that may name the condition, the first that exists is taken.
CONDITION_COLUMNS = ("label", "trial_type", "condition", "stimulus")
# Fewer do not predict a bad one.
MINIMUM_GOOD = 8
# Type of channel -> unit of values, and how many of them make MNE's own unit (V, V/m²).
UNITS = {"eeg": ("µV", 1e6), "csd": ("mV/m²", 1e3)}


def make_epochs(
    raw: BaseRaw,
    events: pd.DataFrame,
    *,
    tmin: float,
    tmax: float,
    baseline: tuple[float | None, float | None] | None = (None, 0.0),
    resample: float | None = None,
    reject_uv: float | None = None,
) -> Epochs:
    """Cut a recording into epochs around events.

    Parameters
    ----------
    raw : mne Raw
        Cleaned recording.
    events : DataFrame
        Column ``onset``, seconds from the first sample; the condition is the first column of ``CONDITION_COLUMNS``
        that exists. All columns become the epochs' metadata.
    tmin, tmax : float
        Window around the event, s, both ends included.
    baseline : (float or None, float or None), optional
        Interval whose mean is subtracted from each channel, s; None = no baseline.
    resample : float, optional
        Rate of the epochs, Hz; it must divide the recording's, so that every epoch keeps exact times, 0 among them.
        Where the recording's low-pass is above a third of it, frequencies above 0.4 of it are filtered out first.
    reject_uv : float, optional
        Epochs in which an EEG channel's peak-to-peak amplitude is larger are dropped, microvolt.

    Returns
    -------
    epochs : mne Epochs
        One epoch an event in order of onset, but those rejected by amplitude or by annotations called BAD; loaded.

    Raises
    ------
    DataError
        No EEG channel or event; an event whose window leaves the recording; two events at one sample; a rate that
        does not divide the recording's; a baseline outside the window; every epoch rejected.
    """
    import mne

    events = events.sort_values("onset", kind="stable", ignore_index=True) if "onset" in events else events
    condition = _check(raw, events, tmin, tmax, baseline, resample)
    rate = raw.info["sfreq"]
    samples = _samples(events, raw, tmin, tmax)
    names = events[condition].astype(str)
    codes = {name: code for code, name in enumerate(sorted(set(names)), start=1)}
    triggers = np.column_stack([samples + raw.first_samp, np.zeros_like(samples), names.map(codes)]).astype(int)
    step = 1 if resample is None else round(rate / resample)
    epochs = mne.Epochs(
        _antialiased(raw, rate / step) if step > 1 else raw,
        triggers,
        event_id=codes,
        tmin=tmin,
        tmax=tmax,
        baseline=baseline,
        metadata=events,
        reject=None if reject_uv is None else {"eeg": reject_uv * 1e-6},
        picks=mne.pick_types(raw.info, eeg=True, eog=True, exclude=[]),
        preload=True,
        verbose="error",
    )
    if not len(epochs):
        reasons = sorted({reason for log in epochs.drop_log for reason in log})
        raise DataError(
            f"all {len(events)} epochs are rejected ({', '.join(reasons)})",
            where=recording_name(raw),
            remedy="Raise `reject_uv`, mark the channel bad, or check the BAD annotations",
        )
    # MNE's `resample` stretches an epoch to a whole number of samples, which shifts it by milliseconds.
    return epochs.decimate(step, verbose="error") if step > 1 else epochs


def interpolate_bads(epochs: BaseEpochs) -> BaseEpochs:
    """Epochs whose bad EEG channels are interpolated by spherical splines, and good from then on; a copy.

    Raises
    ------
    DataError
        A bad channel without a position, or fewer than 8 good ones.
    """
    import mne

    bads = [epochs.ch_names[k] for k in mne.pick_types(epochs.info, eeg=True, exclude=[])]
    bads = [name for name in bads if name in epochs.info["bads"]]
    if not bads:
        return epochs
    good = count_eeg(epochs)
    unknown = [
        name
        for name in bads
        if not np.isfinite(place := epochs.info["chs"][epochs.ch_names.index(name)]["loc"][:3]).all()
        or not np.abs(place).sum()
    ]
    if unknown or good < MINIMUM_GOOD:
        raise DataError(
            f"bad channel {unknown[0]} has no position" if unknown else f"{good} good channels do not predict bad ones",
            where="EEG epochs",
            remedy="Set `interpolate_bads: false`: bad channels are then left out",
        )
    return epochs.copy().interpolate_bads(reset_bads=True, verbose="error")


def join_epochs(parts: Sequence[BaseEpochs]) -> BaseEpochs:
    """Epochs of several recordings of one subject as one; conditions keep their names, a channel bad in one is bad.

    Raises
    ------
    DataError
        There are none, or they differ in channels, rate or times.
    """
    import mne

    if not parts:
        raise DataError("there are no recordings to join", where="EEG epochs", remedy="Check the subject's recordings")
    first = parts[0]
    for number, part in enumerate(parts[1:], start=2):
        same = part.ch_names == first.ch_names and part.times.shape == first.times.shape
        if not same or not np.allclose(part.times, first.times):
            raise DataError(
                f"recording {number} has {len(part.ch_names)} channels and {len(part.times)} samples an epoch, the "
                f"first {len(first.ch_names)} and {len(first.times)}",
                where="EEG epochs",
                remedy="Bring the recordings to the same channels and rate (`resample_hz`)",
            )
    if len(parts) == 1:
        return first
    # Codes count the conditions of one recording; over several they are given anew.
    codes = {name: code for code, name in enumerate(sorted({name for part in parts for name in part.event_id}), 1)}
    bads = list(dict.fromkeys(name for part in parts for name in part.info["bads"]))
    recoded = []
    for part in parts:
        part = part.copy()
        part.info["bads"] = bads
        new = {code: codes[name] for name, code in part.event_id.items()}
        part.events[:, 2] = [new[code] for code in part.events[:, 2]]
        part.event_id = {name: codes[name] for name in part.event_id}
        recoded.append(part)
    return mne.concatenate_epochs(recoded, verbose="error")


def signal_type(epochs: BaseEpochs) -> str:
    """``csd`` where the epochs are current source densities, else ``eeg``."""
    return "csd" if "csd" in epochs.get_channel_types() else "eeg"


def epoch_values(epochs: BaseEpochs, picks: str | list[str] = "eeg") -> np.ndarray:
    """Values of epochs as an array.

    Parameters
    ----------
    epochs : mne Epochs
    picks : str or list of str
        Channel type or names; bad channels are left out.

    Returns
    -------
    values : (n_epochs, n_channels, n_times) float64
        Microvolt; mV/m² of current source densities.

    Raises
    ------
    DataError
        No such channel, or no epoch.
    """
    try:
        if picks == "csd":
            values = epochs.get_data(picks=picks, verbose="error") * UNITS["csd"][1]
        else:
            values = epochs.get_data(picks=picks, units="uV", verbose="error")
    except ValueError:
        raise DataError(
            f"there is no good channel `{picks}`; types are {', '.join(sorted(set(epochs.get_channel_types())))}",
            where="EEG epochs",
            remedy="Check the types of the channels, and which are marked bad",
        ) from None
    if not len(values):
        raise DataError("there are no epochs", where="EEG epochs", remedy="Check events and rejection")
    return values


def response_channels(epochs: BaseEpochs, *, eog: bool = False) -> tuple[list[str], list[str]]:
    """Names and types of the good channels that Responses hold: those of the signal, with ``eog`` the EOG's below.

    Raises
    ------
    DataError
        No EOG channel where they are asked for.
    """
    kind = signal_type(epochs)
    found = dict(zip(epochs.ch_names, epochs.get_channel_types(), strict=True))
    good = [name for name in epochs.ch_names if name not in epochs.info["bads"]]
    eyes = [name for name in good if found[name] == "eog"] if eog else []
    if eog and not eyes:
        raise DataError(
            f"there is no good EOG channel; types are {', '.join(sorted(set(found.values())))}",
            where="EEG epochs",
            remedy="Set `eog_responses: false`, or give the channels their type (`_channels.tsv`)",
        )
    names = [name for name in good if found[name] == kind] + eyes
    return names, [found[name] for name in names]


def _check(
    raw: BaseRaw,
    events: pd.DataFrame,
    tmin: float,
    tmax: float,
    baseline: tuple[float | None, float | None] | None,
    resample: float | None,
) -> str:
    """Refuse what MNE would drop silently; name of the column with the conditions."""
    where, rate = recording_name(raw), raw.info["sfreq"]
    count_eeg(raw)
    condition = next((name for name in CONDITION_COLUMNS if name in events), None)
    if "onset" not in events or condition is None or not len(events):
        raise DataError(
            f"{len(events)} events with columns {', '.join(map(str, events.columns))}",
            where=where,
            remedy=f"Give at least one event, an `onset` and one of {', '.join(CONDITION_COLUMNS)}",
        )
    if not tmin < tmax:
        raise DataError(f"the window {tmin:g} to {tmax:g} s is empty", where=where, remedy="Set `tmin` below `tmax`")
    if baseline is not None:
        start, stop = (default if t is None else t for t, default in zip(baseline, (tmin, tmax), strict=True))
        if not tmin <= start <= stop <= tmax:
            raise DataError(
                f"the baseline {start:g} to {stop:g} s does not lie in the window {tmin:g} to {tmax:g} s",
                where=where,
                remedy="Start the epoch earlier, or set `baseline: false`",
            )
    if resample is not None and not (0 < resample <= rate and abs(rate / resample - round(rate / resample)) < 1e-6):
        fitting = [rate / step for step in range(1, 11)]
        raise DataError(
            f"epochs of {resample:g} Hz cannot be taken from {rate:g} Hz, which it does not divide",
            where=where,
            remedy=f"Set `resample_hz` to one of {', '.join(f'{value:g}' for value in fitting)}",
        )
    return condition


def _samples(events: pd.DataFrame, raw: BaseRaw, tmin: float, tmax: float) -> np.ndarray:
    """Sample of each event, its window inside the recording."""
    rate, where = raw.info["sfreq"], recording_name(raw)
    onset = events["onset"].to_numpy(dtype=float)
    samples = np.round(onset * rate)
    inside = (samples + round(tmin * rate) >= 0) & (samples + round(tmax * rate) <= raw.n_times - 1)
    if not inside.all():
        row = np.flatnonzero(~inside)[0]
        trial = f" (trial {events['trial'].iloc[row]})" if "trial" in events else ""
        raise DataError(
            f"the window of event {row + 1}{trial}, {onset[row] + tmin:.3f} to {onset[row] + tmax:.3f} s, leaves the "
            f"recording of {raw.n_times / rate:.3f} s ({int((~inside).sum())} such events)",
            where=where,
            remedy="Shorten `tmin` and `tmax`, correct the onset, or remove the event",
        )
    twice = np.flatnonzero(np.diff(samples) == 0)
    if len(twice):
        raise DataError(
            f"events {twice[0] + 1} and {twice[0] + 2} share one sample ({onset[twice[0]]:.4f} s)",
            where=where,
            remedy="Keep one event at a time",
        )
    return samples.astype(int)


def _antialiased(raw: BaseRaw, rate: float) -> BaseRaw:
    """The recording without frequencies that a lower rate cannot hold; filtered before cutting, so without edges."""
    import mne

    if raw.info["lowpass"] <= rate / 3:
        return raw
    picks = mne.pick_types(raw.info, eeg=True, eog=True, exclude=[])
    filtered = raw.copy().load_data(verbose="error")
    return filtered.filter(None, 0.4 * rate, picks=picks, h_trans_bandwidth=0.1 * rate, verbose="error")
