"""A page for one gaze recording: can these data be trusted, and what did the detector find in them?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.gaze.events import typed_events
from cogmodels.gaze.geometry import gaze_degrees, pixels_per_degree
from cogmodels.gaze.quality import QUALITY_LIMITS, beyond_limits, running_precision
from cogmodels.gaze.recording import Recording
from cogmodels.report.html import LESS, METRIC_NAMES
from cogmodels.report.style import (
    BLUE,
    GREEN,
    INK,
    LIGHT,
    ORANGE,
    PALETTE,
    PURPLE,
    SKY,
    VERMILLION,
    YELLOW,
    house_style,
    new_figure,
    say,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WINDOW_S = 6.0
# Columns of the overview: more samples than that become the range of each column.
COLUMNS = 1400
DENSITY_SIGMA_DEG = 0.7
DURATION_LIMIT_MS = 1500
# Colour and opacity of an event behind the traces.
EVENT_COLOURS = {
    "fixation": (SKY, 0.28),
    "saccade": (PURPLE, 0.75),
    "pso": (GREEN, 0.6),
    "pursuit": (ORANGE, 0.3),
    "blink": (LIGHT, 0.9),
    "lost": (LIGHT, 0.9),
}
# Rows and columns of the figure of simulated recordings, and what holds where it is not varied.
_TRUTH_ROWS = (
    "event_f1_fixation", "event_f1_saccade", "onset_error_ms", "fixation_onset_error_ms",
)  # fmt: skip
_TRUTH_COLUMNS = {
    "noise_deg": "noise of a sample (deg)",
    "sampling_rate": "sampling rate (Hz)",
    "loss": "share of samples lost",
}
_TRUTH_UNITS = {"noise_deg": "{:g} deg noise", "sampling_rate": "{:g} Hz", "loss": "{:.0%} lost"}
_USUAL = {"noise_deg": 0.03, "sampling_rate": 500.0, "loss": 0.0}
NUMBERS = [
    ("duration_s", "duration", "{:.1f} s"),
    ("sampling_rate", "sampling rate", "{:.0f} Hz"),
    ("effective_rate", "effective rate", "{:.1f} Hz"),
    ("data_loss", "data loss", "{:.1%}"),
    ("loss_missing", "   missing", "{:.1%}"),
    ("loss_off_screen", "   off the screen", "{:.1%}"),
    ("loss_padding", "   beside blinks", "{:.1%}"),
    ("loss_interpolated", "   filled in", "{:.1%}"),
    ("rms_s2s_window_deg", "RMS-S2S, 200 ms windows", "{:.3f} deg"),
    ("rms_s2s_deg", "   within fixations", "{:.3f} deg"),
    ("std_deg", "STD", "{:.3f} deg"),
    ("bcea_deg2", "BCEA (68 %)", "{:.3f} deg²"),
    ("n_fixations", "fixations", "{:d}"),
    ("n_saccades", "saccades", "{:d}"),
    ("n_blinks", "blinks", "{:d}"),
    ("fixation_rate_hz", "fixation rate", "{:.2f} Hz"),
    ("median_fixation_ms", "median fixation", "{:.0f} ms"),
    ("median_saccade_deg", "median saccade", "{:.2f} deg"),
    ("main_sequence_slope", "main sequence, slope", "{:.2f}"),
    ("main_sequence_at_1deg", "   velocity at 1 deg", "{:.0f} deg/s"),
]


def plot_recording(
    recording: Recording, events: pd.DataFrame, quality: Mapping[str, Any], *, title: str | None = None
) -> Figure:
    """Traces with events (the whole and the window with most saccades), gaze on the screen, main sequence, durations.

    Parameters
    ----------
    recording : Recording
        Cleaned samples.
    events : DataFrame
        Its events, columns of ``cogmodels.gaze.events.EVENT_COLUMNS``.
    quality : mapping
        From :func:`cogmodels.gaze.quality.quality`.
    title : str, optional

    Returns
    -------
    figure : matplotlib Figure
    """
    events = typed_events(events)
    x, y = gaze_degrees(recording)
    start = busiest_window(events, recording.time, WINDOW_S)
    with house_style():
        pupil = recording.pupil is not None and bool(np.isfinite(recording.pupil).any())
        figure = new_figure(11.5, 9.6 + 0.8 * pupil, title=title or recording.source or "Gaze recording")
        heights = [0.85, 0.45, *([0.45] if pupil else []), 1.1, 1.85]
        grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
        whole = figure.add_subplot(grid[0])
        _overview(whole, recording, x, y, start)
        _precision(figure.add_subplot(grid[1], sharex=whole), recording)
        if pupil:
            _pupil(figure.add_subplot(grid[2], sharex=whole), recording)
        _window(figure.add_subplot(grid[-2]), recording, x, y, events, start)
        lower = grid[-1].subgridspec(2, 3, width_ratios=[1.75, 1.1, 0.85], height_ratios=[1.25, 1])
        _screen(figure.add_subplot(lower[:, 0]), recording, events, start)
        _main_sequence(figure.add_subplot(lower[0, 1]), events, quality)
        _durations(figure.add_subplot(lower[1, 1]), events)
        _numbers(figure.add_subplot(lower[:, 2]), quality)
    return figure


def plot_truth(scores: pd.DataFrame) -> Figure:
    """Detectors on simulated recordings: F1 of events and onset error over noise, rate and loss, one line a detector.

    Parameters
    ----------
    scores : DataFrame
        ``detector, sampling_rate, noise_deg, loss, metric, value, ci_low, ci_high, chance``.
    """
    usual = {
        name: min(scores[name].unique(), key=lambda value, aim=aim: abs(value - aim)) for name, aim in _USUAL.items()
    }
    detectors = list(dict.fromkeys(scores["detector"]))
    with house_style():
        figure = new_figure(11.5, 11.0, title="SIMULATED recordings: what each detector finds")
        grid = figure.subplots(len(_TRUTH_ROWS), len(usual), sharey="row")
        for column, (varied, label) in enumerate(_TRUTH_COLUMNS.items()):
            others = {name: value for name, value in usual.items() if name != varied}
            same = np.logical_and.reduce([scores[name] == value for name, value in others.items()])
            for row, metric in enumerate(_TRUTH_ROWS):
                axes = grid[row, column]
                part = scores[same & (scores["metric"] == metric)]
                for colour, detector in zip(PALETTE, detectors, strict=False):
                    mine = part[part["detector"] == detector].sort_values(varied)
                    x = mine[varied].to_numpy()
                    axes.plot(x, mine["value"], "o-", ms=3.5, lw=1.3, color=colour, label=detector)
                    axes.vlines(x, mine["ci_low"], mine["ci_high"], color=colour, lw=1.0)
                if metric.startswith("event_f1"):
                    axes.set_ylim(0, 1.02)
                    chance = part.groupby(varied)["chance"].max()
                    axes.plot(chance.index, chance, color=VERMILLION, lw=1.0, ls="--")
                elif (part["value"] > 0).any():
                    axes.set_yscale("log")
                    axes.yaxis.set_major_formatter(_plain_ticks())
                if varied != "loss":
                    axes.set_xscale("log")
                    axes.xaxis.set_major_formatter(_plain_ticks())
                axes.set_xticks(sorted(part[varied].unique()), [f"{v:g}" for v in sorted(part[varied].unique())])
                axes.minorticks_off()
                axes.grid(color=LIGHT, lw=0.6)
                if row == 0:
                    stated = ", ".join(_TRUTH_UNITS[name].format(value) for name, value in others.items())
                    axes.set_title(f"at {stated}")
                if column == 0:
                    axes.set_ylabel(METRIC_NAMES[metric].removesuffix(LESS))
            grid[-1, column].set_xlabel(label)
        handles = grid[0, 0].get_legend_handles_labels()[0]
        figure.legend(handles=[*handles, _dashed("highest chance")], loc="outside lower center", ncols=5)
    return figure


def busiest_window(events: pd.DataFrame, time: np.ndarray, length: float) -> float:
    """Start (s) of the window of a length that holds most saccades that no loss cuts, and least loss."""
    starts = np.arange(time[0], max(time[-1] - length, time[0]) + length / 4, length / 4)
    onset = events["onset"].to_numpy(dtype=float)
    value = np.where((events["event"] == "saccade") & (events["complete"] == 1), 1.0, 0.0)
    value -= np.where(events["event"].isin(["blink", "lost"]), 2.0, 0.0)
    totals = np.concatenate([[0.0], np.cumsum(value)])
    inside = totals[np.searchsorted(onset, starts + length)] - totals[np.searchsorted(onset, starts)]
    return float(starts[int(np.argmax(inside))])


def _overview(axes: Axes, recording: Recording, x: np.ndarray, y: np.ndarray, start: float) -> None:
    """The whole recording; the window below is framed."""
    for values, colour, label in ((x, BLUE, "x (right)"), (y, VERMILLION, "y (down)")):
        time, low, high = _envelope(recording, values)
        axes.fill_between(time, low, high, color=colour, lw=0.7, alpha=0.75, label=label)
    _shade_losses(axes, recording)
    axes.axvspan(start, start + WINDOW_S, facecolor="none", edgecolor=INK, lw=1.1, zorder=5)
    axes.set(ylabel="gaze (deg)", xlim=(recording.time[0], recording.time[-1]))
    axes.set_title("Whole recording")
    handles = [*axes.get_legend_handles_labels()[0], _patch(LIGHT, "lost")]
    if recording.interpolated.any():
        handles.append(_patch(YELLOW, "filled in"))
    _legend_above(axes, [*handles, _frame("window below")])


def _precision(axes: Axes, recording: Recording) -> None:
    """Running precision: where the tracker was unsure."""
    values = running_precision(recording)
    axes.set_title("Precision: RMS-S2S in windows of 200 ms")
    if not np.isfinite(values).any():
        say(axes, "too short")
        return
    # Saccades raise a window's value; its lowest one in a column is that of the tracker.
    time, low, high = _envelope(recording, values)
    axes.fill_between(time, low, high, color=GREEN, lw=0.7, alpha=0.75)
    limit = QUALITY_LIMITS["rms_s2s_window_deg"]
    axes.axhline(limit, color=VERMILLION, lw=1.1, ls="--", label=f"limit of the median, {limit:g} deg")
    axes.set(yscale="log", ylabel="deg")
    axes.yaxis.set_major_formatter(_plain_ticks())
    axes.yaxis.set_minor_formatter(_plain_ticks(minor=True))
    _legend_above(axes, axes.get_legend_handles_labels()[0])


def _pupil(axes: Axes, recording: Recording) -> None:
    """Pupil size where gaze is seen."""
    time, low, high = _envelope(recording, np.where(recording.lost == 0, recording.pupil, np.nan))
    axes.fill_between(time, low, high, color=INK, lw=0.7, alpha=0.6)
    axes.set_title("Pupil, in the tracker's unit")
    axes.set(ylabel="size")


def _window(axes: Axes, recording: Recording, x: np.ndarray, y: np.ndarray, events: pd.DataFrame, start: float) -> None:
    """A few seconds in which single events can be read."""
    inside = (recording.time >= start) & (recording.time <= start + WINDOW_S)
    time = np.where(recording.gaps, np.nan, recording.time)[inside]
    shown = events[(events["onset"] < start + WINDOW_S) & (events["onset"] + events["duration"] > start)]
    for event in shown.itertuples():
        colour, solid = EVENT_COLOURS[event.event]
        axes.axvspan(event.onset, event.onset + event.duration, color=colour, alpha=solid, lw=0)
    axes.plot(time, x[inside], color=BLUE, lw=1.0)
    axes.plot(time, y[inside], color=VERMILLION, lw=1.0)
    axes.set(xlabel="time (s)", ylabel="gaze (deg)", xlim=(start, min(start + WINDOW_S, recording.time[-1])))
    axes.margins(y=0.06)
    axes.set_title(f"{WINDOW_S:g} s with detected events")
    kinds = [name for name in EVENT_COLOURS if name in {"fixation", "saccade", *shown["event"]} - {"lost", "blink"}]
    handles = [
        _line(BLUE, "x (right)"),
        _line(VERMILLION, "y (down)"),
        *(_patch(EVENT_COLOURS[k][0], k, EVENT_COLOURS[k][1]) for k in kinds),
    ]
    _legend_above(axes, [*handles, _patch(LIGHT, "blink, lost")])


def _screen(axes: Axes, recording: Recording, events: pd.DataFrame, start: float) -> None:
    """Density of all gaze on the screen, and the fixations of the window in their order."""
    from matplotlib.patches import Rectangle
    from scipy.ndimage import gaussian_filter

    width, height = recording.screen.resolution_px
    margin = 0.04 * width
    seen = recording.lost == 0
    cell = width / 160
    edges = [np.arange(-margin, size + margin + cell, cell) for size in (width, height)]
    counts, _, _ = np.histogram2d(recording.x[seen], recording.y[seen], bins=edges)
    density = gaussian_filter(counts, DENSITY_SIGMA_DEG * pixels_per_degree(recording.screen) / cell)
    extent = (edges[0][0], edges[0][-1], edges[1][-1], edges[1][0])
    # The root keeps rarely visited places visible beside a dominant one.
    axes.imshow(np.sqrt(density.T), extent=extent, cmap="Greys", vmin=0, vmax=1.35 * np.sqrt(density.max()))
    axes.add_patch(Rectangle((-0.5, -0.5), width, height, fill=False, edgecolor=INK, lw=1.0))
    shown = events[(events["event"] == "fixation") & events["onset"].between(start, start + WINDOW_S)]
    px, py = shown["x"].to_numpy(dtype=float), shown["y"].to_numpy(dtype=float)
    axes.plot(px, py, color=ORANGE, lw=1.0, zorder=3)
    axes.scatter(
        px,
        py,
        s=30 + 300 * shown["duration"].clip(upper=1.0),
        color=ORANGE,
        alpha=0.65,
        edgecolor="white",
        lw=0.7,
        zorder=4,
    )
    if len(shown) <= 40:
        for number, place in enumerate(zip(px, py, strict=True), start=1):
            axes.annotate(str(number), place, ha="center", va="center", fontsize=6.5, color=INK, zorder=5)
    axes.set(xlim=extent[:2], ylim=extent[2:], xlabel="x (px)", ylabel="y (px)")
    axes.set_title("Density of all gaze, fixations of the window")
    axes.spines[:].set_visible(False)


def _main_sequence(axes: Axes, events: pd.DataFrame, quality: Mapping[str, Any]) -> None:
    saccades = events[(events["event"] == "saccade") & (events["complete"] == 1)]
    amplitude, peak = (saccades[name].to_numpy(dtype=float) for name in ("amplitude_deg", "peak_velocity"))
    axes.set_title("Main sequence")
    if not (amplitude > 0).any():
        say(axes, "no complete saccade")
        return
    size = 14 if len(amplitude) < 300 else 5
    axes.scatter(amplitude, peak, s=size, color=PURPLE, alpha=0.6, lw=0)
    axes.set(xscale="log", yscale="log", xlabel="amplitude (deg)", ylabel="peak velocity (deg/s)")
    slope, at_1deg = quality.get("main_sequence_slope"), quality.get("main_sequence_at_1deg")
    if _is_number(slope) and _is_number(at_1deg):
        ends = np.array([amplitude[amplitude > 0].min(), amplitude.max()])
        axes.plot(ends, at_1deg * ends**slope, color=INK, lw=1.1, label=f"{at_1deg:.0f} · amplitude$^{{{slope:.2f}}}$")
        axes.legend(loc="lower right", handlelength=1.2)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_plain_ticks())
        axis.set_minor_formatter(_plain_ticks(minor=True))


def _durations(axes: Axes, events: pd.DataFrame) -> None:
    duration = 1000 * events.loc[events["event"] == "fixation", "duration"].to_numpy(dtype=float)
    if not len(duration):
        axes.set_title("Fixation durations")
        say(axes, "no fixation")
        return
    axes.hist(np.minimum(duration, DURATION_LIMIT_MS), bins=np.linspace(0, DURATION_LIMIT_MS, 31), color=SKY)
    median = float(np.median(duration))
    axes.axvline(min(median, DURATION_LIMIT_MS), color=INK, lw=1.1)
    axes.set_title(f"Fixation durations, median {median:.0f} ms")
    axes.set(xlabel="duration (ms)", ylabel="fixations", xlim=(0, DURATION_LIMIT_MS))
    beyond = int((duration > DURATION_LIMIT_MS).sum())
    if beyond:
        axes.set_xlabel(f"duration (ms); last bar: {beyond} longer than {DURATION_LIMIT_MS}")


def _numbers(axes: Axes, quality: Mapping[str, Any]) -> None:
    axes.set_axis_off()
    beyond = beyond_limits(quality)
    axes.set_title("Data quality" + (": beyond the limits" if beyond else ""))
    for row, (name, label, pattern) in enumerate(NUMBERS):
        value = quality.get(name)
        text = pattern.format(int(value) if pattern == "{:d}" else value) if _is_number(value) else "–"
        height = 0.975 - 0.049 * row
        bad = name in beyond
        weight = "bold" if bad else "normal"
        axes.text(0.0, height, label, transform=axes.transAxes, va="center", color=VERMILLION if bad else "#444444")
        axes.text(
            1.0,
            height,
            text,
            transform=axes.transAxes,
            va="center",
            ha="right",
            color=VERMILLION if bad else INK,
            fontweight=weight,
        )


def _envelope(recording: Recording, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, lowest and highest value of each column of the overview; NaN where all is lost or recording was paused."""
    time = recording.time[: len(values)]
    # Pauses of a column's width and more: no column spans one, and nothing is drawn from before it to after it.
    pauses = np.flatnonzero(recording.gaps[1 : len(time)] & (np.diff(time) > (time[-1] - time[0]) / COLUMNS)) + 1
    bins = np.union1d(np.linspace(0, len(time), min(COLUMNS, len(time)), endpoint=False).astype(int), pauses)
    after = np.searchsorted(bins, pauses)
    low, high = (part.reduceat(values, bins) for part in (np.fmin, np.fmax))
    return (
        np.insert(time[bins], after, time[pauses - 1]),
        np.insert(low, after, np.nan),
        np.insert(high, after, np.nan),
    )


