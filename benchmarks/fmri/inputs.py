"""Inputs of the fMRI benchmarks, simulated, the same for all: written once, read by every process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

REPETITION_TIME, VOLUMES, TRIALS = 2.0, 300, 60
GRID = (48, 56, 40)


def run(voxels: int, seed: int = 0) -> np.ndarray:
    """A run (300, voxels) float32: a mean, drift, 24 confounds, AR(1) noise (0 to .6, as in real voxels)."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((VOLUMES, voxels), dtype=np.float32)
    autocorrelation = rng.uniform(0, 0.6, voxels).astype(np.float32)
    for k in range(1, VOLUMES):
        noise[k] += autocorrelation * noise[k - 1]
    time = np.linspace(-1, 1, VOLUMES, dtype=np.float32)[:, None]
    noise += time * rng.standard_normal((1, voxels), dtype=np.float32)
    noise += confounds().astype(np.float32) @ rng.standard_normal((24, voxels), dtype=np.float32) * np.float32(0.3)
    return 1000 + 10 * noise


def confounds(seed: int = 1) -> np.ndarray:
    """24 random walks and their like (300, 24)."""
    rng = np.random.default_rng(seed)
    walks = np.cumsum(rng.normal(size=(VOLUMES, 6)), axis=0) * 0.1
    steps = np.vstack([np.zeros(6), np.diff(walks, axis=0)])
    return np.hstack([walks, steps, walks**2, steps**2])


def designs() -> dict[str, np.ndarray]:
    """Regressors of 60 trials (300, 60), impulses, and a nuisance: 24 confounds, cosines, the mean."""
    rng = np.random.default_rng(2)
    onsets = 9.0 * np.arange(TRIALS) + rng.uniform(0, 1, TRIALS)
    time = REPETITION_TIME * np.arange(VOLUMES)[:, None] - onsets
    late = np.clip(time, 0, None)
    trials = late**5 * np.exp(-late) / 120 - late**15 * np.exp(-late) / (6 * 1.307674368e12)
    phase = np.pi * (np.arange(VOLUMES) + 0.5) / VOLUMES
    # Periods of 128 s and more.
    cosines = np.cos(phase[:, None] * np.arange(1, int(2 * VOLUMES * REPETITION_TIME / 128) + 1))
    return {"trials": trials, "nuisance": np.hstack([confounds(), cosines, np.ones((VOLUMES, 1))])}


def rigid_matrix(parameters: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """World to world (4, 4): shifts (mm) and turns (radians) about a centre, R = Rx Ry Rz."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(parameters[3:]), np.sin(parameters[3:])
    turn = (
        np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
        @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        @ np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    )
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, centre + parameters[:3] - turn @ centre
    return matrix


def moving_head(volumes: int = 6, seed: int = 3) -> dict[str, np.ndarray]:
    """A head as a formula, moved without interpolation, with 2 % noise: ``volumes``, ``affine``, ``moves`` (n, 4, 4).

    The first volume is the reference; ``moves[k]`` takes a place in it to where that lies in volume k.
    """
    rng = np.random.default_rng(seed)
    shape, affine = (64, 64, 36), np.diag([3.0, 3.0, 3.5, 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * [3.0, 3.0, 3.5]
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) @ affine[:3, :3].T + affine[:3, 3]
    blobs = rng.uniform(-60, 60, (60, 3))
    sizes, heights = rng.uniform(6, 14, 60), rng.uniform(-0.5, 0.5, 60)
    trace = np.vstack([np.zeros(6), rng.normal(size=(volumes - 1, 6)) * [0.6, 0.6, 0.6, 0.01, 0.01, 0.01]])
    moves = np.array([rigid_matrix(row, np.zeros(3)) for row in trace])
    made = []
    for move in moves:
        back = np.linalg.inv(move)
        places = grid @ back[:3, :3].T + back[:3, 3]
        edge = 1 / (1 + np.exp((np.sqrt(((places / [68, 82, 55]) ** 2).sum(-1)) - 1) / 0.06))
        texture = sum(
            height * np.exp(-((places - blob) ** 2).sum(-1) / (2 * size**2))
            for height, blob, size in zip(heights, blobs, sizes, strict=True)
        )
        made.append(1000 * edge * (1 + texture) + 20 * rng.standard_normal(shape))
    return {"volumes": np.stack(made, axis=-1).astype(np.float32), "affine": affine, "moves": moves}


def distance(found, true):
    """Mean distance (mm) between where two moves take points 50 mm around the centre."""
    turns = np.random.default_rng(0).standard_normal((500, 3))
    points = 50 * turns / np.linalg.norm(turns, axis=1, keepdims=True)
    apart = points @ (found[:3, :3] - true[:3, :3]).T + found[:3, 3] - true[:3, 3]
    return np.linalg.norm(apart, axis=1).mean()


def head_run(seed: int = 4) -> dict[str, np.ndarray]:
    """300 volumes of noise on a grid of 4-mm voxels, and a mask of an ellipsoid."""
    rng = np.random.default_rng(seed)
    places = np.stack(np.meshgrid(*map(np.arange, GRID), indexing="ij"), -1) - (np.array(GRID) - 1) / 2
    mask = ((places / (np.array(GRID) / 2 - 4)) ** 2).sum(-1) < 1
    return {"volumes": rng.standard_normal((*GRID, VOLUMES), dtype=np.float32), "mask": mask}


def write(folder: Path) -> None:
    """All inputs into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, voxels in (("run", 30_000), ("large", 100_000)):
        np.savez(folder / f"{name}.npz", data=run(voxels), confounds=confounds(), **designs())
    np.savez(folder / "head.npz", **moving_head())
    np.savez(folder / "smoothing.npz", **head_run())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
