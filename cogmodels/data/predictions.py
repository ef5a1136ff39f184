"""What a model leaves: predictions of held-out trials as Parquet, weights as safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.files import whole

REQUIRED = ("subject", "session", "run", "trial", "stimulus", "label", "split", "fold", "draw", "predicted")
#: Columns that may hold vectors.
VECTORS = ("predicted", "reconstructed")


def write_predictions(path: Path, predictions: pd.DataFrame) -> None:
    """Write predictions; ``predicted`` holds a label or a vector a row, ``reconstructed``, where it is, an image.

    Same table, same bytes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {}
    for name in predictions:
        values = predictions[name]
        if name in VECTORS and isinstance(values.iloc[0], np.ndarray):
            vectors = np.stack(values.to_numpy()).astype(np.float32)
            flat = pa.array(vectors.ravel())
            columns[name] = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
        elif pd.api.types.is_numeric_dtype(values):
            columns[name] = pa.array(values.to_numpy())
        else:
            columns[name] = pa.array([None if pd.isna(value) else str(value) for value in values], pa.string())
    with whole(path) as temporary:
        pq.write_table(pa.table(columns), temporary, compression="zstd")


def read_predictions(paths: list[Path], *, images: bool = False) -> pd.DataFrame:
    """Predictions of one experiment, all folds and seeds; ``predicted`` is a label or an array (d,) a row.

    Decoded images, which are large, are left out unless asked for: then ``reconstructed`` is (3 side^2,) a row.

    Raises
    ------
    DataError
        A file is missing, damaged, or lacks columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    frames = []
    for path in map(Path, paths):
        try:
            known = pq.read_schema(path).names
            table = pq.read_table(path, columns=[name for name in known if images or name != "reconstructed"])
        except (OSError, pa.ArrowInvalid) as error:
            raise DataError(
                f"these predictions cannot be read ({error})",
                where=path,
                remedy="Delete the file and run snakemake again",
            ) from None
        wanted = [*REQUIRED, *(["reconstructed"] if images else [])]
        missing = [name for name in wanted if name not in table.column_names]
        if missing:
            raise DataError(
                f"column `{missing[0]}` is missing; there are {', '.join(table.column_names)}",
                where=path,
                remedy="Delete the file and run snakemake again",
            )
        vectors = [name for name in VECTORS if name in table.column_names]
        frame = table.drop_columns(vectors).to_pandas()
        for name in vectors:
            column = table.column(name).combine_chunks()
            if pa.types.is_fixed_size_list(column.type):
                frame[name] = list(column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1))
            else:
                frame[name] = column.to_pylist()
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def write_weights(path: Path, weights: Mapping[str, np.ndarray]) -> None:
    """Named arrays as safetensors, which hold numbers and no code."""
    from safetensors.numpy import save_file

    with whole(path) as temporary:
        save_file(dict(weights), temporary)


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """What :func:`write_weights` wrote.

    Raises
    ------
    DataError
        The file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise DataError(
            f"these weights cannot be read ({error})", where=path, remedy="Delete the file and run snakemake again"
        ) from None
