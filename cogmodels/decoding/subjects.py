"""What a model across subjects sees: each subject's trials, and what their stimuli are to be decoded into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cogmodels.errors import DataError

#: Rows of responses read at a time: it bounds memory where they are mapped from disk.
_ROWS = 1024
#: Stimuli that a subject has to share with the others before its responses can be aligned with theirs.
MINIMUM_SHARED = 3
#: Modalities of joined responses, side by side: name -> number of features.
Layout = Mapping[str, int]


@dataclass(frozen=True)
class Targets:
    """What stimuli are decoded into.

    ``stimuli`` (n_stimuli,) names; ``image`` (n_stimuli, d) features; ``text`` (n_stimuli, e) embeddings of their
    descriptions and ``pixels`` (n_stimuli, 3 side^2) the images themselves, where there are any.
    """

    stimuli: list[str]
    image: np.ndarray
    text: np.ndarray | None = None
    pixels: np.ndarray | None = None

    @property
    def tables(self) -> dict[str, np.ndarray]:
        """What an example of a network holds, by name."""
        found = {"image": self.image, "text": self.text, "pixels": self.pixels}
        return {name: table for name, table in found.items() if table is not None}

    def codes(self, trials: pd.DataFrame) -> np.ndarray:
        """Row of each trial's stimulus (n_trials,).

        Raises
        ------
        DataError
            A stimulus without features.
        """
        index = {name: position for position, name in enumerate(self.stimuli)}
        missing = sorted(set(trials["stimulus"]) - set(index))
        if missing:
            raise DataError(
                f"{len(missing)} stimuli have no features (such as {missing[0]})",
                where=f"subject {trials['subject'].iloc[0]}",
                remedy="Make the features of every stimulus that was shown",
            )
        return np.array([index[name] for name in trials["stimulus"]], dtype=np.int64)


@dataclass(frozen=True)
class Part:
    """Trials of one subject that a model may see.

    ``values`` (n_all, n_features): all responses of the subject, in memory or mapped from disk; ``rows`` (n,): which of
    them; ``codes`` (n,): the stimulus of each, a row of :class:`Targets`. ``layout`` where several modalities lie side
    by side; one that is missing in a trial is NaN there.
    """

    subject: str
    values: np.ndarray
    rows: np.ndarray
    codes: np.ndarray
    layout: Layout | None = None

    @property
    def width(self) -> int:
        """Number of features of a response."""
        return self.values.shape[1]

    @property
    def size(self) -> int | Layout:
        """What a network makes parts for: the number of features, or that of each modality."""
        return self.width if self.layout is None else self.layout

    def responses(self) -> np.ndarray:
        """The responses (n, n_features), float32."""
        return np.asarray(self.values[self.rows], dtype=np.float32)

    def of(self, codes: Sequence[int] | np.ndarray) -> Part:
        """The trials of these stimuli."""
        kept = np.isin(self.codes, codes)
        return replace(self, rows=self.rows[kept], codes=self.codes[kept])


@dataclass(frozen=True)
class Scaler:
    """Mean and standard deviation (n_features,) of a subject's training trials; a constant feature is not scaled."""

    mean: np.ndarray
    scale: np.ndarray

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Responses (..., n_features), standardised, float32."""
        return ((values - self.mean) / self.scale).astype(np.float32)


def fit_scaler(part: Part) -> Scaler:
    """Scaler of a part's trials, which are read a piece at a time.

    Raises
    ------
    DataError
        No trials, or responses that are not finite.
    """
    if not len(part.rows):
        raise DataError(
            "there are no training trials", where=f"subject {part.subject}", remedy="Check the `split` of the trials"
        )
    if part.layout is not None:
        return _joined_scaler(part, part.layout)
    n, total = len(part.rows), np.zeros(part.width)
    pieces = [part.rows[first : first + _ROWS] for first in range(0, n, _ROWS)]
    for rows in pieces:
        total += part.values[rows].sum(axis=0, dtype=np.float64)
    mean, squares = total / n, np.zeros(part.width)
    for rows in pieces:
        squares += ((part.values[rows].astype(np.float64) - mean) ** 2).sum(axis=0)
    wrong = ~np.isfinite(squares)
    if wrong.any():
        raise DataError(
            f"{int(wrong.sum())} of {part.width} features hold values that are not finite",
            where=f"subject {part.subject}",
            remedy="Check the recording, or leave the trials out of the events",
        )
    spread = np.sqrt(squares / n)
    # What a constant feature spreads is rounding.
    spread[spread <= 1e-6 * np.maximum(np.abs(mean), 1e-6)] = 1.0
    return Scaler(mean.astype(np.float32), spread.astype(np.float32))


def _joined_scaler(part: Part, layout: Layout) -> Scaler:
    """The scalers of all modalities, each of the trials that have it."""
    found, start = [], 0
    for modality, width in layout.items():
        values = part.values[:, start : start + width]
        there = ~np.isnan(values[part.rows]).all(axis=1)
        own = Part(f"{part.subject}, {modality}", values, part.rows[there], part.codes[there])
        found.append(fit_scaler(own))
        start += width
    return Scaler(np.concatenate([one.mean for one in found]), np.concatenate([one.scale for one in found]))


def averaged(part: Part, scaler: Scaler) -> tuple[np.ndarray, np.ndarray]:
    """Stimuli (m,) of a part and the mean of each one's standardised responses (m, n_features)."""
    codes, index, counts = np.unique(part.codes, return_inverse=True, return_counts=True)
    total = np.zeros((len(codes), part.width))
    np.add.at(total, index, scaler(part.responses()))
    return codes, total / counts[:, None]


def check_shared(part: Part, others: Sequence[Part], method: str) -> None:
    """Refuse a subject whose stimuli the others have not seen.

    Raises
    ------
    DataError
        Fewer than ``MINIMUM_SHARED`` stimuli in common.
    """
    seen = set().union(*(set(other.codes.tolist()) for other in others if other.subject != part.subject))
    shared = len(seen & set(part.codes.tolist()))
    if shared < MINIMUM_SHARED:
        raise DataError(
            f"{shared} training stimuli are shared with the other subjects, {method} needs {MINIMUM_SHARED} or more",
            where=f"subject {part.subject}",
            remedy="Choose a model that needs no shared stimuli (`mindbridge`, `subject_ridge`), or leave the subject "
            "out",
        )
