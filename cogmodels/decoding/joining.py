"""Responses of several kinds to the same stimuli as joined trials: what a joint decoder learns from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cogmodels.data.tables import TRIAL_COLUMNS
from cogmodels.decoding.subjects import Layout, Part
from cogmodels.errors import DataError

BETWEEN = "+"


class JoinedTrials(NamedTuple):
    """Joined trials of one subject.

    ``trials``: the columns of a Responses table, and ``once``: modalities (joined by +) of whose one trial several
    joined trials were made. ``values`` (n_trials, sum of widths) float32: the modalities side by side, NaN where one
    has no response to the stimulus. ``layout``: modality -> number of its features, in their order.
    """

    trials: pd.DataFrame
    values: np.ndarray
    layout: Layout


def join_modalities(tables: Mapping[str, Sequence[tuple[pd.DataFrame, np.ndarray]]]) -> list[JoinedTrials]:
    """:func:`join_trials` of every subject that any modality has.

    Parameters
    ----------
    tables : mapping of modality -> [(trials, values), ...], one a subject
    """
    subjects: dict[str, dict[str, tuple[pd.DataFrame, np.ndarray]]] = {}
    for modality, some in tables.items():
        for trials, values in some:
            subjects.setdefault(str(trials["subject"].iloc[0]), {})[modality] = (trials, values)
    return [join_trials(subjects[name]) for name in sorted(subjects)]


def join_trials(tables: Mapping[str, tuple[pd.DataFrame, np.ndarray]]) -> JoinedTrials:
    """Trials of one subject, recorded at different times, joined by their stimulus.

    A stimulus has as many joined trials as that of its modalities with the fewest repeats, of those with two or more;
    the repeats of the others are shared out among them and averaged. So joined trials of a stimulus have no trial in
    common, and the mean over them is that of all trials. Only a modality with a single trial of a stimulus lends it to
    all (column ``once``).

    Parameters
    ----------
    tables : mapping of modality -> (trials, values (n_trials, n_features))
        The joined values are held in memory.

    Raises
    ------
    DataError
        A stimulus that has one split in one modality and another in the next.
    """
    layout = {modality: values.shape[1] for modality, (_, values) in tables.items()}
    places = {modality: trials.groupby("stimulus", sort=False).indices for modality, (trials, _) in tables.items()}
    facts = _stimuli({modality: trials for modality, (trials, _) in tables.items()})
    ends = np.cumsum([0, *layout.values()])
    rows, pieces = [], []
    for stimulus, fact in facts.items():
        mine = {modality: found[stimulus] for modality, found in places.items() if stimulus in found}
        several = [len(one) for one in mine.values() if len(one) > 1]
        n = min(several, default=1)
        once = BETWEEN.join(modality for modality, one in mine.items() if n > 1 and len(one) == 1)
        for repeat in range(n):
            piece = np.full(ends[-1], np.nan, dtype=np.float32)
            for modality, start, stop in zip(layout, ends, ends[1:], strict=False):
                if modality in mine:
                    chosen = mine[modality] if len(mine[modality]) == 1 else mine[modality][repeat::n]
                    piece[start:stop] = tables[modality][1][chosen].mean(axis=0, dtype=np.float32)
            pieces.append(piece)
            rows.append({**fact, "session": None, "run": "joined", "trial": len(rows), "once": once})
    return JoinedTrials(pd.DataFrame(rows)[[*TRIAL_COLUMNS, "once"]], np.stack(pieces), layout)


def subsets(part: Part) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """What a joint decoder is tested with: every choice of modalities, all of them first.

    Yields
    ------
    modalities : str
        Names joined by +.
    rows : array (n,)
        Positions among the part's trials of those that have a response of at least one of them.
    values : array (n, n_features)
        Their responses, NaN in all other modalities.
    """
    ends = dict(zip(part.layout, np.cumsum(list(part.layout.values())), strict=True))
    spans = {name: slice(end - part.layout[name], end) for name, end in ends.items()}
    values = part.responses()
    for size in range(len(spans), 0, -1):
        for chosen in combinations(spans, size):
            shown = values.copy()
            for name in set(spans) - set(chosen):
                shown[:, spans[name]] = np.nan
            rows = np.flatnonzero(~np.isnan(shown).all(axis=1))
            if len(rows):
                yield BETWEEN.join(chosen), rows, shown[rows]


def predict_part(fitted: Any, part: Part, trials: pd.DataFrame) -> list[pd.DataFrame]:
    """A part's trials with what is predicted of them; of joined trials by each choice of modalities."""
    if part.layout is None:
        return [trials.assign(predicted=list(fitted.predict(part.subject, part.responses())))]
    found = []
    for modalities, rows, values in subsets(part):
        mine = trials.iloc[rows].assign(modalities=modalities, predicted=list(fitted.predict(part.subject, values)))
        mine["reused"] = reused(mine, modalities)
        found.append(mine.drop(columns="once"))
    return found


def reused(trials: pd.DataFrame, modalities: str) -> np.ndarray:
    """Which joined trials (n,) share a trial of these modalities with another one."""
    wanted = set(modalities.split(BETWEEN))
    return np.array([bool(wanted & set(once.split(BETWEEN))) for once in trials["once"]])


def fullest(predictions: pd.DataFrame) -> pd.DataFrame:
    """Predictions of each subject from all modalities that it has."""
    counts = predictions["modalities"].str.count(f"[{BETWEEN}]")
    most = counts.groupby(predictions["subject"]).transform("max")
    return predictions[counts == most].reset_index(drop=True)


def complete(predictions: pd.DataFrame) -> pd.DataFrame:
    """Predictions of stimuli to which each subject has a response of every modality that it has."""
    kept = []
    for _, mine in predictions.groupby("subject", sort=True):
        alone = mine[~mine["modalities"].str.contains(BETWEEN, regex=False)]
        shared = set.intersection(*(set(one["stimulus"]) for _, one in alone.groupby("modalities")))
        kept.append(mine[mine["stimulus"].isin(shared)])
    return pd.concat(kept, ignore_index=True)


def _stimuli(tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, str]]:
    """Subject, stimulus, label and split of each stimulus that a modality has, checked."""
    facts: dict[str, dict[str, str]] = {}
    seen: dict[str, str] = {}
    for modality, trials in tables.items():
        for row in trials.itertuples():
            if row.stimulus not in facts:
                own = {"subject": row.subject, "stimulus": row.stimulus, "label": row.label, "split": row.split}
                facts[row.stimulus], seen[row.stimulus] = own, modality
            elif facts[row.stimulus]["split"] != row.split:
                raise DataError(
                    f"stimulus {row.stimulus} is {facts[row.stimulus]['split']} in {seen[row.stimulus]} and "
                    f"{row.split} in {modality}",
                    where=f"column split, subject {row.subject}",
                    remedy="Give a stimulus the same split in all recordings",
                )
    return facts
