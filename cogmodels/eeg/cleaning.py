"""Filters and reference of continuous EEG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cogmodels.eeg.checks import bridge_lost, check_units, count_eeg, good_samples, recording_name
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne.io import BaseRaw

REFERENCES = ("average", "keep")


def clean_raw(
    raw: BaseRaw,
    *,
    l_freq: float | None = 0.1,
    h_freq: float | None = 40.0,
    notch: float | None = None,
    reference: str | Sequence[str] = "average",
    bads: Sequence[str] = (),
    whole: bool = True,
) -> BaseRaw:
    """Filter EEG and EOG channels, then re-reference the EEG.

    Values that are not finite in stretches that annotations call BAD are bridged by straight lines: filters need
    something there, and epochs are not taken from it. Then, in this order: line noise and its harmonics below half the
    sampling rate; zero-phase FIR band-pass (MNE's default design); average reference over the EEG channels that are not
    marked bad. EOG channels are filtered alike but keep their reference.

    Parameters
    ----------
    raw : mne Raw
        Not changed.
    l_freq, h_freq : float, optional
        Edges of the pass band, Hz; None leaves that side open.
    notch : float, optional
        Line frequency, Hz.
    reference : {"average", "keep"} or sequence of str
        Names: the mean of these channels.
    bads : sequence of str
        Channels to mark bad beside those that are; they are filtered like the others, but no reference.
    whole : bool
        Whether this is a recording, whose amplitudes are to be EEG's; a part of a simulated one may be silent.

    Returns
    -------
    cleaned : mne Raw
        Copy with loaded data.

    Raises
    ------
    DataError
        No EEG channel; edges in the wrong order or at half the sampling rate and above; a recording too short for the
        high-pass; an average reference of fewer than two channels; reference channels that are missing or bad; values
        that are not finite outside of bad channels and BAD stretches; amplitudes that are no EEG's in V.
    """
    # Filters need doubles in memory.
    cleaned = raw.copy().load_data(verbose="error")
    cleaned.info["bads"] = list(dict.fromkeys([*raw.info["bads"], *(name for name in bads if name in raw.ch_names)]))
    _check(cleaned, l_freq, h_freq, notch, reference)
    picks = _signal_picks(cleaned)
    bad = ~good_samples(cleaned)
    if bad.any():
        cleaned.apply_function(bridge_lost, picks=picks, channel_wise=False, bad=bad, verbose="error")
    data = cleaned.get_data(picks=picks)
    wrong = ~np.isfinite(data).all(axis=1)
    marked = np.array([cleaned.ch_names[pick] in cleaned.info["bads"] for pick in picks])
    if (wrong & marked).any():
        # Filters would spread what is not finite, and a bad channel is not read.
        broken = picks[wrong & marked]
        cleaned.apply_function(lambda x: np.where(np.isfinite(x), x, 0.0), picks=broken, verbose="error")
        wrong &= ~marked
    if wrong.any():
        raise DataError(
            f"channel {cleaned.ch_names[picks[np.flatnonzero(wrong)[0]]]} holds values that are not finite "
            f"({int(wrong.sum())} such channels)",
            where=recording_name(raw),
            remedy="Annotate the stretch BAD (no epoch is taken from it), or mark the channel bad",
        )
    if whole:
        check_units(cleaned)
    if notch is not None:
        # At half the rate itself there is nothing to filter.
        lines = np.arange(notch, raw.info["sfreq"] / 2, notch)
        cleaned.notch_filter(lines, picks=picks, verbose="error")
    if l_freq is not None or h_freq is not None:
        cleaned.filter(l_freq, h_freq, picks=picks, verbose="error")
    if reference == "average":
        cleaned.set_eeg_reference("average", projection=False, verbose="error")
    elif reference != "keep":
        cleaned.set_eeg_reference(list(reference), verbose="error")
    return cleaned


def _check(
    raw: BaseRaw, l_freq: float | None, h_freq: float | None, notch: float | None, reference: str | Sequence[str]
) -> None:
    where, nyquist = recording_name(raw), raw.info["sfreq"] / 2
    n_eeg = count_eeg(raw)
    for name, value in (("h_freq", h_freq), ("l_freq", l_freq), ("notch", notch)):
        if value is not None and not 0 < value < nyquist:
            raise DataError(
                f"`{name}` is {value:g} Hz, but half the sampling rate is {nyquist:g} Hz",
                where=where,
                remedy="Choose a frequency above 0 and below half the sampling rate, or null to switch it off",
            )
    if l_freq is not None and h_freq is not None and l_freq >= h_freq:
        raise DataError(
            f"the pass band {l_freq:g} to {h_freq:g} Hz is empty", where=where, remedy="Set `l_freq` below `h_freq`"
        )
    # MNE's FIR is 3.3 / transition band long, and the transition band of a high-pass is at most l_freq below 2 Hz.
    if l_freq is not None:
        length = 3.3 / min(max(0.25 * l_freq, 2.0), l_freq)
        if raw.n_times / raw.info["sfreq"] < length:
            raise DataError(
                f"{raw.n_times / raw.info['sfreq']:.1f} s are too short for a high-pass at {l_freq:g} Hz, whose filter "
                f"is {length:.1f} s long",
                where=where,
                remedy="Raise `l_freq`, or set it to null",
            )
    if not isinstance(reference, str):
        missing = [name for name in reference if name not in raw.ch_names or name in raw.info["bads"]]
        if missing or not len(reference):
            raise DataError(
                f"reference channel {missing[0]} is missing or bad" if missing else "no reference channel is named",
                where=where,
                remedy="Name good channels, or use `reference: average` or `keep`",
            )
        return
    if reference not in REFERENCES:
        raise DataError(f"reference `{reference}` is unknown", where=where, remedy=f"Use {' or '.join(REFERENCES)}")
    if reference == "average" and n_eeg < 2:
        raise DataError(
            "the average reference of one channel leaves nothing", where=where, remedy="Set `reference: keep`"
        )


def _signal_picks(raw: BaseRaw) -> np.ndarray:
    """EEG and EOG channels, bad ones too: they are filtered like the others."""
    import mne

    return mne.pick_types(raw.info, eeg=True, eog=True, exclude=[])
