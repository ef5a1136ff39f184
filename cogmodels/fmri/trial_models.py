"""Betas of all runs of a subject by one of the single-trial methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import filter_basis
from cogmodels.fmri.design import trial_design
from cogmodels.fmri.single_trials import lsa_betas, lss_betas
from cogmodels.fmri.trial_recipe import estimate_trials


def subject_betas(
    runs: Sequence[np.ndarray],
    events: Sequence[pd.DataFrame],
    trials: Sequence[pd.DataFrame],
    timing: Sequence[tuple[float, float]],
    *,
    method: Literal["lsa", "lss", "B", "C", "D"],
    high_pass_s: float = 128.0,
    confounds: Sequence[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """Betas (n_trials, n_voxels) of each run, percent signal change of the voxel's mean over all runs.

    Parameters
    ----------
    runs : sequence of (n_volumes, n_voxels) arrays
        Not cleaned: drift and confounds are part of the model. One run, or some voxels of all runs, are in memory at a
        time: memory maps and `cogmodels.data.bold.StoredRun` stay where they are.
    events : sequence of data frames
        ``onset`` and ``duration``, s.
    trials : sequence of data frames
        Row for row with the events: ``stimulus``, which says what repeats what, ``label`` and ``split``. Trials whose
        split is ``test`` take no part in what steps B to D choose.
    timing : sequence of (float, float)
        Repetition time and moment of a volume that is modelled, s, of each run.
    method : str
        ``lsa``, ``lss`` (no label is used), or a step of `estimate_trials`.
    high_pass_s : float
        Slowest period that stays, s.
    confounds : sequence of (n_volumes, k) arrays, optional
        None for a run without.

    Raises
    ------
    DataError
        Runs that differ in timing where a step B to D combines them, voxels whose mean is not above 0, and what the
        methods refuse.
    """
    if method in ("B", "C", "D"):
        if len(set(timing)) > 1:
            raise DataError(
                f"runs have different timing: {sorted(set(timing))}",
                where="single trials",
                remedy="Steps B to D combine runs: give all the same repetition time, or use `lsa` or `lss`",
            )
        repetition_time, reference = timing[0]
        # Stimuli repeat where they do; else their labels.
        names = pd.concat([table["stimulus"] for table in trials])
        column = "stimulus" if names.duplicated().any() else "label"
        found = estimate_trials(
            runs,
            [
                table[["onset", "duration"]].assign(condition=rows[column].to_numpy())
                for table, rows in zip(events, trials, strict=True)
            ],
            repetition_time,
            confounds=confounds,
            step=method,
            condition="condition",
            held_out=[(rows["split"] == "test").to_numpy() for rows in trials],
            high_pass_s=high_pass_s,
            reference_s=reference,
        )
        return np.split(found.betas, np.cumsum([len(rows) for rows in trials])[:-1])
    mean = sum(np.asarray(run).sum(axis=0, dtype=np.float64) for run in runs) / sum(len(run) for run in runs)
    if not (mean > 0).all():
        raise DataError(
            f"{int((~(mean > 0)).sum())} voxels have a mean of 0 or less, of which there is no percent",
            where="single trials",
            remedy="Leave them out of the mask",
        )
    betas = []
    for number, (stored, table) in enumerate(zip(runs, events, strict=True)):
        run = np.asarray(stored)
        repetition_time, reference = timing[number]
        design = trial_design(table["onset"], table["duration"], len(run), repetition_time, reference_s=reference)
        nuisance = filter_basis(len(run), repetition_time, high_pass_s=high_pass_s)
        if confounds is not None and confounds[number] is not None:
            nuisance = np.hstack([nuisance, confounds[number]])
        # One regressor for all others: one for each label would let labels of test trials into the betas.
        found = (lsa_betas if method == "lsa" else lss_betas)(run, design, nuisance)
        betas.append((found * (100 / mean)).astype(np.float32))
    return betas
