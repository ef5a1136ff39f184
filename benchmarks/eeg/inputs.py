"""Inputs of the EEG benchmarks, simulated, the same for all: written once, read by every process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

RATE, SAMPLES, EVENTS = 250.0, 75_000, 600
PEOPLE, TRIALS, UCI_RATE = 20, 30, 256.0


def overlapping(seed: int = 0) -> dict[str, np.ndarray]:
    """64 channels of noise (V) with two overlapping responses: ``data``, ``samples``, ``types``."""
    rng = np.random.default_rng(seed)
    samples = np.sort(rng.choice(np.arange(50, SAMPLES - 300), EVENTS, replace=False))
    types = rng.permutation(EVENTS) % 2
    data = rng.normal(0, 1e-5, (64, SAMPLES))
    time = np.arange(226) / RATE - 0.1
    for sample, kind in zip(samples, types, strict=True):
        wave = np.exp(-(((time - 0.1 - 0.1 * kind) / 0.04) ** 2)) * 1e-5
        data[:, sample - 25 : sample + 201] += wave
    return {"data": data, "samples": samples, "types": types}


def epochs(seed: int = 1) -> dict[str, np.ndarray]:
    """500 epochs of 64 x 250 samples of noise that channels share."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(0, 1, (64, 64)) / 8 + np.eye(64)
    return {"values": np.matmul(mixing, rng.normal(0, 10, (500, 64, 250)))}


def recordings(seed: int = 2) -> dict[str, np.ndarray]:
    """20 people's 30 one-second epochs joined, 61 EEG and 2 EOG channels (people, channels, samples), V."""
    rng = np.random.default_rng(seed)
    return {"data": rng.normal(0, 1e-5, (PEOPLE, 63, int(TRIALS * UCI_RATE)))}


def write(folder: Path) -> None:
    """All inputs into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "overlapping.npz", **overlapping())
    np.savez(folder / "epochs.npz", **epochs())
    np.savez(folder / "recordings.npz", **recordings())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
