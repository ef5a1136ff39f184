"""Evoked responses: a page for one subject, a page for all together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.eeg.epochs import UNITS, epoch_values, signal_type
from cogmodels.errors import DataError
from cogmodels.report.style import GREY, INK, PALETTE, house_style, new_figure, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from mne import BaseEpochs, Evoked, Info

TOPOGRAPHIES = 4
# Peaks nearer to each other than this are one, s.
PEAK_DISTANCE_S = 0.05


def plot_evoked(epochs: BaseEpochs, *, title: str | None = None) -> Figure:
    """Mean of all epochs at every channel, topographies at its peaks, and the conditions at the strongest channel.

    Parameters
    ----------
    epochs : mne Epochs
    title : str, optional

    Returns
    -------
    figure : matplotlib Figure

    Raises
    ------
    DataError
        No epoch, or no EEG channel.
    """
    import mne

    kind = signal_type(epochs)
    picks = mne.pick_types(epochs.info, **{kind: True}, exclude="bads")
    if not len(epochs) or not len(picks):
        raise DataError(
            f"{len(epochs)} epochs of {len(picks)} EEG channels",
            where="figure of evoked responses",
            remedy="Check events",
        )
    values, unit = epoch_values(epochs, kind), UNITS[kind][0]
    info = mne.pick_info(epochs.info, picks)
    evoked, times = values.mean(axis=0), epochs.times
    power = evoked.std(axis=0)
    peaks = find_peaks(power, times, count=TOPOGRAPHIES)
    with house_style():
        figure = new_figure(11.5, 7.4, title=title or "Evoked responses")
        grid = figure.add_gridspec(3, 1, height_ratios=[1.25, 0.2 if _positions(info) is None else 1.0, 1.25])
        _butterfly(figure.add_subplot(grid[0]), evoked, power, times, peaks, info, len(values), unit)
        _topographies(figure, grid[1], evoked, times, peaks, info, unit)
        clearest = clearest_channel(values, times)
        _conditions(figure.add_subplot(grid[2]), values[:, clearest], epochs, info["ch_names"][clearest], unit)
    return figure


def plot_group_evoked(
    curves: pd.DataFrame, amplitudes: pd.DataFrame, evoked: Mapping[str, Evoked], *, title: str | None = None
) -> Figure:
    """Mean over people with its interval for each condition, and topographies of the mean over people.

    Parameters
    ----------
    curves : DataFrame
        Columns ``condition``, ``time`` (s), ``mean``, ``ci_low``, ``ci_high``, ``n_subjects``, ``channels``,
        ``channels_named`` (beforehand, or afterwards by these data), ``unit``.
    amplitudes : DataFrame
        Its rows at the times that are marked; the topographies are at the first of them, or else at the largest global
        field power.
    evoked : mapping of condition -> mne Evoked
        Mean over people at all channels.
    title : str, optional

    Raises
    ------
    DataError
        No condition.
    """
    names = list(dict.fromkeys(curves["condition"])) if len(curves) else []
    if not names:
        raise DataError("there is no condition", where="figure of evoked responses", remedy="Check the events")
    shown = names[: len(PALETTE)]
    # One person has no interval, and a table of missing values alone is read as text.
    curves, amplitudes = (table.astype({"ci_low": float, "ci_high": float}) for table in (curves, amplitudes))
    about = curves.iloc[0]
    with house_style():
        figure = new_figure(11.5, 6.6, title=title or "Evoked responses over people")
        grid = figure.add_gridspec(2, 1, height_ratios=[1.5, 1.0])
        axes = figure.add_subplot(grid[0])
        for name, colour in zip(shown, PALETTE, strict=False):
            mine = curves[curves["condition"] == name]
            times = mine["time"].to_numpy() * 1000
            axes.plot(times, mine["mean"], color=colour, lw=1.5, label=_labelled(name, mine, amplitudes, about["unit"]))
            axes.fill_between(times, mine["ci_low"], mine["ci_high"], color=colour, alpha=0.15, lw=0)
        for time in dict.fromkeys(amplitudes["time"]):
            axes.axvline(time * 1000, color=GREY, lw=0.8, ls="--", zorder=0)
        _event(axes, np.sort(curves["time"].unique()))
        more = f"; {len(shown)} of {len(names)} conditions" if len(names) > len(shown) else ""
        how = (
            ", the channel with the clearest response in these data" if about["channels_named"] == "afterwards" else ""
        )
        axes.set_title(f"{about['channels'].replace(' ', ', ')}{how}: mean over people and 95 % t interval{more}")
        axes.set(xlabel="time after the event (ms)", ylabel=f"amplitude ({about['unit']})")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        _group_topographies(figure, grid[1], evoked, shown, amplitudes, about["unit"])
    return figure


def _labelled(name: str, curve: pd.DataFrame, amplitudes: pd.DataFrame, unit: str) -> str:
    """Condition, number of people, and its amplitudes at the marked times."""
    lines = [f"{name} (n = {int(curve['n_subjects'].iloc[0])})"]
    for row in amplitudes[amplitudes["condition"] == name].itertuples():
        lines.append(f"{row.time * 1000:.0f} ms: {row.mean:.1f} [{row.ci_low:.1f}, {row.ci_high:.1f}] {unit}")
    return "\n".join(lines)


def _group_topographies(
    figure: Figure,
    place: object,
    evoked: Mapping[str, Evoked],
    names: list[str],
    amplitudes: pd.DataFrame,
    unit: str,
) -> None:
    """A head for each condition at one time."""
    from mne.viz import plot_topomap

    first = next(iter(evoked.values()))
    known = [k for k, one in enumerate(first.info["chs"]) if np.isfinite(one["loc"][:3]).all() and one["loc"][:3].any()]
    if len(known) < 4:
        axes = figure.add_subplot(place)
        axes.set_axis_off()
        say(axes, "no topographies: channel positions are unknown")
        return
    import mne

    info, scale = mne.pick_info(first.info, known), 1e3 if unit.startswith("mV") else 1e6
    mean = np.mean([one.data for one in evoked.values()], axis=0)
    after = np.flatnonzero(first.times >= 0) if (first.times >= 0).any() else np.arange(len(first.times))
    time = amplitudes["time"].iloc[0] if len(amplitudes) else first.times[after[mean[:, after].std(axis=0).argmax()]]
    sample = int(np.argmin(np.abs(first.times - time)))
    maps = {name: evoked[name].data[known, sample] * scale for name in names}
    limit = max(float(np.abs(np.array(list(maps.values()))).max()), 1e-9)
    row = place.subgridspec(1, len(names) + 1, width_ratios=[1] * len(names) + [0.06])
    for column, (name, values) in enumerate(maps.items()):
        axes = figure.add_subplot(row[column])
        image, _ = plot_topomap(
            values, info, axes=axes, show=False, cmap="RdBu_r", vlim=(-limit, limit), contours=4, sensors=True
        )
        axes.set_title(f"{name}, {first.times[sample] * 1000:.0f} ms", loc="center")
    bar = figure.colorbar(image, cax=figure.add_subplot(row[len(names)]))
    bar.set_label(unit)


def find_peaks(power: np.ndarray, times: np.ndarray, *, count: int) -> np.ndarray:
    """Samples of the most prominent local maxima after time 0, apart from each other, in order of time.

    Parameters
    ----------
    power, times : (n_times,) float
        Global field power and s.
    count : int
        At most so many.

    Returns
    -------
    peaks : (n_peaks,) int
        The largest sample where there is no local maximum.
    """
    from scipy import signal

    after = np.flatnonzero(times >= 0)
    first = after[0] if len(after) else 0
    tops, facts = signal.find_peaks(power, prominence=0)
    prominence = facts["prominences"][tops >= first]
    tops = tops[tops >= first]
    if not len(tops):
        return np.array([first + int(np.argmax(power[first:]))])
    chosen: list[int] = []
    for sample in tops[np.argsort(-prominence, kind="stable")]:
        if all(abs(times[sample] - times[other]) >= PEAK_DISTANCE_S for other in chosen):
            chosen.append(int(sample))
    return np.sort(np.array(chosen[:count]))


def clearest_channel(values: np.ndarray, times: np.ndarray) -> int:
    """Channel whose mean lies farthest from 0 after the event, in standard errors: a few blinks do not win.

    Parameters
    ----------
    values : (n_epochs, n_channels, n_times) float
    times : (n_times,) float
        Seconds.
    """
    mean, error = values.mean(axis=0), values.std(axis=0)
    score = np.abs(mean) / np.where(error > 0, error, np.inf) if len(values) > 1 else np.abs(mean)
    return int(np.argmax((score[:, times >= 0] if (times >= 0).any() else score).max(axis=1)))


def _butterfly(
    axes: Axes,
    evoked: np.ndarray,
    power: np.ndarray,
    times: np.ndarray,
    peaks: np.ndarray,
    info: Info,
    n_epochs: int,
    unit: str,
) -> None:
    """All channels; colour runs from the front of the head to its back."""
    import matplotlib

    places = _positions(info)
    front = np.full(len(evoked), 0.5) if places is None else np.argsort(np.argsort(-places[:, 1])) / len(evoked)
    colours = matplotlib.colormaps["viridis"](0.92 * front)
    for channel, colour in zip(evoked, colours, strict=True):
        axes.plot(times * 1000, channel, color=colour, lw=0.7, alpha=0.85)
    axes.plot(times * 1000, power, color=INK, lw=1.8, label="global field power")
    for peak in peaks:
        axes.axvline(times[peak] * 1000, color=GREY, lw=0.8, ls="--", zorder=0)
    _event(axes, times)
    where = "" if places is None else "; dark in front, bright at the back"
    axes.set_title(f"Mean of {n_epochs} epochs, {len(evoked)} channels{where}")
    axes.set(xlabel="time after the event (ms)", ylabel=f"amplitude ({unit})")
    axes.legend(loc="upper right", bbox_to_anchor=(1, 1.12))


def _topographies(
    figure: Figure, place: object, evoked: np.ndarray, times: np.ndarray, peaks: np.ndarray, info: Info, unit: str
) -> None:
    from mne.viz import plot_topomap

    if _positions(info) is None:
        axes = figure.add_subplot(place)
        axes.set_axis_off()
        say(axes, "no topographies: channel positions are unknown")
        return
    row = place.subgridspec(1, TOPOGRAPHIES + 1, width_ratios=[1] * TOPOGRAPHIES + [0.06])
    limit = max(float(np.abs(evoked[:, peaks]).max()), 1e-9)
    for column, peak in enumerate(peaks):
        axes = figure.add_subplot(row[column])
        image, _ = plot_topomap(
            evoked[:, peak], info, axes=axes, show=False, cmap="RdBu_r", vlim=(-limit, limit), contours=4, sensors=True
        )
        axes.set_title(f"{times[peak] * 1000:.0f} ms", loc="center")
    bar = figure.colorbar(image, cax=figure.add_subplot(row[TOPOGRAPHIES]))
    bar.set_label(unit)


def _conditions(axes: Axes, values: np.ndarray, epochs: BaseEpochs, channel: str, unit: str) -> None:
    """Mean and standard error of each condition at one channel, values (n_epochs, n_times)."""
    times, codes = epochs.times * 1000, epochs.events[:, 2]
    names = sorted(epochs.event_id, key=lambda name: epochs.event_id[name])
    for name, colour in zip(names[: len(PALETTE)], PALETTE, strict=False):
        mine = values[codes == epochs.event_id[name]]
        mean = mine.mean(axis=0)
        axes.plot(times, mean, color=colour, lw=1.4, label=f"{name} ({len(mine)})")
        if len(mine) > 1:
            error = mine.std(axis=0, ddof=1) / np.sqrt(len(mine))
            axes.fill_between(times, mean - error, mean + error, color=colour, alpha=0.16, lw=0)
    _event(axes, epochs.times)
    more = f"; {len(PALETTE)} of {len(names)} conditions" if len(names) > len(PALETTE) else ""
    axes.set_title(f"{channel}, the channel with the clearest mean response: mean ± standard error{more}")
    axes.set(xlabel="time after the event (ms)", ylabel=f"amplitude ({unit})")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _event(axes: Axes, times: np.ndarray) -> None:
    axes.axhline(0, color=GREY, lw=0.7, zorder=0)
    if times[0] <= 0 <= times[-1]:
        axes.axvline(0, color=INK, lw=0.9, zorder=0)
    axes.set_xlim(times[0] * 1000, times[-1] * 1000)


def _positions(info: Info) -> np.ndarray | None:
    """Channel positions (n_channels, 3), m, or None where any is unknown or all are one."""
    places = np.array([channel["loc"][:3] for channel in info["chs"]])
    known = np.isfinite(places).all() and len(np.unique(places.round(6), axis=0)) == len(places)
    return places if known else None
