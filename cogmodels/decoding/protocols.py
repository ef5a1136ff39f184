"""Which trials train and which test: read from stored columns, never made here."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cogmodels.errors import DataError

# Protocols that leave out one value of a column at a time, and how their folds are called.
_LEFT_OUT = {"leave_one_run_out": ("run", "run"), "leave_one_subject_out": ("subject", "sub")}


def make_folds(trials: pd.DataFrame, protocol: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Folds of one subject's trials, or of all subjects' where subjects are left out.

    Parameters
    ----------
    trials : DataFrame
        Trials with columns ``subject``, ``run`` and ``split``.
    protocol : {"leave_one_run_out", "held_out_stimuli", "leave_one_subject_out"}

    Returns
    -------
    folds : dict of name -> (train, test)
        Index arrays into ``trials``.

    Raises
    ------
    DataError
        Fewer than three runs or subjects (one to test, two for the nested choice), or no train or no test trials.
    """
    subject = ", ".join(sorted(set(trials["subject"])))
    if protocol in _LEFT_OUT:
        column, prefix = _LEFT_OUT[protocol]
        groups = trials[column].to_numpy()
        names = sorted(set(groups))
        if len(names) < 3:
            raise DataError(
                f"{protocol} needs at least 3 {column}s, found {len(names)}",
                where=f"subject {subject}",
                remedy=f"Choose another protocol, or add {column}s",
            )
        return {f"{prefix}-{name}": (np.flatnonzero(groups != name), np.flatnonzero(groups == name)) for name in names}
    if protocol == "held_out_stimuli":
        split = trials["split"].to_numpy()
        train, test = np.flatnonzero(split == "train"), np.flatnonzero(split == "test")
        if train.size == 0 or test.size == 0:
            raise DataError(
                f"held_out_stimuli needs train and test trials, found {train.size} and {test.size}",
                where=f"subject {subject}, column split",
                remedy="Store a split by stimulus in the events (`split` column), or choose another protocol",
            )
        shared = set(trials["stimulus"].iloc[train]) & set(trials["stimulus"].iloc[test])
        if shared:
            raise DataError(
                f"{len(shared)} stimuli are in both train and test (such as {sorted(shared)[0]})",
                where=f"subject {subject}, column split",
                remedy="Split by stimulus, so that no test stimulus is trained on",
            )
        return {"test": (train, test)}
    raise ValueError(f"unknown protocol {protocol!r}")
