"""Feature maps of one image and the uniform numbers of 100 scanpaths, drawn once, read by every process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np


def write(folder: Path) -> None:
    """One file."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    fine, coarse = rng.normal(size=(1, 152, 24, 32)), rng.normal(size=(1, 320, 12, 16))
    arrays = {"fine": fine.astype(np.float32), "coarse": coarse.astype(np.float32), "draws": rng.random((22, 100, 5))}
    np.savez(folder / "sampling.npz", **arrays)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
