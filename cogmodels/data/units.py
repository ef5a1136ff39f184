"""Scores unit by unit (subject, run, image, scene, display experiment): what experiments are compared by."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from cogmodels.data.bids import write_csv
from cogmodels.errors import DataError

UNIT_COLUMNS = ["study", "family", "dataset", "experiment", "protocol", "metric", "unit_of_n", "unit", "value"]
_TEXT = [name for name in UNIT_COLUMNS if name != "value"]


def write_units(path: Path, units: pd.DataFrame, **names: str) -> None:
    """Write the scores of an experiment's units, a row a unit and metric; what is not defined is left out.

    Parameters
    ----------
    units : DataFrame
        ``metric, unit_of_n, unit, value``, seeds aggregated: the mean over units is the experiment's score.
    names : str
        ``study, family, dataset, experiment``, and ``protocol`` unless it is a column.
    """
    table = units.assign(**names).reindex(columns=UNIT_COLUMNS)
    write_csv(path, table.dropna(subset=["value"]))


def read_units(paths: Iterable[Path]) -> pd.DataFrame:
    """Scores of the units of several experiments, in the columns of ``UNIT_COLUMNS``.

    Raises
    ------
    DataError
        A file lacks a column, or a unit comes twice.
    """
    frames = [pd.DataFrame(columns=UNIT_COLUMNS)]
    for path in paths:
        frame = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, str), keep_default_na=False, na_values={"value": [""]})
        missing = [name for name in UNIT_COLUMNS if name not in frame]
        twice = [] if missing else frame[frame.duplicated(_TEXT)]["unit"].tolist()
        if missing or twice:
            what = f"column `{missing[0]}` is missing" if missing else f"unit `{twice[0]}` was scored twice"
            raise DataError(what, where=path, remedy="Delete the file and run snakemake again")
        frames.append(frame[UNIT_COLUMNS])
    return pd.concat([one for one in frames if len(one)] or frames[:1], ignore_index=True)
