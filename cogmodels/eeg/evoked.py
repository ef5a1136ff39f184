"""Evoked responses of people together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.eeg.deconvolution import subject_interval
from cogmodels.eeg.epochs import UNITS, epoch_values, signal_type
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne import BaseEpochs, EvokedArray

COLUMNS = ["condition", "time", "mean", "ci_low", "ci_high", "n_subjects"]


@dataclass(frozen=True)
class GroupEvoked:
    """Responses over people.

    ``curves``: one row a condition and time with the columns of ``COLUMNS``: mean over people of the mean over
    ``channels``, with its interval, in ``unit``. ``evoked``: condition -> mean over people at all channels.
    """

    curves: pd.DataFrame
    channels: list[str]
    chosen: bool
    unit: str
    evoked: dict[str, EvokedArray]

    def at(self, times: Sequence[float]) -> pd.DataFrame:
        """Rows of the curves at the samples nearest to some times, s.

        Raises
        ------
        DataError
            A time outside of the epoch.
        """
        known = np.sort(self.curves["time"].unique())
        outside = [time for time in times if not known[0] - 1e-6 <= time <= known[-1] + 1e-6]
        if outside:
            raise DataError(
                f"{outside[0]:g} s is outside of the epoch, {known[0]:g} to {known[-1]:g} s",
                where="evoked responses over people",
                remedy="Correct `evoked_times_s`, or make the epoch longer",
            )
        nearest = [known[np.argmin(np.abs(known - time))] for time in times]
        return pd.concat([self.curves[self.curves["time"] == time] for time in nearest], ignore_index=True)


def average_subjects(
    subjects: Iterable[tuple[str, BaseEpochs]], *, channels: Sequence[str] = (), level: float = 0.95
) -> GroupEvoked:
    """Mean over people of their means over trials, with t intervals over people.

    Parameters
    ----------
    subjects : iterable of (name, mne Epochs)
        One at a time in memory. A person without trials of a condition does not enter that condition.
    channels : sequence of str
        Channels whose mean is taken. Without any: the one whose mean response over people and conditions lies farthest
        from 0 after the event, in standard errors (``chosen``: its curves look clearer than those of a channel named
        beforehand).
    level : float
        Coverage of the intervals, which are NaN where one person has the condition.

    Returns
    -------
    GroupEvoked
        ``evoked`` is of the channels that all people have.

    Raises
    ------
    DataError
        Nobody; a person who lacks a channel that is named, or whose epochs have other times or another unit than those
        before; no channel that all have.
    """
    import mne

    means: dict[str, dict[str, np.ndarray]] = {}
    infos, first = {}, None
    for name, epochs in subjects:
        kind = signal_type(epochs)
        values, picked = epoch_values(epochs, kind), mne.pick_types(epochs.info, **{kind: True}, exclude="bads")
        infos[name] = info = mne.pick_info(epochs.info, picked)
        missing = [channel for channel in channels if channel not in info["ch_names"]]
        if missing:
            raise DataError(
                f"there is no good channel {', '.join(missing)}",
                where=f"subject {name}",
                remedy="Set `interpolate_bads`, name other `evoked_channels`, or exclude the subject",
            )
        if first is None:
            first = (epochs.times, kind, epochs.tmin)
        elif kind != first[1] or len(epochs.times) != len(first[0]) or not np.allclose(epochs.times, first[0]):
            raise DataError(
                f"epochs of {len(epochs.times)} samples at {info['sfreq']:g} Hz ({kind}), those before have "
                f"{len(first[0])} ({first[1]})",
                where=f"subject {name}",
                remedy="Bring all recordings to one rate (`resample_hz`), or exclude the subject",
            )
        codes = epochs.events[:, 2]
        found = {c: values[codes == code].mean(axis=0) for c, code in epochs.event_id.items() if (codes == code).any()}
        means[name] = found
    if first is None:
        raise DataError("there is nobody", where="evoked responses over people", remedy="Check `exclude`")
    shared = [
        c for c in next(iter(infos.values()))["ch_names"] if all(c in info["ch_names"] for info in infos.values())
    ]
    if not shared:
        raise DataError(
            f"no channel is good in all {len(infos)} subjects",
            where="evoked responses over people",
            remedy="Set `interpolate_bads`, or exclude a subject",
        )
    rows = {name: [list(info["ch_names"]).index(c) for c in shared] for name, info in infos.items()}
    stacks = {
        condition: np.stack([found[condition][rows[name]] for name, found in means.items() if condition in found])
        for condition in sorted({c for found in means.values() for c in found})
    }
    times, kind, tmin = first
    chosen = not channels
    wanted = list(channels) or [shared[_clearest(means, rows, times)]]
    picks = [shared.index(channel) for channel in wanted]
    curves = []
    for condition, stack in stacks.items():
        mine = stack[:, picks].mean(axis=1)
        if len(mine) > 1:
            mean, low, high = subject_interval(mine, level=level)
        else:
            mean, low, high = mine[0], *np.full((2, len(times)), np.nan)
        table = {"condition": condition, "time": times, "mean": mean, "ci_low": low, "ci_high": high}
        curves.append(pd.DataFrame(table | {"n_subjects": len(mine)}))
    info = mne.pick_info(info, [list(info["ch_names"]).index(c) for c in shared])
    unit, scale = UNITS[kind]
    evoked = {
        condition: mne.EvokedArray(
            stack.mean(axis=0) / scale, info, tmin=tmin, comment=condition, nave=len(stack), verbose="error"
        )
        for condition, stack in stacks.items()
    }
    return GroupEvoked(pd.concat(curves, ignore_index=True)[COLUMNS], wanted, chosen, unit, evoked)


def _clearest(means: dict[str, dict[str, np.ndarray]], rows: dict[str, list[int]], times: np.ndarray) -> int:
    """Channel whose mean over people is farthest from 0 after the event, in standard errors."""
    people = np.stack([np.mean(list(found.values()), axis=0)[rows[name]] for name, found in means.items()])
    after = times >= 0 if (times >= 0).any() else np.ones(len(times), dtype=bool)
    mean, error = np.abs(people.mean(axis=0)), people.std(axis=0)
    score = mean / np.where(error > 0, error, np.inf) if len(people) > 1 else mean
    return int(np.argmax(score[:, after].max(axis=1)))
