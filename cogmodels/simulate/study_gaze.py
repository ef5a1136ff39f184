"""Gaze recording of one simulated subject as BIDS, with its truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, write_json, write_tsv
from cogmodels.data.physio import write_physio
from cogmodels.errors import DataError
from cogmodels.simulate.design import events_table, jittered_onsets, presentation_order
from cogmodels.simulate.gaze import degrees_to_pixels
from cogmodels.simulate.gaze import simulate_gaze as draw_gaze
from cogmodels.simulate.truth import EVENT_COLUMNS, NOTE, TRUTH_FOLDER, Truth, write_array

FREEVIEW, EYE, GAZE_STREAM = "freeview", "eye1", 3
LEAD_IN_S, LEAD_OUT_S = 2.0, 1.0


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
    """Write a subject's gaze recording of the right eye; all see the same stimuli, in orders of their own.

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
    onsets = jittered_onsets(trials, soa=soa, jitter=soa_jitter, duration=trial_duration, lead_in=LEAD_IN_S, rng=rng)
    recording = draw_gaze(
        onsets,
        truth.hotspots[order],
        rng=rng,
        duration=LEAD_IN_S + trials * soa + LEAD_OUT_S,
        trial_duration=trial_duration,
        sampling_rate=sampling_rate,
        **viewing_options,
    )
    screen = {"resolution": screen_resolution_px, "size_m": screen_size_m, "distance_m": screen_distance_m}
    pixels = degrees_to_pixels(recording.gaze, **screen).round(2)
    samples = pd.DataFrame(
        {
            "timestamp": recording.times.round(6),
            "x_coordinate": pixels[:, 0],
            "y_coordinate": pixels[:, 1],
            "pupil_size": recording.pupil.round(3),
        }
    )
    place = root / TRUTH_FOLDER / f"sub-{subject}"
    write_array(place / "gaze_labels.npy", recording.labels)
    write_tsv(place / "gaze_events.tsv", _with_pixels(recording.events, screen))
    names = {"subject": subject, "task": FREEVIEW}
    physio = bids_path(root, "beh", suffix="physio", extension=".tsv.gz", recording=EYE, **names)
    events = bids_path(root, "beh", suffix="events", extension=".tsv", **names)
    write_tsv(events, events_table(truth.stimuli, order, onsets, trial_duration))
    write_json(events.with_suffix(".json"), {**EVENT_COLUMNS, **_screen_fields(screen)})
    return [*write_physio(physio, samples, _gaze_fields(sampling_rate)), events, events.with_suffix(".json")]


def _with_pixels(events: pd.DataFrame, screen: dict) -> pd.DataFrame:
    """Events with their start and end in pixels too, rounded; trials counted from 1, 0 = none."""
    events = events.assign(trial=events["trial"] + 1)
    for end in ("start", "end"):
        pixels = degrees_to_pixels(events[[f"x_{end}", f"y_{end}"]].to_numpy(), **screen)
        events[f"x_{end}_px"], events[f"y_{end}_px"] = pixels.T
    return events.round(6)


def _screen_fields(screen: dict) -> dict:
    """BIDS description of the screen."""
    return {
        "StimulusPresentation": {
            "ScreenDistance": screen["distance_m"],
            "ScreenOrigin": ["top", "left"],
            "ScreenResolution": list(screen["resolution"]),
            "ScreenSize": list(screen["size_m"]),
        }
    }


def _gaze_fields(sampling_rate: float) -> dict:
    """Sidecar of the samples."""
    return {
        "TaskName": FREEVIEW,
        "TaskDescription": NOTE,
        "SamplingFrequency": sampling_rate,
        "StartTime": 0.0,
        "PhysioType": "eyetrack",
        "RecordedEye": "right",
        "SampleCoordinateSystem": "gaze-on-screen",
        "timestamp": {"Description": "Time from the first sample", "Units": "s"},
        "x_coordinate": {"Description": "Gaze, to the right from the left edge", "Units": "pixel"},
        "y_coordinate": {"Description": "Gaze, downwards from the top edge", "Units": "pixel"},
        "pupil_size": {"Description": "Pupil diameter", "Units": "mm"},
    }
