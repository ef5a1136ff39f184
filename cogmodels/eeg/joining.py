"""EEG and gaze of one recording in one step: clocks, channels, annotations, and the check by the horizontal EOG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.eeg.checks import recording_name
from cogmodels.eeg.gaze_channels import ANNOTATIONS, NO_GAZE, GazeLag, add_gaze, annotate_gaze_events, gaze_lag
from cogmodels.eeg.synchronise import Synchronisation, synchronise
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne.io import BaseRaw

KINDS = ("fixation", "saccade", "blink", "lost")
# What gaze calls BAD is no fault of the EEG: ICA is to learn from blinks.
GAZE_LOSSES = (*ANNOTATIONS.values(), NO_GAZE)


@dataclass(frozen=True)
class Joined:
    """``raw``: EEG with gaze channels and annotations. ``events``: those of the gaze, s from the EEG's first sample.
    ``lag``: None where there is no horizontal EOG to check by.
    """

    raw: BaseRaw
    events: pd.DataFrame
    synchronisation: Synchronisation
    lag: GazeLag | None

    def summary(self) -> dict[str, float | int | None]:
        """Row of a quality table: clocks and triggers, share of the tracked time without gaze, lag of the HEOG."""
        known = np.isfinite(self.raw.get_data(picks="gaze_x")[0])
        inside = np.flatnonzero(known)
        return {
            **self.synchronisation.summary(),
            "gaze_lost_share": float(1 - known[inside[0] : inside[-1] + 1].mean()),
            "heog_lag_ms": self.lag.lag_ms if self.lag else None,
            "heog_correlation": self.lag.correlation if self.lag else None,
            "sample_ms": 1e3 / float(self.raw.info["sfreq"]),
        }


def join_gaze(
    raw: BaseRaw,
    samples: pd.DataFrame,
    gaze_events: pd.DataFrame,
    gaze_triggers: pd.DataFrame,
    eeg_events: pd.DataFrame,
    *,
    eeg_triggers: Sequence[str] = (),
    code_column: str | None = None,
    tolerance_s: float = 0.015,
    max_drift_ppm: float = 1000.0,
    heog: Sequence[str] = ("HEOG",),
    minimum_gap_s: float = 0.5,
    pad_s: float = 0.05,
    eye: str = "unknown",
) -> Joined:
    """Bring a gaze recording to the clock of an EEG recording.

    Parameters
    ----------
    raw : mne Raw
        Not changed.
    samples : DataFrame
        ``time`` (gaze clock, s), ``x``, ``y`` (px), ``pupil``; NaN where lost.
    gaze_events : DataFrame
        Table of a detector: ``event``, ``onset``, ``duration`` and more.
    gaze_triggers : DataFrame
        ``time`` (gaze clock, s), ``code``.
    eeg_events : DataFrame
        ``onset`` (s from the first sample), ``trial_type`` and more.
    eeg_triggers : sequence of str
        ``trial_type`` of the events that are triggers; all of them without.
    code_column : str, optional
        Column of the events that holds the triggers' codes; without one they are matched by time alone.
    tolerance_s, max_drift_ppm
        See `synchronise.synchronise`.
    heog : sequence of str
        Horizontal EOG, or the channels right and left whose difference it is; none where the recording lacks one.
    minimum_gap_s, eye
        See `gaze_channels.add_gaze`.
    pad_s : float
        See `gaze_channels.annotate_gaze_events`.

    Returns
    -------
    Joined

    Raises
    ------
    DataError
        No such column of codes; triggers that do not match (see `synchronise.synchronise`); no overlap in time.
    """
    where = recording_name(raw)
    sent = eeg_events[eeg_events["trial_type"].isin(eeg_triggers)] if len(eeg_triggers) else eeg_events
    sent = sent.sort_values("onset", kind="stable")
    if code_column is not None and code_column not in sent:
        raise DataError(
            f"the EEG's events have no column `{code_column}`; there are {', '.join(map(str, sent.columns))}",
            where=where,
            remedy="Correct `code_column`, or set it to none to match by time alone",
        )
    clocks = synchronise(
        gaze_triggers["time"].to_numpy(float),
        sent["onset"].to_numpy(float),
        gaze_codes=None if code_column is None else list(gaze_triggers["code"]),
        eeg_codes=None if code_column is None else list(sent[code_column]),
        tolerance_s=tolerance_s,
        max_drift_ppm=max_drift_ppm,
        where=where,
    )
    joined = add_gaze(raw, samples, clocks, eye=eye, minimum_gap_s=minimum_gap_s)
    joined = annotate_gaze_events(joined, gaze_events, clocks, kinds=KINDS, pad_s=pad_s)
    moved = gaze_events.assign(
        onset=clocks.to_eeg(gaze_events["onset"]), duration=clocks.slope * gaze_events["duration"].astype(float)
    )
    lag = None
    if heog and set(heog) <= set(joined.ch_names):
        eog = joined.get_data(picks=list(heog))
        gaze_x = joined.get_data(picks="gaze_x")[0]
        lag = gaze_lag(eog[0] - eog[1] if len(eog) == 2 else eog[0], gaze_x, sampling_rate=joined.info["sfreq"])
    return Joined(joined, moved, clocks, lag)


def without_gaze_losses(raw: BaseRaw) -> BaseRaw:
    """Copy whose blinks, losses and pauses of the tracker are not called BAD, for steps that only need sound EEG."""
    kept = raw.copy()
    losses = np.isin(kept.annotations.description, GAZE_LOSSES)
    kept.annotations.delete(np.flatnonzero(losses))
    return kept
