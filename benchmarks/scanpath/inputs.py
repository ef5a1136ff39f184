"""Feature maps, uniform numbers of 100 scanpaths, scanpaths to learn from, images; drawn once for all processes."""

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
    # Two images with 15 scanpaths each, of 4 to 12 fixations.
    there = np.arange(12) < rng.integers(4, 13, (2, 15))[..., None]
    xy, duration = rng.uniform((0, 0), (799, 599), (*there.shape, 2)), rng.uniform(0.1, 0.5, there.shape)
    given = {"xy": xy.astype(np.float32), "duration": duration.astype(np.float32), "there": there}
    np.savez(folder / "training.npz", **given, person=np.zeros((2, 15), int))
    for name, shape in (("fine", (152, 24, 32)), ("coarse", (320, 12, 16))):
        np.save(folder / f"training-{name}.npy", rng.normal(size=(2, *shape)).astype(np.float32))
    (folder / "images").mkdir(exist_ok=True)
    for number in range(24):
        coarse = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((512, 384), Image.Resampling.BICUBIC)
        picture.save(folder / "images" / f"{number:02d}.png")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
