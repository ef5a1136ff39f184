"""Whose EEG is worse than that of the others."""

from __future__ import annotations

import numpy as np
import pandas as pd

# Measure -> side of the median that is bad, and the least spread that counts (its own unit).
JUDGED = {"bad_share": (1, 0.01), "kept_share": (-1, 0.01), "snr": (-1, 0.1), "line_db": (1, 1.0)}
ROBUST_Z, LEAST_SUBJECTS = 3.0, 5
OUTLIER_RULE = (
    f"outlier: more than {ROBUST_Z:g} robust standard deviations (0.7413 of the interquartile range over subjects) "
    "from the median towards worse in bad_share, kept_share, snr or line_db; judged from "
    f"{LEAST_SUBJECTS} subjects on"
)


def flag_outliers(table: pd.DataFrame) -> pd.DataFrame:
    """Quality of all subjects (one row each) with a column ``outlier``: by what measures, empty for the others.

    The rule is ``OUTLIER_RULE``; it says who is to be looked at, and leaves nobody out.
    """
    reasons = [[] for _ in range(len(table))]
    for name, (sign, least) in JUDGED.items():
        values = pd.to_numeric(table[name]).to_numpy(dtype=float)
        known = values[np.isfinite(values)]
        if len(known) < LEAST_SUBJECTS:
            continue
        spread = max(0.7413 * float(np.subtract(*np.percentile(known, [75, 25]))), least)
        for row in np.flatnonzero(sign * (values - np.median(known)) / spread > ROBUST_Z):
            reasons[row].append(name)
    return table.assign(outlier=[", ".join(names) for names in reasons])
