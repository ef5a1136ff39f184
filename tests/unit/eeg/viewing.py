"""Simulated viewers that tests of the EEG room share."""

import numpy as np

from cogmodels.simulate.gaze import GazeRecording, draw_hotspots, simulate_gaze
from cogmodels.simulate.viewing_eeg import ViewingEeg, simulate_viewing_eeg

NAMES = [
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "FC5", "FC1", "FC2", "FC6", "T7", "C3", "Cz", "C4", "T8",
    "CP5", "CP1", "CP2", "CP6", "P7", "P3", "Pz", "P4", "P8", "PO3", "PO4", "O1", "Oz", "O2",
]  # fmt: skip
RATE = 200.0


def viewer(seed: int, seconds: float) -> tuple[GazeRecording, np.ndarray]:
    """Gaze, and the onsets of the stimuli that it looks at."""
    rng = np.random.default_rng([seed, 5])
    onsets = 2.0 + np.arange(int((seconds - 6) // 4)) * 4.0 + rng.uniform(0, 0.8, int((seconds - 6) // 4))
    hotspots = draw_hotspots(len(onsets), 5, rng)
    gaze = simulate_gaze(onsets, hotspots, rng=rng, duration=seconds, trial_duration=3.0, sampling_rate=500.0)
    return gaze, onsets


def viewing(seed: int, seconds: float, names: list[str] = NAMES, **options) -> ViewingEeg:
    """EEG of a viewer on the gaze's own clock."""
    gaze, onsets = viewer(seed, seconds)
    return simulate_viewing_eeg(
        gaze.times,
        gaze.clean,
        gaze.events,
        onsets,
        rng=np.random.default_rng([seed, 6]),
        names=names,
        seconds=seconds,
        sampling_rate=RATE,
        **options,
    )
