"""Event detectors by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from cogmodels.errors import DataError
from cogmodels.gaze.engbert import detect_engbert_kliegl
from cogmodels.gaze.idt import detect_idt
from cogmodels.gaze.ivt import detect_ivt
from cogmodels.gaze.recording import Recording

# Each takes a recording and its own keyword parameters and returns the table of `cogmodels.gaze.events`.
DETECTORS: dict[str, Callable[..., pd.DataFrame]] = {
    "ivt": detect_ivt,
    "idt": detect_idt,
    "engbert_kliegl": detect_engbert_kliegl,
}


def detect_events(recording: Recording, detector: str, **parameters: Any) -> pd.DataFrame:
    """Divide a recording into events.

    Parameters
    ----------
    recording : Recording
        Usually cleaned by :func:`cogmodels.gaze.cleaning.mark_lost`.
    detector : str
        A name in ``DETECTORS``.
    **parameters
        The detector's own.

    Returns
    -------
    events : DataFrame
        One row an event in order of onset; columns of ``cogmodels.gaze.events.EVENT_COLUMNS``.

    Raises
    ------
    DataError
        The detector is unknown, or refuses a parameter.
    """
    if detector not in DETECTORS:
        raise DataError(
            f"detector `{detector}` is unknown", where="gaze events", remedy=f"Use one of {', '.join(DETECTORS)}"
        )
    return DETECTORS[detector](recording, **parameters)
