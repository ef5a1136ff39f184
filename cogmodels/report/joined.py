"""Figures of gaze in the EEG: how well two clocks agree, and responses that overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.eeg.responses import is_average, is_intercept, type_of
from cogmodels.report.style import GREY, PALETTE, house_style, new_figure, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# More recordings than this do not fit on a page; the table has all.
MOST_RECORDINGS = 6


def plot_synchronisation(
    table: pd.DataFrame, triggers: Sequence[pd.DataFrame], lags: Sequence[pd.DataFrame], *, title: str
) -> Figure:
    """Residuals of the triggers about the line of the clocks, and cross-correlation of HEOG and gaze, by recording.

    Parameters
    ----------
    table : DataFrame
        One row a recording: ``recording`` and what `eeg.joining.Joined.summary` gives.
    triggers : sequence of DataFrame
        ``eeg_time`` (s), ``residual_ms``, ``status``.
    lags : sequence of DataFrame
        ``lag_ms``, ``correlation``; empty where there was no HEOG.
    title : str
    """
    n = min(len(table), MOST_RECORDINGS)
    more = f"; {n} of {len(table)} recordings" if len(table) > n else ""
    with house_style():
        figure = new_figure(11.5, 1.2 + 1.9 * n, title=f"{title}: clocks of EEG and gaze{more}")
        grid = figure.add_gridspec(n, 2, width_ratios=[1.6, 1])
        for row in range(n):
            _residuals(figure.add_subplot(grid[row, 0]), triggers[row], table.iloc[row], last=row == n - 1)
            _lag(figure.add_subplot(grid[row, 1]), lags[row], table.iloc[row], last=row == n - 1)
    return figure


def _residuals(axes: Axes, triggers: pd.DataFrame, facts: pd.Series, *, last: bool) -> None:
    for status, marker, colour in (("matched", "o", PALETTE[0]), ("outlier", "x", PALETTE[1])):
        rows = triggers[triggers["status"] == status]
        axes.plot(
            rows["eeg_time"].astype(float), rows["residual_ms"].astype(float), marker, color=colour, ms=4, label=status
        )
    limit = facts["sample_ms"]
    axes.axhspan(-limit, limit, color=GREY, alpha=0.15, lw=0)
    missing = f"{facts['triggers_only_gaze']} in the gaze alone, {facts['triggers_only_eeg']} in the EEG alone"
    axes.set_title(
        f"{facts['recording']}: drift {facts['drift_ppm']:.1f} ± {facts['drift_se_ppm']:.1f} ppm (SE); {missing}",
        fontsize="small",
    )
    axes.set_ylabel("residual, ms")
    if last:
        axes.set_xlabel("time of the EEG, s (band: one sample of the EEG)")


def _lag(axes: Axes, lag: pd.DataFrame, facts: pd.Series, *, last: bool) -> None:
    if lag.empty:
        say(axes, "no horizontal EOG")
        return
    axes.plot(lag["lag_ms"], lag["correlation"], color=PALETTE[0])
    axes.axvline(0, color=GREY, lw=0.8)
    axes.set_title(
        f"peak at {float(facts['heog_lag_ms']):.2f} ms, r = {float(facts['heog_correlation']):.2f}", fontsize="small"
    )
    axes.set_ylabel("correlation")
    if last:
        axes.set_xlabel("lag of HEOG behind gaze, ms")


def plot_deconvolution(
    curves: pd.DataFrame, fits: Sequence[Mapping[str, Any]], *, channels: Sequence[str] = (), title: str
) -> Figure:
    """Overlap-corrected response of each event type beside its plain average, and responses of covariates.

    Parameters
    ----------
    curves : DataFrame
        See `eeg.responses.average_responses`.
    fits : sequence of mapping
        ``events`` (type -> count) and ``collinearity`` (warnings) of each recording.
    channels : sequence of str
        Channel of each type in turn, or one for all; the one where the corrected response is largest without.
    title : str
    """
    kinds = list(dict.fromkeys(type_of(name) for name in curves["response"]))
    extra = [name for name in dict.fromkeys(curves["response"]) if not is_intercept(name)]
    warned = sum(bool(fit["collinearity"]) for fit in fits)
    note = f"; timing hardly separates responses in {warned} of {len(fits)} recordings" if warned else ""
    with house_style():
        figure = new_figure(11.5, 3.4 + (2.8 if extra else 0), title=f"{title}: responses that overlap{note}")
        grid = figure.add_gridspec(2 if extra else 1, 1)
        top = grid[0].subgridspec(1, len(kinds))
        for k, kind in enumerate(kinds):
            named = channels[k % len(channels)] if channels else None
            events = sum(fit["events"][kind] for fit in fits)
            _response(figure.add_subplot(top[k]), curves, kind, named, events)
        if extra:
            below = grid[1].subgridspec(1, len(extra))
            for k, name in enumerate(extra):
                _covariate(figure.add_subplot(below[k]), curves[curves["response"] == name], name)
    return figure


def _response(axes: Axes, curves: pd.DataFrame, kind: str, channel: str | None, events: int) -> None:
    mine = curves[(curves["response"].map(type_of) == kind) & curves["response"].map(is_intercept)]
    corrected = mine[~mine["response"].map(is_average)]
    chosen = channel or _clearest(corrected)
    for table, label, colour, style in (
        (corrected, "overlap-corrected", PALETTE[0], "-"),
        (mine[mine["response"].map(is_average)], "plain average", PALETTE[1], "--"),
    ):
        rows = table[table["channel"] == chosen]
        axes.plot(rows["time"], rows["mean"], style, color=colour, label=label)
        _band(axes, rows, colour)
    axes.axhline(0, color=GREY, lw=0.6)
    axes.axvline(0, color=GREY, lw=0.6)
    how = "" if channel else ", largest"
    subjects = int(corrected["n_subjects"].iloc[0])
    axes.set_title(
        f"{kind}: {events} events, {subjects} {'person' if subjects == 1 else 'people'}; {chosen}{how}",
        fontsize="small",
    )
    axes.set_xlabel("time after the event, s")
    axes.set_ylabel("µV")
    axes.legend(fontsize="x-small", frameon=False)


def _covariate(axes: Axes, rows: pd.DataFrame, name: str) -> None:
    chosen = _clearest(rows)
    mine = rows[rows["channel"] == chosen]
    axes.plot(mine["time"], mine["mean"], color=PALETTE[2])
    _band(axes, mine, PALETTE[2])
    axes.axhline(0, color=GREY, lw=0.6)
    unit = "µV a degree" if name.endswith("amplitude") else "µV a unit of the spline"
    axes.set_title(f"{name}; {chosen}, largest", fontsize="small")
    axes.set_xlabel("time after the event, s")
    axes.set_ylabel(unit)


def _band(axes: Axes, rows: pd.DataFrame, colour: str) -> None:
    low, high = rows["ci_low"].astype(float), rows["ci_high"].astype(float)
    if np.isfinite(low).all():
        axes.fill_between(rows["time"], low, high, color=colour, alpha=0.2, lw=0)


def _clearest(rows: pd.DataFrame) -> str:
    """Channel of the largest power over time."""
    return str((rows["mean"] ** 2).groupby(rows["channel"]).sum().idxmax())
