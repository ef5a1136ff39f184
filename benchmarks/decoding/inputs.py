"""Responses of eight subjects in float16, each in a file of its own, targets, and a ridge problem; drawn once."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

VOXELS = (15724, 14278, 15226, 13153, 13039, 17907, 12682, 14386)
STIMULI = 1000


def write(folder: Path) -> None:
    """SIMULATED: noise of the shape of responses and targets; ridge with a signal."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for subject, width in enumerate(VOXELS):
        np.save(folder / f"sub-{subject + 1}.npy", rng.normal(size=(STIMULI, width // 5)).astype(np.float16))
    sizes = {"image": 4096, "text": 1024}
    arrays = {name: rng.normal(size=(STIMULI, d)).astype(np.float32) for name, d in sizes.items()}
    np.savez(folder / "targets.npz", **arrays)
    values = rng.normal(size=(1000, 600)).astype(np.float32)
    weights = rng.normal(scale=0.1, size=(600, 10_000)).astype(np.float32)
    noise = rng.normal(scale=3.0, size=(1000, 10_000)).astype(np.float32)
    np.savez(folder / "ridge.npz", values=values, targets=values @ weights + noise)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
