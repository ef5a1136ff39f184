"""A Responses table written a piece at a time, for responses that memory does not hold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.tables import TRIAL_COLUMNS, Responses, check_responses, typed_columns
from cogmodels.errors import DataError
from cogmodels.files import whole


def stream_responses(
    path: Path, trials: pd.DataFrame, pieces: Iterable[np.ndarray], *, precision: str = "float32"
) -> None:
    """Write a Responses table whose values come in pieces; same trials and pieces, same bytes.

    Parameters
    ----------
    path : path
    trials : DataFrame
        Columns of ``TRIAL_COLUMNS``, a row a trial.
    pieces : iterable of arrays (n, n_features)
        Values of the trials, in order.
    precision : {"float32", "float16"}
        How they lie on disk; readers of models see float32.

    Raises
    ------
    DataError
        What :func:`~cogmodels.data.tables.check_responses` refuses; another number of trials than values.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    trials = trials[TRIAL_COLUMNS].reset_index(drop=True)
    check_responses(Responses(trials, np.zeros((len(trials), 0))), path)
    head = pa.Table.from_pandas(typed_columns(trials), preserve_index=False).replace_schema_metadata(None)
    writer, done = None, 0
    with whole(path) as temporary:
        try:
            for piece in pieces:
                values = np.ascontiguousarray(piece, dtype=precision)
                rows = trials.iloc[done : done + len(values)]
                check_responses(Responses(rows, values), path)
                vectors = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
                table = head.slice(done, len(values)).append_column("response", vectors)
                if writer is None:
                    writer = pq.ParquetWriter(temporary, table.schema, compression="zstd")
                if table.schema != writer.schema:
                    raise DataError(
                        f"{values.shape[1]} features, other trials have another number",
                        where=path,
                        remedy="Use one mask for all sessions",
                    )
                writer.write_table(table)
                done += len(values)
        finally:
            if writer is not None:
                writer.close()
        if done != len(trials):
            raise DataError(f"{done} values for {len(trials)} trials", where=path, remedy="Convert the data set again")
