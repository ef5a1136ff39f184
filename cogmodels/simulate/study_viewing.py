"""SIMULATED EEG over the gaze of another data set, real or simulated, written as BIDS with its truth.

The gaze files are copied; the EEG follows the gaze on a clock of its own, and holds the gaze recording's own messages
(or trials) as triggers, jittered and now and then lost. The truth of a subject, in ``sourcedata/truth/sub-<label>``::

    viewing.json             clocks, jitter, channels, sampling rate, counts
    viewing_kernels.npy      (2, channels, lags) V: response to a fixation, to a stimulus
    viewing_slopes.npy       (2, channels, lags) V per degree of the saccade before it
    viewing_fixations.tsv    onset (EEG clock, s), amplitude (degrees)
    viewing_saccades.tsv     onset, duration (EEG clock, s)
    viewing_stimuli.tsv      onset (EEG clock, s), trial_type: all that evoked a response, triggers lost or not
    viewing_brain.npy, viewing_eyes.npy    (channels + 2, samples) V: what was added for brain and eyes
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, read_json, read_tsv, write_description, write_json, write_tsv
from cogmodels.data.eeg import write_eeg
from cogmodels.data.physio import (
    read_physio,
    read_physioevents,
    read_screen,
    read_triggers,
    write_physio,
)
from cogmodels.errors import DataError
from cogmodels.simulate.clocks import trigger_times
from cogmodels.simulate.eeg import EYE_CHANNELS, LINE_HZ
from cogmodels.simulate.gaze import pixels_to_degrees
from cogmodels.simulate.truth import NOTE, TRUTH_FOLDER, write_array
from cogmodels.simulate.viewing_eeg import ViewingEeg, simulate_viewing_eeg

EVENTS = ("fixation", "stimulus")
# Rate of the gaze that drives the eyes, Hz: above what EEG holds, below what costs time.
GAZE_HZ = 500.0
# A "saccade" of the tracker that lasts longer is a loss; gaze further out is noise.
LONGEST_SACCADE_S, FARTHEST_DEG = 0.15, 30.0


def describe_viewing(root: Path, *, title: str, description: str, licence: str, subjects: list[str]) -> None:
    """Files of the data set that belong to no subject."""
    name = title if "SIMULATED" in title else f"{title} (SIMULATED EEG)"
    write_description(
        root,
        name=name,
        readme=f"# {name}\n\n{description}\n\n**The EEG is SIMULATED.** `sourcedata/truth/` holds what it was made of.",
        authors=("cogmodels.simulate (EEG)",),
        license=licence,
        participants=pd.DataFrame({"participant_id": [f"sub-{label}" for label in subjects]}),
    )


def simulate_viewing(
    root: Path,
    gaze: Path,
    subject: str,
    *,
    number: int,
    seed: int,
    messages: list[str],
    stimuli: list[str],
    channels: list[str],
    sampling_rate: float,
    lead_s: float,
    max_drift_ppm: float,
    jitter_s: float,
    lost_share: float,
    **viewing_options: float,
) -> list[Path]:
    """Write the EEG that goes with a gaze recording, and a copy of that.

    Parameters
    ----------
    root : path
        BIDS folder to write.
    gaze : path
        ``_physio.tsv.gz`` of the recording that the EEG follows.
    subject : str
        Label without ``sub-``.
    number, seed : int
        Position of the subject and seed of the data set, which make the random stream.
    messages : list of str
        How messages begin that are triggers; the trials' onsets where there are none.
    stimuli : list of str
        Those of them that a stimulus comes with.
    channels : list of str
        EEG channels, 10-05 system.
    sampling_rate : float
        Hz.
    lead_s, max_drift_ppm : float
        The EEG begins 1 to 2 times ``lead_s`` before the gaze, and its clock drifts by up to so much (uniform draws).
    jitter_s, lost_share : float
        Standard deviation of the triggers' delay, s, and share of them that is lost.
    **viewing_options
        See `viewing_eeg.simulate_viewing_eeg`.

    Returns
    -------
    files : list of Path
        The subject's BIDS files, without its truth.
    """
    rng = np.random.default_rng([seed, 7, number])
    offset, slope = lead_s * rng.uniform(1, 2), 1 + max_drift_ppm * 1e-6 * rng.uniform(-1, 1)
    times, degrees, events = _gaze_of(gaze, subject)
    triggers = read_triggers(gaze, messages)
    words = triggers["code"].str.split().str[0]
    shown = words.isin(stimuli or ["trial"])
    onsets = offset + slope * triggers["time"][shown].to_numpy()
    seconds = float(np.ceil(offset + slope * times[-1] + lead_s))
    viewing = simulate_viewing_eeg(
        offset + slope * times,
        degrees,
        events.assign(onset=offset + slope * events["onset"], duration=slope * events["duration"]),
        onsets,
        rng=rng,
        names=channels,
        seconds=seconds,
        sampling_rate=sampling_rate,
        **viewing_options,
    )
    clock = {"offset_s": offset, "slope": slope, "jitter_s": jitter_s, "lost_share": lost_share}
    sent = trigger_times(triggers["time"].to_numpy(), rng=rng, eeg_rate=sampling_rate, **clock)
    kept = np.isfinite(sent) & (sent > 0)
    table = pd.DataFrame({"onset": sent, "duration": 0.0, "trial_type": words, "message": triggers["code"]})[kept]
    counts = {"triggers": len(sent), "sent": kept.sum(), "stimuli": stimuli or ["trial"]}
    place = root / TRUTH_FOLDER / f"sub-{subject}"
    _write_truth(place, viewing, clock | counts)
    write_tsv(place / "viewing_stimuli.tsv", pd.DataFrame({"onset": onsets.round(6), "trial_type": words[shown]}))
    task = next(part for part in gaze.name.split("_") if part.startswith("task-")).removeprefix("task-")
    files = write_eeg(
        bids_path(root, "eeg", suffix="eeg", extension=".vhdr", subject=subject, task=task),
        viewing.data,
        sampling_rate=sampling_rate,
        channel_names=channels + EYE_CHANNELS,
        channel_types=["EEG"] * len(channels) + ["EOG"] * len(EYE_CHANNELS),
        events=table.sort_values("onset", kind="stable", ignore_index=True),
        sidecar={"TaskName": task, "TaskDescription": NOTE, "PowerLineFrequency": LINE_HZ}
        | {"EEGReference": "average (potentials of simulated dipoles)"},
    )
    return files + _copy_gaze(gaze, root / gaze.relative_to(gaze.parents[2]))


def _gaze_of(gaze: Path, subject: str) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Times (n,) s, gaze (n, 2) in degrees without losses, and events with their ends in degrees."""
    samples, sidecar = read_physio(gaze)
    if sidecar.get("StartTime") or samples["timestamp"].iloc[0] or sidecar["timestamp"].get("Units") != "s":
        raise DataError("the gaze clock does not begin at 0 s", where=gaze, remedy="Convert its time stamps")
    screen = read_screen(gaze)
    degrees = pixels_to_degrees(
        samples[["x_coordinate", "y_coordinate"]].to_numpy(float),
        resolution=screen["ScreenResolution"],
        size_m=screen["ScreenSize"],
        distance_m=screen["ScreenDistance"],
    )
    stamps, seen = samples["timestamp"].to_numpy(float), np.isfinite(degrees).all(axis=1)
    times = np.arange(stamps[0], stamps[-1], 1 / GAZE_HZ)
    clean = np.column_stack([np.interp(times, stamps[seen], degrees[seen, k]) for k in range(2)])
    clean = clean.clip(-FARTHEST_DEG, FARTHEST_DEG)
    known = gaze.parents[2] / TRUTH_FOLDER / f"sub-{subject}" / "gaze_events.tsv"
    events = read_tsv(known) if known.exists() else read_physioevents(gaze)
    if events is None:
        raise DataError("there are no events of the tracker", where=gaze, remedy="Simulate over a gaze with events")
    events = events[events["trial_type"].isin(["fixation", "saccade", "blink"])].astype({"onset": float})
    events = _real_saccades(events.sort_values("onset", kind="stable", ignore_index=True))
    for end, at in (("start", events["onset"]), ("end", events["onset"] + events["duration"])):
        events[f"x_{end}"], events[f"y_{end}"] = (np.interp(at, times, clean[:, k]) for k in range(2))
    return times, clean, events


