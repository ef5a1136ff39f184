"""Experimental designs: in which order stimuli are shown, and when."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cogmodels.errors import DataError


def presentation_order(n_stimuli: int, repeats: int, rng: np.random.Generator) -> np.ndarray:
    """Random order in which each stimulus is shown once per pass, and never twice in a row.

    Parameters
    ----------
    n_stimuli : int
        Number of stimuli.
    repeats : int
        Number of passes over all of them.
    rng : numpy Generator

    Returns
    -------
    order : (n_stimuli * repeats,) int
        Indices of stimuli.
    """
    if n_stimuli < 1 or repeats < 1:
        raise DataError(
            f"{n_stimuli} stimuli shown {repeats} times make no design",
            where="simulation",
            remedy="Give at least one stimulus and one repeat",
        )
    passes: list[np.ndarray] = []
    for _ in range(repeats):
        order = rng.permutation(n_stimuli)
        if passes and n_stimuli > 1 and order[0] == passes[-1][-1]:
            order = np.roll(order, 1)
        passes.append(order)
    return np.concatenate(passes)


def jittered_onsets(
    n_trials: int,
    *,
    soa: float,
    jitter: float,
    duration: float,
    lead_in: float,
    rng: np.random.Generator,
    step: float = 0.001,
) -> np.ndarray:
    """Onsets on a regular grid, each moved at random, so that a run's length does not depend on the draw.

    Parameters
    ----------
    n_trials : int
        Number of trials.
    soa : float
        Mean time from onset to onset, s.
    jitter : float
        Largest departure of a single SOA from the mean, s.
    duration : float
        Duration of a trial, s; trials must not overlap.
    lead_in : float
        Time before the first position of the grid, s.
    rng : numpy Generator
    step : float
        Onsets are multiples of this, s: the clock of the display or of the amplifier.

    Returns
    -------
    onsets : (n_trials,) float
        Seconds.

    Raises
    ------
    DataError
        The trials would overlap.
    """
    if jitter < 0 or soa - jitter < duration:
        raise DataError(
            f"trials of {duration} s do not fit an SOA of {soa} s with a jitter of {jitter} s",
            where="simulation",
            remedy="Make `soa` minus `soa_jitter` at least as long as the trial",
        )
    moved = lead_in + np.arange(n_trials) * soa + rng.uniform(-jitter / 2, jitter / 2, n_trials)
    return np.round(np.round(moved / step) * step, 6)


def events_table(stimuli: pd.DataFrame, order: np.ndarray, onsets: np.ndarray, duration: float) -> pd.DataFrame:
    """BIDS events of a run.

    Parameters
    ----------
    stimuli : DataFrame
        Columns stimulus, category, split; one row a stimulus.
    order : (n_trials,) int
        Row of ``stimuli`` that each trial shows.
    onsets : (n_trials,) float
        Seconds.
    duration : float
        Seconds.

    Returns
    -------
    events : DataFrame
        Columns onset, duration, trial_type (the category), stimulus_id, trial (from 1), split.
    """
    shown = stimuli.iloc[order].reset_index(drop=True)
    return pd.DataFrame(
        {
            "onset": onsets,
            "duration": np.full(len(order), duration),
            "trial_type": shown["category"],
            "stimulus_id": shown["stimulus"],
            "trial": np.arange(1, len(order) + 1),
            "split": shown["split"],
        }
    )
