"""Feature maps on disk, by digest of all that they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cogmodels.files import whole


class FeatureCache:
    """Arrays in a folder, each under the digest of what it was made from; what is damaged counts as missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    @staticmethod
    def key(**parts: Any) -> str:
        """Digest of what an array depends on."""
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def path(self, key: str) -> Path:
        """File of an array."""
        return self.folder / key[:2] / f"{key}.npy"

    def get(self, keys: Mapping[str, str]) -> dict[str, np.ndarray] | None:
        """Arrays by name, or None unless all are there."""
        found = {}
        for name, key in keys.items():
            try:
                found[name] = np.load(self.path(key), allow_pickle=False)
            except (OSError, ValueError, EOFError):
                return None
        return found

    def put(self, key: str, values: np.ndarray) -> None:
        """Keep an array; it appears when it is whole."""
        with whole(self.path(key)) as temporary:
            np.save(temporary, values, allow_pickle=False)
