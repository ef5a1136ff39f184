"""Scores of detected events against events that are known: human coders' labels, or a simulation's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.metrics.agreement import label_runs, match_events
from cogmodels.metrics.uncertainty import permutation_p

#: Kinds of events that are scored; codes 1 to 5 of the labels (Andersson et al. 2017), 0 for none of them.
KINDS = ("fixation", "saccade", "pso", "pursuit", "blink")
#: Intersection over union from which a found event is a coded one. Any overlap would let one long event count, and a
#: detector that knows nothing would find most fixations.
MINIMUM_IOU = 0.5
_COLUMNS = ["metric", "value", "ci_low", "ci_high", "chance", "ceiling", "p", "n", "unit_of_n"]
_KAPPA, _EVENTS, _ONSET = slice(0, 4), slice(4, 7), 7


@dataclass(frozen=True)
class Coding:
    """Labels (n,) of one recording's samples: ``found`` by a detector, ``coded`` by a coder, ``other`` by another."""

    found: np.ndarray
    coded: np.ndarray
    sampling_rate: float
    other: np.ndarray | None = None

    def __post_init__(self) -> None:
        lengths = {len(labels) for labels in (self.found, self.coded, self.other) if labels is not None}
        if len(lengths) != 1:
            raise DataError(f"codings of {sorted(lengths)} samples", where="event scores", remedy="Crop to the shorter")


def event_codes(events: pd.DataFrame, n_samples: int) -> np.ndarray:
    """Code (n,) int8 of each sample from a table of events; 0 outside of ``KINDS``."""
    codes = np.zeros(n_samples, np.int8)
    for event, start, stop in zip(events["event"], events["start_sample"], events["stop_sample"], strict=True):
        if event in KINDS:
            codes[int(start) : int(stop)] = KINDS.index(event) + 1
    return codes


def name_codes(names: Sequence[str]) -> np.ndarray:
    """Code (n,) int8 of each sample from names; 0 for names outside of ``KINDS``."""
    return (pd.Index(KINDS).get_indexer(list(names)) + 1).astype(np.int8)


def known_codes(codes: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """The codes (n,) without the events of which more than half is ``lost`` (n,) bool: nobody could find them."""
    kept = codes.copy()
    labels, starts, stops = label_runs(codes)
    hidden = np.concatenate([[0], np.cumsum(lost)])
    gone = (labels != KINDS.index("blink") + 1) & (2 * (hidden[stops] - hidden[starts]) > stops - starts)
    for start, stop in zip(starts[gone], stops[gone], strict=True):
        kept[start:stop] = 0
    return kept


def score_events(
    codings: Sequence[Coding], *, permutations: int = 200, bootstrap: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Agreement of a detector with a coder, recordings pooled.

    Parameters
    ----------
    codings : sequence of Coding
        One a recording.
    permutations : int
        Of the chance level: the found labels are shifted in time within each recording, by a random number of samples,
        around its end; so their number, lengths and order stay.
    bootstrap : int
        Of the interval: recordings are drawn with replacement.
    seed : int

    Returns
    -------
    scores : DataFrame
        ``metric, value, ci_low, ci_high, chance, ceiling, p, n, unit_of_n``: ``kappa_<event>`` (samples of the event
        against all others), ``event_f1_<event>`` (events that overlap by half of what they cover together) and
        ``onset_error_ms`` and ``fixation_onset_error_ms`` (mean absolute difference of the onsets of matched saccades,
        and of matched fixations; less is better). ``ceiling``: the same
        between both coders. Events that the coder never uses, and those that the detector never finds, have
        no row.

    Raises
    ------
    DataError
        No recordings.
    """
    if not codings:
        raise DataError("there are no recordings", where="event scores", remedy="Give one or more")
    counts = np.stack([_counts(one.coded, one.found, one.sampling_rate) for one in codings])
    ceiling = None
    if all(one.other is not None for one in codings):
        ceiling = _scores(np.sum([_counts(one.coded, one.other, one.sampling_rate) for one in codings], axis=0))
    generator = np.random.default_rng([seed, 53])
    null = []
    for _ in range(permutations):
        shifted = [np.roll(one.found, generator.integers(len(one.found))) for one in codings]
        moved = [_counts(one.coded, found, one.sampling_rate) for one, found in zip(codings, shifted, strict=True)]
        null.append(_scores(np.sum(moved, axis=0)))
    drawn = generator.integers(len(codings), size=(bootstrap, len(codings)))
    resampled = [_scores(counts[rows].sum(axis=0)) for rows in drawn]
    total = counts.sum(axis=0)
    rows = []
    for metric, value in _scores(total).items():
        if np.isnan(value):
            continue
        chance = np.array([scores[metric] for scores in null])
        spread = np.array([scores[metric] for scores in resampled])
        chance, spread = chance[~np.isnan(chance)], spread[~np.isnan(spread)]
        sign = -1 if metric.endswith("error_ms") else 1
        low, high = np.quantile(spread, [0.025, 0.975]) if len(spread) else (np.nan, np.nan)
        rows.append(
            {
                "metric": metric,
                "value": value,
                "ci_low": low,
                "ci_high": high,
                "chance": chance.mean() if len(chance) else np.nan,
                "ceiling": ceiling[metric] if ceiling else np.nan,
                "p": permutation_p(sign * value, sign * chance) if len(chance) else np.nan,
                "n": len(codings),
                "unit_of_n": "recordings",
            }
        )
    return pd.DataFrame(rows, columns=_COLUMNS)


def _counts(coded: np.ndarray, found: np.ndarray, rate: float) -> np.ndarray:
    """What the scores are made of, and what adds over recordings: (n_kinds, 8).

    Samples in both, in coded, in found, of all; events in coded, in found, matched; sum of absolute onset errors, ms.
    """
    counts = np.zeros((len(KINDS), 8))
    runs = [label_runs(labels) for labels in (coded, found)]
    for row, code in enumerate(range(1, len(KINDS) + 1)):
        ours, theirs = coded == code, found == code
        counts[row, _KAPPA] = np.count_nonzero(ours & theirs), ours.sum(), theirs.sum(), len(coded)
        events = [
            np.column_stack([starts[labels == code], stops[labels == code]]) / rate for labels, starts, stops in runs
        ]
        pairs = match_events(*events, minimum_iou=MINIMUM_IOU)
        counts[row, _EVENTS] = len(events[0]), len(events[1]), len(pairs)
        counts[row, _ONSET] = 1000 * np.abs(events[0][pairs[:, 0], 0] - events[1][pairs[:, 1], 0]).sum()
    return counts


def _scores(counts: np.ndarray) -> dict[str, float]:
    """Scores from counts (n_kinds, 8); NaN where there is nothing to score."""
    found = {}
    both, ours, theirs, n = counts[:, _KAPPA].T
    used = (ours > 0) & (theirs > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = (n - ours - theirs + 2 * both) / n
        expected = (ours * theirs + (n - ours) * (n - theirs)) / n**2
        kappa = np.where(used, (observed - expected) / (1 - expected), np.nan)
        coded, detected, matched = counts[:, _EVENTS].T
        f1 = np.where(used, 2 * matched / (coded + detected), np.nan)
        onset = np.where(matched > 0, counts[:, _ONSET] / matched, np.nan)
    found |= {f"kappa_{kind}": float(value) for kind, value in zip(KINDS, kappa, strict=True)}
    found |= {f"event_f1_{kind}": float(value) for kind, value in zip(KINDS, f1, strict=True)}
    found |= {"onset_error_ms": float(onset[1]), "fixation_onset_error_ms": float(onset[0])}
    return found