def _shade_losses(axes: Axes, recording: Recording) -> None:
    _shade(axes, recording, recording.lost != 0, LIGHT)
    _shade(axes, recording, recording.interpolated, YELLOW)


def _shade(axes: Axes, recording: Recording, marked: np.ndarray, colour: str) -> None:
    lost = np.concatenate([[0], marked.astype(int), [0]])
    edges = np.flatnonzero(np.diff(lost)).reshape(-1, 2)
    axes.fill_between(
        np.repeat(recording.time[np.minimum(edges, recording.n_samples - 1)].ravel(), 2),
        0,
        1,
        where=np.tile([False, True, True, False], len(edges)),
        transform=axes.get_xaxis_transform(),
        color=colour,
        lw=0.4,
        zorder=0,
    )


def _legend_above(axes: Axes, handles: list[Any]) -> None:
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 0.985), ncols=len(handles), handlelength=1.4)


def _patch(colour: str, label: str, alpha: float = 1.0) -> Any:
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, alpha=alpha, label=label)


def _frame(label: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(facecolor="none", edgecolor=INK, lw=1.1, label=label)


def _line(colour: str, label: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, lw=1.2, label=label)


def _dashed(label: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=VERMILLION, lw=1.0, ls="--", label=label)


def _plain_ticks(minor: bool = False) -> Any:
    """Log ticks as plain numbers; of the minor ones 2 and 5."""
    from matplotlib.ticker import FuncFormatter

    def text(value: float, _position: int) -> str:
        lead = round(value / 10 ** np.floor(np.log10(value)), 6)
        return f"{value:g}" if not minor or lead in (2, 5) else ""

    return FuncFormatter(text)


def _is_number(value: Any) -> bool:
    return value is not None and bool(np.isfinite(value))
