"""Which trials train and which test: read from stored columns, never made here."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cogmodels.errors import DataError


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
    if protocol == "leave_one_run_out":
        runs = trials["run"].to_numpy()
        names = sorted(set(runs))
        if len(names) < 3:
            raise DataError(
                f"leave_one_run_out needs at least 3 runs, found {len(names)}",
                where=f"subject {subject}",
                remedy="Choose another protocol, or add runs",
            )
        return {f"run-{name}": (np.flatnonzero(runs != name), np.flatnonzero(runs == name)) for name in names}
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
    if protocol == "leave_one_subject_out":
        subjects = trials["subject"].to_numpy()
        names = sorted(set(subjects))
        if len(names) < 3:
            raise DataError(
                f"leave_one_subject_out needs at least 3 subjects, found {len(names)}",
                where=f"subject {subject}",
                remedy="Choose another protocol, or add subjects",
            )
        return {f"sub-{name}": (np.flatnonzero(subjects != name), np.flatnonzero(subjects == name)) for name in names}
    raise ValueError(f"unknown protocol {protocol!r}")
