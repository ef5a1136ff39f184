"""Agreement of two codings of one recording: samples, events, their timing and their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cogmodels.errors import DataError
from cogmodels.metrics._agreement_kernels import match
from cogmodels.metrics.scanpath._string_kernels import edit_distance


def sample_kappa(coded: np.ndarray, found: np.ndarray, label: object | None = None) -> float:
    """Cohen's kappa of two codings, sample by sample.

    ``(po - pe) / (1 - pe)``: agreement beyond what the shares of the labels give by chance (Cohen 1960, Educational
    and Psychological Measurement 20, 37-46).

    Parameters
    ----------
    coded, found : (n,) labels
    label : optional
        One label against all others; by default all labels at once.

    Returns
    -------
    float in -1 to 1; NaN where both codings are constant and equal (there is nothing to agree on).

    Raises
    ------
    DataError
        The codings differ in length, or are empty.
    """
    coded, found = _two(coded, found, "kappa")
    if label is not None:
        coded, found = coded == label, found == label
    names = np.unique(np.concatenate([np.unique(coded), np.unique(found)]))
    observed = float((coded == found).mean())
    expected = float(sum((coded == name).mean() * (found == name).mean() for name in names))
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")


@dataclass(frozen=True)
class EventAgreement:
    """Agreement of two sets of events of one kind; times in the unit that was given.

    ``n_coded``, ``n_found``, ``n_matched``; ``f1``: ``2 matched / (coded + found)``, NaN where neither has an event;
    ``onset_offset``, ``offset_offset`` (relative timing offset, RTO): mean of found minus coded; ``onset_deviation``,
    ``offset_deviation`` (relative timing deviation, RTD): their standard deviation (ddof 1), NaN for fewer than two
    matches; ``onset_error``: mean of the absolute onset differences.
    """

    n_coded: int
    n_found: int
    n_matched: int
    f1: float
    onset_offset: float
    onset_deviation: float
    offset_offset: float
    offset_deviation: float
    onset_error: float


def match_events(coded: np.ndarray, found: np.ndarray, *, minimum_iou: float = 0.0) -> np.ndarray:
    """Pair events of two codings that overlap.

    Each event has at most one partner. Pairs are taken in order of their intersection over union, the greatest first
    (ties: the earliest), as long as it exceeds 0 and reaches ``minimum_iou``.

    Parameters
    ----------
    coded, found : (n, 2) float
        Onset and offset of each event.
    minimum_iou : float
        0: any overlap counts; 0.5 asks for more than half.

    Returns
    -------
    (n_matched, 2) int: rows of ``coded`` and ``found``, in order of ``coded``.

    Notes
    -----
    Startsev, Agtzidis and Dorr (2019), Behavior Research Methods 51, 556-572 (maximum intersection over union).
    """
    coded, found = (_intervals(values, name) for values, name in ((coded, "coded"), (found, "found")))
    partner = match(coded, found, float(minimum_iou))
    return np.column_stack([np.flatnonzero(partner >= 0), partner[partner >= 0]])


def event_agreement(coded: np.ndarray, found: np.ndarray, *, minimum_iou: float = 0.0) -> EventAgreement:
    """F1, relative timing offset and deviation of two sets of events.

    Parameters and matching as those of :func:`match_events`; the same numbers come from several recordings together
    with :func:`pool_events`. RTO and RTD: Hooge, Niehorster, Nystrom, Andersson and Hessels (2018), Behavior Research
    Methods 50, 1864-1881.
    """
    return pool_events([(coded, found)], minimum_iou=minimum_iou)


def pool_events(recordings: Sequence[tuple[np.ndarray, np.ndarray]], *, minimum_iou: float = 0.0) -> EventAgreement:
    """:class:`EventAgreement` over recordings, each a pair of coded and found events (n, 2)."""
    coded_n = found_n = 0
    differences = [np.empty((0, 2))]
    for coded, found in recordings:
        coded, found = (np.asarray(values, dtype=float).reshape(-1, 2) for values in (coded, found))
        pairs = match_events(coded, found, minimum_iou=minimum_iou)
        differences.append(found[pairs[:, 1]] - coded[pairs[:, 0]])
        coded_n, found_n = coded_n + len(coded), found_n + len(found)
    moved = np.concatenate(differences)
    n = len(moved)
    means = moved.mean(axis=0) if n else np.full(2, np.nan)
    spread = moved.std(axis=0, ddof=1) if n > 1 else np.full(2, np.nan)
    return EventAgreement(
        n_coded=coded_n,
        n_found=found_n,
        n_matched=n,
        f1=2 * n / (coded_n + found_n) if coded_n + found_n else float("nan"),
        onset_offset=float(means[0]),
        onset_deviation=float(spread[0]),
        offset_offset=float(means[1]),
        offset_deviation=float(spread[1]),
        onset_error=float(np.abs(moved[:, 0]).mean()) if n else float("nan"),
    )


def normalised_levenshtein(coded: np.ndarray, found: np.ndarray) -> float:
    """Edit distance of two sequences of labels over the length of the coded one (Levenshtein 1966).

    Of the order of events (one label an event) or of samples; time grows with the product of the lengths. 0 for equal
    sequences; may exceed 1.

    Raises
    ------
    DataError
        The coded sequence is empty.
    """
    coded, found = np.asarray(coded).ravel(), np.asarray(found).ravel()
    if not len(coded):
        raise DataError("the coded sequence is empty", where="normalised Levenshtein", remedy="Leave it out")
    _, codes = np.unique(np.concatenate([coded, found]), return_inverse=True)
    codes = codes.astype(np.int64)
    return int(edit_distance(codes[: len(coded)], codes[len(coded) :], np.empty(len(found) + 1, np.int64))) / len(coded)


def label_runs(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Label, first sample and the one after the last of each run of equal labels (n,)."""
    labels = np.asarray(labels)
    if not len(labels):
        return labels, np.empty(0, np.int64), np.empty(0, np.int64)
    starts = np.append(0, np.flatnonzero(labels[1:] != labels[:-1]) + 1)
    return labels[starts], starts, np.append(starts[1:], len(labels))


def _two(coded: np.ndarray, found: np.ndarray, where: str) -> tuple[np.ndarray, np.ndarray]:
    coded, found = np.asarray(coded), np.asarray(found)
    if coded.shape != found.shape or coded.ndim != 1 or not len(coded):
        raise DataError(
            f"codings of shape {coded.shape} and {found.shape}",
            where=where,
            remedy="Give two of one length, one label a sample; crop to the shorter one",
        )
    return coded, found


def _intervals(values: np.ndarray, name: str) -> np.ndarray:
    values = np.ascontiguousarray(values, dtype=np.float64).reshape(-1, 2)
    if not (values[:, 1] > values[:, 0]).all():
        raise DataError(f"a {name} event does not end after its onset", where="events", remedy="Give onset < offset")
    return values
