"""EEG recording of one simulated subject as BIDS, with its truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, write_json, write_tsv
from cogmodels.data.eeg import write_eeg
from cogmodels.simulate.design import events_table, jittered_onsets, presentation_order
from cogmodels.simulate.eeg import (
    BLINK_SECONDS,
    CHANNELS,
    EYE_CHANNELS,
    LINE_HZ,
    Sources,
    draw_sources,
    simulate_recording,
    standard_positions,
)
from cogmodels.simulate.truth import NOTE, TRUTH_FOLDER, Truth, write_array

VIEWING, EEG_STREAM = "viewing", 2
LEAD_IN_S, LEAD_OUT_S = 5.0, 5.0
SIDECAR = {
    "TaskName": VIEWING,
    "TaskDescription": NOTE,
    "EEGReference": "infinity (potentials of simulated dipoles)",
    "PowerLineFrequency": LINE_HZ,
}


def simulate_eeg(
    root: Path,
    truth: Truth,
    subject: str,
    *,
    repeats: int = 4,
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
    positions = standard_positions(CHANNELS)
    head = draw_sources(
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
        lead_in=LEAD_IN_S,
        rng=rng,
        step=1 / sampling_rate,
    )
    seconds = LEAD_IN_S + len(order) * soa + LEAD_OUT_S
    data, blinks = simulate_recording(
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
        channel_names=CHANNELS + EYE_CHANNELS,
        channel_types=["EEG"] * len(CHANNELS) + ["EOG"] * len(EYE_CHANNELS),
        events=events_table(truth.stimuli, order, onsets, trial_duration),
        sidecar=SIDECAR,
    )
    _write_head(root / TRUTH_FOLDER / f"sub-{subject}", head, blinks, sampling_rate)
    return files


def _write_head(place: Path, head: Sources, blinks: np.ndarray, sampling_rate: float) -> None:
    record = {
        "components": head.names,
        "channels": CHANNELS,
        "sampling_rate": sampling_rate,
        "unit": "uV",
    }
    write_json(place / "eeg.json", {"simulated": True, **record})
    for name in ("topographies", "time_courses", "amplitudes"):
        write_array(place / f"eeg_{name}.npy", getattr(head, name).astype(np.float32))
    write_tsv(place / "eeg_blinks.tsv", pd.DataFrame({"onset": blinks, "duration": BLINK_SECONDS}))
