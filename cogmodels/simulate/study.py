"""One subject of a simulated study, written as BIDS with its truth.

Every subject, recording and purpose has a random stream of its own, so that subjects can be simulated alone, in any
order, and give the same bytes. The truth of a subject lies in ``sourcedata/truth/sub-<label>/``::

    bold_mask.nii.gz       voxels that hold a brain; all voxel axes below follow its order
    bold_voxels.tsv        x, y, z (indices), baseline, noise_sd, rho, intercept, loadings on the six motion parameters
    bold_mixing.npy        (latent, voxels) percent signal change
    bold_responses.npy     (stimuli, voxels) noise-free peak response to one trial, percent signal change
    hrf.tsv                time, response to an impulse and to one trial
    run-<label>_motion.tsv head positions, mm and radians
    eeg.json               components, channels, sampling rate, units
    eeg_topographies.npy   (components, channels), eeg_time_courses.npy (components, samples),
    eeg_amplitudes.npy     (stimuli, components) uV; their product over components is the noise-free response
    eeg_blinks.tsv         onset, duration
    gaze_events.tsv        onset, duration, trial_type, start and end in degrees and pixels, trial (from 1; 0 = none)
    gaze_labels.npy        (samples,) 1 fixation, 2 saccade, 5 blink
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, write_json, write_tsv
from cogmodels.data.bold import write_bold, write_mask
from cogmodels.data.eeg import write_eeg
from cogmodels.data.physio import write_physio
from cogmodels.errors import DataError
from cogmodels.files import whole
from cogmodels.simulate import bold as bold_model
from cogmodels.simulate import eeg as eeg_model
from cogmodels.simulate import gaze as gaze_model
from cogmodels.simulate.design import events_table, jittered_onsets, presentation_order
from cogmodels.simulate.truth import TRUTH_FOLDER, Truth, read_truth, simulate_truth, write_truth

__all__ = ["read_truth", "simulate_subject", "simulate_truth", "write_truth"]

BOLD_STREAM, EEG_STREAM, GAZE_STREAM = 1, 2, 3
LEAD_IN_S = {"bold": 8.0, "eeg": 5.0, "gaze": 2.0}
LEAD_OUT_S = {"bold": 16.0, "eeg": 5.0, "gaze": 1.0}
VIEWING, FREEVIEW, EYE = "viewing", "freeview", "eye1"
MOTION_COLUMNS = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]
NOTE = "SIMULATED by cogmodels.simulate; no person was measured"


def simulate_subject(
    root: Path,
    truth: Truth,
    subject: str,
    *,
    bold: dict | None = None,
    eeg: dict | None = None,
    gaze: dict | None = None,
) -> list[Path]:
    """Simulate and write one subject's recordings; their truth goes to ``sourcedata/truth/sub-<subject>``.

    Parameters
    ----------
    root : path
        BIDS folder, which holds what `write_truth` wrote.
    truth : Truth
    subject : str
        Label without ``sub-``.
    bold, eeg, gaze : dict, optional
        Options of each modality, see `simulate_bold`, `simulate_eeg`, `simulate_gaze`; ``{}`` = all defaults,
        None = the subject has no such recording.

    Returns
    -------
    files : list of Path
        The subject's BIDS files, without its truth.

    Raises
    ------
    DataError
        Unknown subject, or options that do not fit together.
    """
    truth.number(subject)
    files: list[Path] = []
    for simulate, options in ((simulate_bold, bold), (simulate_eeg, eeg), (simulate_gaze, gaze)):
        if options is not None:
            files += simulate(Path(root), truth, subject, **options)
    return files


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
    brain = bold_model.draw_voxels(
        truth.latent,
        rng=np.random.default_rng([*stream, 0]),
        voxels=int(voxels[stream[-1] % len(voxels)]),
        voxel_size_mm=voxel_size_mm,
        **brain_options,
    )
    affine = np.diag([voxel_size_mm] * 3 + [1.0])
    affine[:3, 3] = -voxel_size_mm * (np.array(brain.mask.shape) - 1) / 2
    files: list[Path] = []
    for run, order in enumerate(_run_orders(truth, runs, repeats, np.random.default_rng([*stream, 1])), start=1):
        rng = np.random.default_rng([*stream, 1 + run])
        lead_in, length = LEAD_IN_S["bold"], LEAD_IN_S["bold"] + len(order) * soa + LEAD_OUT_S["bold"]
        onsets = jittered_onsets(
            len(order), soa=soa, jitter=soa_jitter, duration=trial_duration, lead_in=lead_in, rng=rng
        )
        data, motion = bold_model.simulate_run(
            brain,
            order,
            onsets,
            rng=rng,
            n_volumes=int(np.ceil(length / repetition_time)),
            repetition_time=repetition_time,
            trial_duration=trial_duration,
            voxel_size_mm=voxel_size_mm,
            noise_fwhm_mm=noise_fwhm_mm,
            motion_fd_mm=motion_fd_mm,
        )
        names = {"subject": subject, "task": VIEWING, "run": f"{run:02d}"}
        image = bids_path(root, "func", suffix="bold", extension=".nii.gz", **names)
        events = bids_path(root, "func", suffix="events", extension=".tsv", **names)
        files += write_bold(image, data, affine, repetition_time, {"TaskName": VIEWING, "TaskDescription": NOTE})
        write_tsv(events, events_table(truth.stimuli, order, onsets, trial_duration))
        files.append(events)
        write_tsv(place / f"run-{run:02d}_motion.tsv", pd.DataFrame(motion, columns=MOTION_COLUMNS))
    _write_brain(place, brain, affine, trial_duration)
    return files


def simulate_eeg(
    root: Path,
    truth: Truth,
    subject: str,
    *,
    repeats: int = 2,
    soa: float = 1.0,
    soa_jitter: float = 0.2,
    trial_duration: float = 0.5,
    sampling_rate: float = 250.0,
    noise_exponent: float = 1.0,
    blink_rate: float = 12.0,
    **head_options,
) -> list[Path]:
    """Write a subject's EEG recording; train and test stimuli are mixed.

    Parameters
    ----------
    repeats : int
        How often each stimulus is shown.
    soa, soa_jitter, trial_duration : float
        See `design.jittered_onsets`, s; onsets fall on samples.
    sampling_rate, noise_exponent, blink_rate : float
        See `eeg.simulate_recording`.
    **head_options
        See `eeg.draw_sources`.

    Returns
    -------
    files : list of Path
    """
    stream = [truth.seed, EEG_STREAM, truth.number(subject)]
    positions = eeg_model.standard_positions(eeg_model.CHANNELS)
    head = eeg_model.draw_sources(
        truth.latent,
        positions,
        rng=np.random.default_rng([*stream, 0]),
        sampling_rate=sampling_rate,
        **head_options,
    )
    rng = np.random.default_rng([*stream, 1])
    order = presentation_order(len(truth.stimuli), repeats, rng)
    onsets = jittered_onsets(
        len(order),
        soa=soa,
        jitter=soa_jitter,
        duration=trial_duration,
        lead_in=LEAD_IN_S["eeg"],
        rng=rng,
        step=1 / sampling_rate,
    )
    seconds = LEAD_IN_S["eeg"] + len(order) * soa + LEAD_OUT_S["eeg"]
    data, blinks = eeg_model.simulate_recording(
        head,
        order,
        onsets,
        rng=rng,
        samples=round(seconds * sampling_rate),
        sampling_rate=sampling_rate,
        noise_exponent=noise_exponent,
        blink_rate=blink_rate,
    )
    files = write_eeg(
        bids_path(root, "eeg", suffix="eeg", extension=".vhdr", subject=subject, task=VIEWING),
        data,
        sampling_rate=sampling_rate,
        channel_names=eeg_model.CHANNELS + eeg_model.EYE_CHANNELS,
        channel_types=["EEG"] * len(eeg_model.CHANNELS) + ["HEOG", "VEOG"],
        events=events_table(truth.stimuli, order, onsets, trial_duration),
        sidecar={
            "TaskName": VIEWING,
            "TaskDescription": NOTE,
            "EEGReference": "infinity (potentials of simulated dipoles)",
            "PowerLineFrequency": eeg_model.LINE_HZ,
            "SoftwareFilters": "n/a",
        },
    )
    _write_head(root / TRUTH_FOLDER / f"sub-{subject}", head, blinks, sampling_rate)
    return files


def simulate_gaze(
    root: Path,
    truth: Truth,
    subject: str,
    *,
    trials: int = 60,
    soa: float = 3.2,
    soa_jitter: float = 0.4,
    trial_duration: float = 2.0,
    sampling_rate: float = 500.0,
    screen_resolution_px: tuple[int, int] = (1280, 1024),
    screen_size_m: tuple[float, float] = (0.38, 0.304),
    screen_distance_m: float = 0.68,
    **viewing_options,
) -> list[Path]:
    """Write a subject's gaze recording of the right eye; all subjects see the same stimuli in orders of their own.

    Parameters
    ----------
    trials : int
        The first so many stimuli are shown, once each.
    soa, soa_jitter, trial_duration : float
        See `design.jittered_onsets`, s.
    sampling_rate : float
        Hz.
    screen_resolution_px, screen_size_m, screen_distance_m
        The screen.
    **viewing_options
        See `gaze.simulate_gaze`.

    Returns
    -------
    files : list of Path
    """
    if not 1 <= trials <= len(truth.stimuli):
        raise DataError(
            f"{trials} trials cannot show different stimuli out of {len(truth.stimuli)}",
            where="simulation of gaze",
            remedy="Set `trials` between 1 and the number of stimuli",
        )
    rng = np.random.default_rng([truth.seed, GAZE_STREAM, truth.number(subject), 0])
    order = presentation_order(trials, 1, rng)
    onsets = jittered_onsets(
        trials, soa=soa, jitter=soa_jitter, duration=trial_duration, lead_in=LEAD_IN_S["gaze"], rng=rng
    )
    recording = gaze_model.simulate_gaze(
        onsets,
        truth.hotspots[order],
        rng=rng,
        duration=LEAD_IN_S["gaze"] + trials * soa + LEAD_OUT_S["gaze"],
        trial_duration=trial_duration,
        sampling_rate=sampling_rate,
        **viewing_options,
    )
    screen = {"resolution": screen_resolution_px, "size_m": screen_size_m, "distance_m": screen_distance_m}
    pixels = gaze_model.degrees_to_pixels(recording.gaze, **screen).round(2)
    samples = pd.DataFrame(
        {
            "timestamp": recording.times.round(6),
            "x_coordinate": pixels[:, 0],
            "y_coordinate": pixels[:, 1],
            "pupil_size": recording.pupil.round(3),
        }
    )
    place = root / TRUTH_FOLDER / f"sub-{subject}"
    _write_array(place / "gaze_labels.npy", recording.labels)
    write_tsv(place / "gaze_events.tsv", _with_pixels(recording.events, screen))
    names = {"subject": subject, "task": FREEVIEW}
    events = bids_path(root, "beh", suffix="events", extension=".tsv", **names)
    physio = bids_path(root, "beh", suffix="physio", extension=".tsv.gz", recording=EYE, **names)
    return write_physio(
        physio,
        samples,
        _gaze_sidecar(sampling_rate, samples.columns),
        events=events_table(truth.stimuli, order, onsets, trial_duration),
        events_sidecar=events,
    )


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


def _write_brain(place: Path, brain: bold_model.Voxels, affine: np.ndarray, trial_duration: float) -> None:
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
    _write_array(place / "bold_mixing.npy", brain.mixing.astype(np.float32))
    _write_array(place / "bold_responses.npy", brain.responses.astype(np.float32))
    times = np.arange(0, 32.05, 0.1)
    hrf = {
        "impulse": bold_model.canonical_hrf(times),
        "trial": bold_model.trial_response(times, trial_duration),
    }
    write_tsv(place / "hrf.tsv", pd.DataFrame({"time": times, **hrf}).round(8))


def _write_head(place: Path, head: eeg_model.Sources, blinks: np.ndarray, sampling_rate: float) -> None:
    record = {
        "components": head.names,
        "channels": eeg_model.CHANNELS,
        "sampling_rate": sampling_rate,
        "unit": "uV",
    }
    write_json(place / "eeg.json", {"simulated": True, **record})
    for name in ("topographies", "time_courses", "amplitudes"):
        _write_array(place / f"eeg_{name}.npy", getattr(head, name).astype(np.float32))
    write_tsv(place / "eeg_blinks.tsv", pd.DataFrame({"onset": blinks, "duration": eeg_model.BLINK_SECONDS}))


def _with_pixels(events: pd.DataFrame, screen: dict) -> pd.DataFrame:
    """Events with their start and end in pixels too, rounded; trials counted from 1, 0 = none."""
    events = events.assign(trial=events["trial"] + 1)
    for end in ("start", "end"):
        pixels = gaze_model.degrees_to_pixels(events[[f"x_{end}", f"y_{end}"]].to_numpy(), **screen)
        events[f"x_{end}_px"], events[f"y_{end}_px"] = pixels.T
    return events.round(6)


def _write_array(path: Path, values: np.ndarray) -> None:
    with whole(path) as temporary:
        np.save(temporary, values)
