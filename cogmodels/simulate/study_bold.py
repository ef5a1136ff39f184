"""BOLD runs of one simulated subject as BIDS, with their truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, write_tsv
from cogmodels.data.bold import write_bold, write_mask
from cogmodels.errors import DataError
from cogmodels.simulate.bold import Voxels, canonical_hrf, draw_voxels, simulate_run, trial_response
from cogmodels.simulate.design import events_table, jittered_onsets, presentation_order
from cogmodels.simulate.truth import NOTE, TRUTH_FOLDER, Truth, write_array

VIEWING, BOLD_STREAM = "viewing", 1
LEAD_IN_S, LEAD_OUT_S = 8.0, 16.0
SIDECAR = {"TaskName": VIEWING, "TaskDescription": NOTE}
MOTION_COLUMNS = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]


def simulate_bold(
    root: Path,
    truth: Truth,
    subject: str,
    *,
    voxels: list[int] | tuple[int, ...] = (280, 340, 400, 460),
    runs: int = 4,
    repeats: int = 2,
    soa: float = 4.0,
    soa_jitter: float = 1.0,
    trial_duration: float = 2.0,
    repetition_time: float = 2.0,
    voxel_size_mm: float = 3.0,
    noise_fwhm_mm: float = 4.0,
    motion_fd_mm: float = 0.2,
    **brain_options,
) -> list[Path]:
    """Write a subject's BOLD runs; train stimuli fill the first half of the runs, test stimuli the second.

    Parameters
    ----------
    voxels : list of int
        Voxels of each subject in turn; they start again when there are more subjects.
    runs, repeats : int
        Number of runs, even; how often each stimulus is shown.
    soa, soa_jitter, trial_duration : float
        See `design.jittered_onsets`, s.
    repetition_time, voxel_size_mm, noise_fwhm_mm, motion_fd_mm : float
        See `bold.simulate_run`.
    **brain_options
        See `bold.draw_voxels`.

    Returns
    -------
    files : list of Path
    """
    place, stream = root / TRUTH_FOLDER / f"sub-{subject}", [truth.seed, BOLD_STREAM, truth.number(subject)]
    orders = _run_orders(truth, runs, repeats, np.random.default_rng([*stream, 1]))
    brain = draw_voxels(
        truth.latent,
        rng=np.random.default_rng([*stream, 0]),
        voxels=int(voxels[truth.number(subject) % len(voxels)]),
        voxel_size_mm=voxel_size_mm,
        **brain_options,
    )
    affine = np.diag([voxel_size_mm] * 3 + [1.0])
    affine[:3, 3] = -voxel_size_mm * (np.array(brain.mask.shape) - 1) / 2
    _write_brain(place, brain, affine, trial_duration)
    files: list[Path] = []
    for run, order in enumerate(orders, start=1):
        rng = np.random.default_rng([*stream, 1 + run])
        onsets = jittered_onsets(
            len(order), soa=soa, jitter=soa_jitter, duration=trial_duration, lead_in=LEAD_IN_S, rng=rng
        )
        data, motion = simulate_run(
            brain,
            order,
            onsets,
            rng=rng,
            n_volumes=int(np.ceil((LEAD_IN_S + len(order) * soa + LEAD_OUT_S) / repetition_time)),
            repetition_time=repetition_time,
            trial_duration=trial_duration,
            voxel_size_mm=voxel_size_mm,
            noise_fwhm_mm=noise_fwhm_mm,
            motion_fd_mm=motion_fd_mm,
        )
        names = {"subject": subject, "task": VIEWING, "run": f"{run:02d}"}
        image = bids_path(root, "func", suffix="bold", extension=".nii.gz", **names)
        events = bids_path(root, "func", suffix="events", extension=".tsv", **names)
        write_tsv(events, events_table(truth.stimuli, order, onsets, trial_duration))
        files += [*write_bold(image, data, affine, repetition_time, SIDECAR), events]
        write_tsv(place / f"run-{run:02d}_motion.tsv", pd.DataFrame(motion, columns=MOTION_COLUMNS).round(8))
    return files


def _run_orders(truth: Truth, runs: int, repeats: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Order of the stimuli in each run: train runs, then test runs; a pass over the stimuli ends before the next."""
    parts = [np.flatnonzero(truth.stimuli["split"] == split) for split in ("train", "test")]
    if runs < 2 or runs % 2 or runs // 2 > min(map(len, parts)) * repeats:
        raise DataError(
            f"{runs} runs cannot be halved into train and test runs of at least one trial each",
            where="simulation of BOLD",
            remedy="Make `runs` even, and not larger than the number of trials",
        )
    orders = [part[presentation_order(len(part), repeats, rng)] for part in parts]
    return [run for order in orders for run in np.array_split(order, runs // 2)]


def _write_brain(place: Path, brain: Voxels, affine: np.ndarray, trial_duration: float) -> None:
    write_mask(place / "bold_mask.nii.gz", brain.mask, affine)
    columns = dict(zip("xyz", np.nonzero(brain.mask), strict=True))
    columns |= {
        "baseline": brain.baseline,
        "noise_sd": brain.noise_sd,
        "rho": brain.rho,
        "intercept": brain.intercept,
    }
    columns |= {f"motion_{name}": brain.motion_loadings[:, i] for i, name in enumerate(MOTION_COLUMNS)}
    write_tsv(place / "bold_voxels.tsv", pd.DataFrame(columns).round(8))
    write_array(place / "bold_mixing.npy", brain.mixing.astype(np.float32))
    write_array(place / "bold_responses.npy", brain.responses.astype(np.float32))
    times = np.arange(0, 32.05, 0.1)
    hrf = {
        "impulse": canonical_hrf(times),
        "trial": trial_response(times, trial_duration),
    }
    write_tsv(place / "hrf.tsv", pd.DataFrame({"time": times, **hrf}).round(8))
