"""The truth of SIMULATED EEG over gaze, as `simulate.study_viewing` writes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import read_json, read_tsv


@dataclass(frozen=True)
class ViewingTruth:
    """``facts``: clocks, channels, rate, lags. ``kernels`` (events, channels, lags), ``brain``, ``eyes`` (channels + 2,
    samples): V. ``fixations``: onset, amplitude; ``saccades``: onset, duration; ``stimuli``: onset, trial_type; EEG
    clock, s.
    """

    facts: dict[str, Any]
    kernels: np.ndarray
    brain: np.ndarray
    eyes: np.ndarray
    fixations: pd.DataFrame
    saccades: pd.DataFrame
    stimuli: pd.DataFrame


def read_viewing_truth(place: Path) -> ViewingTruth:
    """Truth of one subject; DataError where it is not simulated EEG over gaze."""
    facts = read_json(place / "viewing.json")
    arrays = {name: np.load(place / f"viewing_{name}.npy", allow_pickle=False) for name in ("kernels", "brain", "eyes")}
    tables = {name: read_tsv(place / f"viewing_{name}.tsv") for name in ("fixations", "saccades", "stimuli")}
    return ViewingTruth(facts, **arrays, **tables)
