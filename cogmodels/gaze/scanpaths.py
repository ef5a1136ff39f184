"""Scanpaths: the fixations of each trial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from cogmodels.data.tables import FIXATION_COLUMNS
from cogmodels.errors import DataError
from cogmodels.gaze.events import typed_events


def fixations_table(events: pd.DataFrame, trials: pd.DataFrame, *, subject: str) -> pd.DataFrame:
    """Fixations table of one recording.

    A fixation belongs to the trial in which it begins: gaze that already rests somewhere when a trial starts was
    placed there by what came before. Its duration is not cut where the trial ends.

    Parameters
    ----------
    events : DataFrame
        Columns event, onset, duration (s), x, y (px of the screen); other events than fixations are passed over.
    trials : DataFrame
        Columns onset, duration (s, on the clock of the events), trial, stimulus; where known, target and found.
    subject : str

    Returns
    -------
    fixations : DataFrame
        Columns of ``FIXATION_COLUMNS``: onset is relative to the trial's, index counts from 0, x and y are px of the
        screen. A trial without a fixation has no row.

    Raises
    ------
    DataError
        A column is missing, trials overlap or come twice.
    """
    for name in ("onset", "duration", "trial", "stimulus"):
        if name not in trials:
            raise DataError(
                f"the trials lack column `{name}`; there are {', '.join(map(str, trials.columns))}",
                where=f"subject {subject}",
                remedy="Name onset, duration, trial and stimulus of each trial in the events",
            )
    events = typed_events(events, ("event", "onset", "duration", "x", "y"))
    trials = trials.sort_values("onset", kind="stable", ignore_index=True)
    starts = trials["onset"].to_numpy(dtype=float)
    stops = starts + trials["duration"].to_numpy(dtype=float)
    _check_trials(trials, starts, stops, subject)
    fixations = events[events["event"] == "fixation"].sort_values("onset", kind="stable")
    onset = fixations["onset"].to_numpy(dtype=float)
    row = np.searchsorted(starts, onset, side="right") - 1
    inside = (row >= 0) & (onset < stops[row] if len(stops) else False)
    row, fixations = row[inside], fixations[inside]
    of = trials.iloc[row].reset_index(drop=True)
    table = pd.DataFrame(
        {
            "subject": subject,
            "trial": of["trial"].to_numpy(),
            "stimulus": of["stimulus"].astype(str).to_numpy(),
            "index": pd.Series(row).groupby(row).cumcount().to_numpy() if len(row) else np.empty(0, np.int64),
            "onset": fixations["onset"].to_numpy(dtype=float) - starts[row],
            "duration": fixations["duration"].to_numpy(dtype=float),
            "x": fixations["x"].to_numpy(dtype=float),
            "y": fixations["y"].to_numpy(dtype=float),
            "target": of["target"].to_numpy() if "target" in of else None,
            "found": of["found"].to_numpy() if "found" in of else None,
        }
    )
    return table[FIXATION_COLUMNS]


def join_fixations(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Fixations of a data set's recordings, the first eye of each.

    Parameters
    ----------
    parts : mapping of BIDS stem -> DataFrame
        Such as ``sub-01_task-see_recording-eye1``. Eyes of one recording differ in ``recording`` alone.

    Returns
    -------
    fixations : DataFrame
        Where subjects have several recordings, the trial is prefixed by what tells them apart (``task-see_run-2_4``).
    """
    chosen: dict[tuple[str, str], pd.DataFrame] = {}
    for stem in first_eyes(parts):
        subject, *entities = stem.split("_")
        key = "_".join(part for part in entities if not part.startswith("recording-"))
        chosen[subject, key] = parts[stem]
    several = len({key for _, key in chosen}) > 1
    frames = [
        part.assign(trial=[f"{key}_{trial}" for trial in part["trial"]]) if several else part
        for (_, key), part in chosen.items()
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=FIXATION_COLUMNS)


def first_eyes(stems: Iterable[str]) -> list[str]:
    """Of recordings that differ in the eye alone (``recording-``) the first, sorted."""
    chosen: dict[str, str] = {}
    for stem in sorted(stems):
        chosen.setdefault("_".join(part for part in stem.split("_") if not part.startswith("recording-")), stem)
    return list(chosen.values())


def _check_trials(trials: pd.DataFrame, starts: np.ndarray, stops: np.ndarray, subject: str) -> None:
    where = f"subject {subject}"
    wrong = np.flatnonzero(~(np.isfinite(starts) & (stops > starts)))
    if len(wrong):
        row = trials.iloc[wrong[0]]
        raise DataError(
            f"trial {row['trial']} starts at {row['onset']} s and lasts {row['duration']} s",
            where=where,
            remedy="Give every trial an onset and a duration above 0 in the events",
        )
    # Onsets are written with limited digits, so that back-to-back trials may seem to overlap by a hair.
    wrong = np.flatnonzero(starts[1:] < stops[:-1] - 1e-3)
    if len(wrong):
        first, second = trials.iloc[wrong[0]], trials.iloc[wrong[0] + 1]
        raise DataError(
            f"trial {second['trial']} starts at {second['onset']:.3f} s, before trial {first['trial']} ends",
            where=where,
            remedy="Keep one event a trial, or shorten the durations",
        )
    twice = trials.duplicated("trial")
    if twice.any():
        raise DataError(
            f"trial {trials.loc[twice, 'trial'].iloc[0]} comes twice", where=where, remedy="Number the trials"
        )
