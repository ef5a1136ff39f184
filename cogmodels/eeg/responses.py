"""From tables of events to overlap-corrected responses of one recording, beside plain averages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.eeg.checks import good_samples
from cogmodels.eeg.deconvolution import Deconvolution, subject_interval
from cogmodels.eeg.event_design import INTERCEPT, EventType, SplineBasis
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne import Evoked, Info
    from mne.io import BaseRaw

# A fixation that begins so soon after a saccade's end is where it led, s.
ADJACENT_S = 0.02
# Fewer people have no interval worth drawing.
LEAST_SUBJECTS = 3
AVERAGED = "averaged"


def led_by_saccades(events: pd.DataFrame) -> pd.DataFrame:
    """Fixations that a saccade led to, with ``amplitude_deg`` of that saccade.

    ``events``: ``event``, ``onset``, ``duration`` (s), ``amplitude_deg``. Where an eye comes from after a loss is not
    known; such fixations are left out. An oscillation (pso) between the two is allowed.
    """
    events = events.sort_values("onset", kind="stable")
    events = events[events["event"] != "pso"].reset_index(drop=True)
    before = events.shift()
    limit = np.where(before["event"] == "saccade", before["onset"] + before["duration"] + ADJACENT_S, -np.inf)
    # An oscillation lasts some tens of ms.
    led = (events["event"] == "fixation") & (events["onset"] <= limit + 0.04)
    return events[led].assign(amplitude_deg=before["amplitude_deg"][led].astype(float)).reset_index(drop=True)


def event_types(
    types: Mapping[str, Mapping[str, Any]],
    gaze_events: pd.DataFrame | None,
    eeg_events: pd.DataFrame,
    *,
    least_events: int = 20,
    where: object = "deconvolution",
) -> list[EventType]:
    """Types of the regression from options and tables of events.

    Parameters
    ----------
    types : mapping of name -> options
        ``event`` (fixation, saccade, or a ``trial_type``), ``tmin``, ``tmax`` (s), ``amplitude`` (none, linear,
        spline), ``splines``.
    gaze_events : DataFrame, optional
        Of a detector, on the EEG's clock.
    eeg_events : DataFrame
        ``onset`` (s), ``trial_type``.
    least_events : int
        Fewer of a type are refused.
    where : object
        What is regressed, for messages.

    Raises
    ------
    DataError
        Gaze events are wanted and there are none; a type has too few events.
    """
    found = []
    for name, options in types.items():
        kind = options["event"]
        if kind in ("fixation", "saccade") and gaze_events is None:
            raise DataError(f"there are no gaze events for `{name}`", where=where, remedy="Set `synchronise`")
        if kind == "fixation":
            events = led_by_saccades(gaze_events)
        elif kind == "saccade":
            events = gaze_events[gaze_events["event"] == "saccade"].astype({"amplitude_deg": float})
        else:
            events = eeg_events[eeg_events["trial_type"].astype(str) == kind]
        if options["amplitude"] != "none":
            events = events[np.isfinite(events["amplitude_deg"])]
        if len(events) < least_events:
            raise DataError(
                f"{len(events)} events `{name}` ({kind}), {least_events} are needed",
                where=where,
                remedy="Leave out the type, `exclude` the subject, or lower `least_events`",
            )
        covariates = {}
        if options["amplitude"] == "linear":
            covariates["amplitude"] = (events["amplitude_deg"] - events["amplitude_deg"].mean()).to_numpy()
        elif options["amplitude"] == "spline":
            values = events["amplitude_deg"].to_numpy()
            covariates["amplitude"] = SplineBasis.of(values, options["splines"]).columns(values)
        found.append(EventType(name, events["onset"].to_numpy(float), options["tmin"], options["tmax"], covariates))
    return found


def plain_averages(raw: BaseRaw, events: list[EventType]) -> dict[str, np.ndarray]:
    """Mean (channels, lags) around the events of each type, V, of windows that lie in good data; NaN without any."""
    import mne

    picks = mne.pick_types(raw.info, eeg=True, exclude="bads")
    data, good, rate = raw.get_data(picks=picks), good_samples(raw), raw.info["sfreq"]
    means = {}
    for event in events:
        lags = np.arange(round(event.tmin * rate), round(event.tmax * rate) + 1)
        at = np.rint(np.asarray(event.onsets) * rate).astype(int)[:, None] + lags
        at = at[(at[:, 0] >= 0) & (at[:, -1] < data.shape[1])]
        at = at[good[at].all(axis=1)]
        total = sum((data[:, row] for row in at), np.zeros((len(data), len(lags))))
        means[event.name] = total / len(at) if len(at) else np.full_like(total, np.nan)
    return means


def all_evoked(result: Deconvolution, averages: Mapping[str, np.ndarray], info: Info) -> list[Evoked]:
    """Corrected responses of all types and columns, then the averages (``<type> (averaged)``), as MNE objects."""
    import mne

    found = [result.evoked(info, name, column) for name in result.betas for column in result.columns[name]]
    for name, values in averages.items():
        title = f"{name} ({AVERAGED})"
        tmin = result.times[name][0]
        found.append(mne.EvokedArray(values, info, tmin, title, result.n_events[name], verbose="error"))
    return found


def tabulate_betas(result: Deconvolution, names: list[str]) -> pd.DataFrame:
    """One row a type, column, channel and time: ``beta_uv`` (uV a unit of the column), ``inflation``, ``n_events``."""
    parts = []
    for kind, betas in result.betas.items():
        for betas_of, column, inflation in zip(betas, result.columns[kind], result.inflation[kind], strict=True):
            table = pd.DataFrame(betas_of * 1e6, index=pd.Index(names, name="channel"), columns=result.times[kind])
            long = table.rename_axis(columns="time").stack().rename("beta_uv").reset_index()
            parts.append(
                long.assign(type=kind, column=column, inflation=np.tile(inflation, len(names)))
                .assign(n_events=result.n_events[kind])
                .round({"time": 6, "beta_uv": 6, "inflation": 3})
            )
    columns = ["type", "column", "channel", "time", "beta_uv", "inflation", "n_events"]
    return pd.concat(parts, ignore_index=True)[columns]


def average_responses(subjects: Mapping[str, list[Evoked]]) -> pd.DataFrame:
    """Mean over people of every response, with its pointwise 95 % t interval from three people on.

    Parameters
    ----------
    subjects : mapping of subject -> evoked
        What `all_evoked` made of each recording of a subject; those of one name are averaged first.

    Returns
    -------
    curves : DataFrame
        One row a response, channel and time: ``response``, ``channel``, ``time`` (s), ``mean``, ``ci_low``, ``ci_high``
        (uV), ``n_subjects``.

    Raises
    ------
    DataError
        People differ in channels or times.
    """
    parts = []
    first = next(iter(subjects.values()))
    for name in dict.fromkeys(evoked.comment for evoked in first):
        values, like = [], next(evoked for evoked in first if evoked.comment == name)
        for subject, evoked in subjects.items():
            mine = [one for one in evoked if one.comment == name]
            same = all(one.ch_names == like.ch_names and len(one.times) == len(like.times) for one in mine)
            if not mine or not same:
                raise DataError(
                    f"response `{name}` of subject {subject} has other channels or times, or is not there",
                    where="responses across subjects",
                    remedy="Interpolate bad channels, bring all to one rate, or `exclude` the subject",
                )
            values.append(np.mean([one.data for one in mine], axis=0) * 1e6)
        mean, low, high = np.mean(values, axis=0), *np.full((2, *like.data.shape), np.nan)
        if len(values) >= LEAST_SUBJECTS:
            mean, low, high = subject_interval(np.array(values))
        index = pd.MultiIndex.from_product([like.ch_names, like.times.round(6)], names=["channel", "time"])
        columns = {"mean": mean.ravel(), "ci_low": low.ravel(), "ci_high": high.ravel()}
        parts.append(pd.DataFrame(columns, index).round(6).reset_index().assign(response=name, n_subjects=len(values)))
    columns = ["response", "channel", "time", "mean", "ci_low", "ci_high", "n_subjects"]
    return pd.concat(parts, ignore_index=True)[columns]


def is_average(response: str) -> bool:
    """Whether a response is a plain average."""
    return response.endswith(f"({AVERAGED})")


def type_of(response: str) -> str:
    """Type of event of a response's name."""
    return response.split(": ")[0].removesuffix(f" ({AVERAGED})")


def is_intercept(response: str) -> bool:
    """Whether a response is a type's own, not that of a covariate."""
    return ": " not in response


__all__ = ["INTERCEPT", "all_evoked", "average_responses", "event_types", "plain_averages", "tabulate_betas"]
