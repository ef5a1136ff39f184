"""Why a response is not its known truth: filters, the detection of events, noise, one at a time, on SIMULATED EEG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.eeg.cleaning import clean_raw
from cogmodels.eeg.deconvolution import deconvolve_raw
from cogmodels.eeg.event_design import EventType
from cogmodels.eeg.known_truth import kernel_errors
from cogmodels.eeg.responses import all_evoked, event_types

if TYPE_CHECKING:
    from mne.io import BaseRaw

# Long enough for the detector's fixations to follow it, whatever saccades last.
STEP_S = 0.03


def true_types(
    types: Mapping[str, Mapping[str, Any]], fixations: pd.DataFrame, stimuli: pd.DataFrame
) -> list[EventType]:
    """The regression's types at the events that evoked the responses.

    ``fixations``: ``onset`` (s), ``amplitude`` (degrees of the saccade before); ``stimuli``: ``onset``, ``trial_type``.
    Types of other events are left out.
    """
    steps = fixations.assign(event="saccade", onset=fixations["onset"] - STEP_S, duration=STEP_S)
    parts = [steps, fixations.assign(event="fixation", duration=0.0)]
    gaze = pd.concat(parts).rename(columns={"amplitude": "amplitude_deg"})
    known = {"fixation", *stimuli["trial_type"]}
    wanted = {name: options for name, options in types.items() if options["event"] in known}
    return event_types(wanted, gaze, stimuli, least_events=1, where="true events")


def error_causes(
    prepared: BaseRaw,
    brain: np.ndarray,
    found: list[EventType],
    true: list[EventType],
    *,
    facts: Mapping[str, Any],
    kernels: np.ndarray,
    events: Mapping[str, str],
    filters: Mapping[str, Any],
    ridge: float = 0.0,
) -> pd.DataFrame:
    """Errors of the responses when only some causes of error are there.

    Parameters
    ----------
    prepared : mne Raw
        What the responses were estimated on: filtered, eyes taken out, losses called BAD.
    brain : (channels, samples) float
        Evoked activity alone, V, of ``facts["channels"]``.
    found, true : list of EventType
        Events as the pipeline found them, and those that evoked the responses.
    facts, kernels, events
        See `known_truth.kernel_errors`.
    filters : mapping
        ``l_freq``, ``h_freq``, ``notch`` (Hz or None), ``reference``, as `cleaning.clean_raw` takes them.
    ridge : float
        See `deconvolution.deconvolve`.

    Returns
    -------
    errors : DataFrame
        ``type``, ``cause`` (filters; filters and detection of events; filters, noise and eyes), ``relative_error``.
    """
    import mne

    names = list(facts["channels"])
    quiet = mne.io.RawArray(brain[: len(names)], mne.create_info(names, prepared.info["sfreq"], "eeg"), verbose="error")
    quiet = clean_raw(quiet, **filters, whole=False).set_annotations(prepared.annotations, verbose="error")
    cases = {
        "filters": (quiet, true),
        "filters and detection of events": (quiet, found),
        "filters, noise and eyes": (prepared, true),
    }
    rows = []
    for cause, (raw, types) in cases.items():
        result, info = deconvolve_raw(raw, types, ridge=ridge)
        errors = kernel_errors(all_evoked(result, {}, info), events, facts, kernels)
        rows.append(errors.assign(cause=cause)[["type", "cause", "relative_error"]])
    return pd.concat(rows, ignore_index=True)
