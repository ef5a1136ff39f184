"""Event detectors by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from cogmodels.errors import DataError
from cogmodels.gaze.engbert import detect_engbert_kliegl
from cogmodels.gaze.i2mc import detect_i2mc
from cogmodels.gaze.idt import detect_idt
from cogmodels.gaze.ihmm import detect_ihmm
from cogmodels.gaze.ivt import detect_ivt
from cogmodels.gaze.nystrom_holmqvist import detect_nystrom_holmqvist
from cogmodels.gaze.recording import Recording
from cogmodels.gaze.relative_velocity import detect_relative_velocity
from cogmodels.gaze.remodnav import detect_remodnav

# Each takes a recording and its own keyword parameters and returns the table of `cogmodels.gaze.events`.
DETECTORS: dict[str, Callable[..., pd.DataFrame]] = {
    "ivt": detect_ivt,
    "idt": detect_idt,
    "ihmm": detect_ihmm,
    "engbert_kliegl": detect_engbert_kliegl,
    "nystrom_holmqvist": detect_nystrom_holmqvist,
    "remodnav": detect_remodnav,
    "i2mc": detect_i2mc,
    "relative_velocity": detect_relative_velocity,
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
