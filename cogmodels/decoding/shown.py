"""Which of a subject's training trials a fold learns from, and which choose its best epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cogmodels.decoding.linear import permute_within
from cogmodels.decoding.subjects import Part
from cogmodels.errors import DataError


def controlled(part: Part, trials: pd.DataFrame, control: str, key: list[int]) -> Part:
    """The part as it is, or with its trials' stimuli permuted within runs."""
    if control == "none":
        return part
    runs = trials["run"].to_numpy()[part.rows]
    stream = np.random.default_rng([*key, *part.subject.encode(), 41])
    return replace(part, codes=part.codes[permute_within(runs, stream)])


def drawn(part: Part, n: int | None, seed: int) -> Part:
    """``n`` trials of a part, the same ones of more for every smaller ``n``."""
    if n is None:
        return part
    if n > len(part.rows):
        raise DataError(
            f"{n} training trials are wanted, there are {len(part.rows)}",
            where=f"subject {part.subject}",
            remedy="Lower `adapt_trials`",
        )
    order = np.random.default_rng([seed, *part.subject.encode(), 443]).permutation(len(part.rows))
    chosen = np.sort(order[:n])
    return replace(part, rows=part.rows[chosen], codes=part.codes[chosen])


def divided(part: Part, order: np.ndarray, share: float) -> tuple[Part, Part]:
    """Trials to learn from, and those of the validation stimuli: the first of the part's in a common order."""
    codes = np.unique(part.codes)
    held = max(2, round(share * len(codes)))
    if len(codes) < held + 2:
        raise DataError(
            f"{len(codes)} training stimuli, of which {held} are for validation",
            where=f"subject {part.subject}",
            remedy="Give four training stimuli or more, or lower `validation_share`",
        )
    first = codes[np.argsort(np.argsort(order)[codes])][:held]
    return part.of(np.setdiff1d(codes, first)), part.of(first)


def fates(parts: Sequence[Part], halves: Callable[[Part], tuple[Part, Part]]) -> dict[str, np.ndarray]:
    """Stimuli that a network learnt from, and those that only chose its best epoch."""
    pairs = [halves(part) for part in parts]
    train = np.unique(np.concatenate([part.codes for part, _ in pairs]))
    held = np.unique(np.concatenate([part.codes for _, part in pairs]))
    return {"train": train, "validation": np.setdiff1d(held, train)}