def _real_saccades(events: pd.DataFrame) -> pd.DataFrame:
    """Without the saccades that a tracker sees around a blink or a loss."""
    saccade, stop = events["trial_type"] == "saccade", events["onset"] + events["duration"]
    blinks = events.loc[events["trial_type"] == "blink", "onset"].to_numpy(float)
    around = np.array([((blinks >= a) & (blinks <= b)).any() for a, b in zip(events["onset"], stop, strict=True)])
    wrong = saccade & (around | (events["duration"] > LONGEST_SACCADE_S))
    return events[~wrong].reset_index(drop=True)


def _copy_gaze(gaze: Path, target: Path) -> list[Path]:
    """The gaze recording with its events and screen, as it is."""
    samples, sidecar = read_physio(gaze)
    sidecar.pop("Columns")
    files = write_physio(target, samples, sidecar, events=read_physioevents(gaze))
    label = next(part for part in gaze.name.split("_") if part.startswith("recording-"))
    for tail in (".json", ".tsv"):
        name = gaze.name.replace(f"_{label}", "").replace("_physio.tsv.gz", f"_events{tail}")
        if (gaze.with_name(name)).exists():
            write, read = (write_json, read_json) if tail == ".json" else (write_tsv, read_tsv)
            write(target.with_name(name), read(gaze.with_name(name)))
            files.append(target.with_name(name))
    return files


def _write_truth(place: Path, viewing: ViewingEeg, facts: dict) -> None:
    record = {"channels": viewing.names, "sampling_rate": viewing.sampling_rate, "unit": "V", "events": EVENTS}
    lags = {"first_lag_s": viewing.lags[0], "last_lag_s": viewing.lags[-1]}
    write_json(place / "viewing.json", {"simulated": True, **record, **lags, **facts})
    for name in ("kernels", "slopes"):
        parts = getattr(viewing, name)
        write_array(place / f"viewing_{name}.npy", np.array([parts[event] for event in EVENTS]))
    write_tsv(place / "viewing_fixations.tsv", viewing.fixations.round(6))
    write_tsv(place / "viewing_saccades.tsv", viewing.saccades.round(6))
    for name in ("brain", "eyes"):
        write_array(place / f"viewing_{name}.npy", getattr(viewing, name).astype(np.float32))
