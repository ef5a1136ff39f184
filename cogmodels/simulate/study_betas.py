"""Responses a trial of one simulated subject, with their truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.betas import write_betas, write_positions
from cogmodels.data.bids import bids_path, write_tsv
from cogmodels.simulate.betas import CURVES, draw_population, simulate_session, stimuli_seen
from cogmodels.simulate.design import events_table
from cogmodels.simulate.truth import NOTE, TRUTH_FOLDER, Truth, write_array

VIEWING, BETAS_STREAM = "viewing", 4
TRIAL_S, SOA_S = 3.0, 4.0


def simulate_betas(
    root: Path,
    truth: Truth,
    subject: str,
    *,
    voxels: list[int],
    repeats: int = 3,
    shared: int = 100,
    own: int = 100,
    session_shift: float = 0.3,
    **population_options,
) -> list[Path]:
    """Write a subject's responses, a session for each time that every image is shown.

    Parameters
    ----------
    voxels : list of int
        Voxels of each subject in turn.
    repeats, shared, own : int
        How often an image is shown; training images that all see, and that this subject alone sees.
    session_shift : float
        See `betas.simulate_session`.
    **population_options
        See `betas.draw_population`.

    Returns
    -------
    files : list of Path
    """
    number, place = truth.number(subject), root / TRUTH_FOLDER / f"sub-{subject}"
    stream = [truth.seed, BETAS_STREAM]
    seen = stimuli_seen(
        truth.stimuli["split"].to_numpy(),
        subjects=len(truth.subjects),
        shared=shared,
        own=own,
        rng=np.random.default_rng([*stream, 0, 0]),
    )[number]
    population = draw_population(
        truth.latent,
        common=np.random.default_rng([*stream, 0, 1]),
        rng=np.random.default_rng([*stream, 1 + number, 0]),
        voxels=int(voxels[number % len(voxels)]),
        **population_options,
    )
    files: list[Path] = []
    for session in range(1, repeats + 1):
        rng = np.random.default_rng([*stream, 1 + number, session])
        order = rng.permutation(np.flatnonzero(seen))
        path = bids_path(
            root, "func", suffix="betas", extension=".npy", subject=subject, session=f"{session:02d}", task=VIEWING
        )
        files += write_betas(
            path,
            simulate_session(population, order, rng=rng, session_shift=session_shift),
            events_table(truth.stimuli, order, SOA_S * np.arange(len(order)), TRIAL_S),
            sidecar={"TaskName": VIEWING, "TaskDescription": NOTE, "Units": "standard deviations of the noise"},
        )
        # Where voxels lie is anatomy, known to every lab; what they answer to is truth.
        files.append(write_positions(path, population.place))
    columns = dict(zip(("row", "column"), population.place.T, strict=True))
    columns |= {"curve": np.array(CURVES)[population.curve], "ncsnr": population.ncsnr}
    write_tsv(place / "betas_voxels.tsv", pd.DataFrame(columns).round(8))
    write_array(place / "betas_weights.npy", population.weights.astype(np.float32))
    write_array(place / "betas_responses.npy", population.responses)
    return files
