"""Feature maps of one image, the uniform numbers of 100 scanpaths, and images; drawn once, read by every process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image


def write(folder: Path) -> None:
    """One file of arrays, and a folder of images."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    fine, coarse = rng.normal(size=(1, 152, 24, 32)), rng.normal(size=(1, 320, 12, 16))
    arrays = {"fine": fine.astype(np.float32), "coarse": coarse.astype(np.float32), "draws": rng.random((22, 100, 5))}
    np.savez(folder / "sampling.npz", **arrays)
    (folder / "images").mkdir(exist_ok=True)
    for number in range(24):
        coarse = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((512, 384), Image.Resampling.BICUBIC)
        picture.save(folder / "images" / f"{number:02d}.png")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
