"""Peak memory of single-trial models by the number of runs, as the rule `estimate_trials` reads them: simulated runs
of 300 volumes of 30 000 voxels, 60 trials each.

    python benchmarks/fmri/memory.py        # writes benchmarks/results/fmri_memory.csv
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))
SHAPE, VOXELS, VOLUMES, TRIALS, REPETITION_TIME = (48, 56, 40), 30_000, 300, 60, 2.0
GOAL_MB = 2000
RESULTS = Path(__file__).parents[1] / "results" / "fmri_memory.csv"


def mask():
    """The 30 000 voxels nearest to the middle."""
    places = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), -1) - (np.array(SHAPE) - 1) / 2
    far = (places**2).sum(-1).ravel()
    inside = np.zeros(far.size, dtype=bool)
    inside[np.argsort(far, kind="stable")[:VOXELS]] = True
    return inside.reshape(SHAPE)


def write(path):
    from cogmodels.data.bold import write_bold

    data = np.random.default_rng(0).normal(1000, 20, (*SHAPE, VOLUMES)).astype(np.float32)
    write_bold(path, data, np.diag([4.0, 4.0, 4.0, 1.0]), REPETITION_TIME, {})


def estimate(path, method, runs):
    """One process: betas of so many runs; prints its peak."""
    from cogmodels.data.bold import stored_runs
    from cogmodels.fmri.trial_models import subject_betas

    events, trials = [], []
    for run in range(runs):
        rng = np.random.default_rng(run)
        events.append(pd.DataFrame({"onset": 9.0 * np.arange(TRIALS) + rng.uniform(0, 1, TRIALS), "duration": 1.0}))
        names = rng.permutation(TRIALS).astype(str)
        trials.append(pd.DataFrame({"stimulus": names, "label": names, "split": "none"}))
    with stored_runs([path] * runs, mask(), path.parent) as (stored, timing):
        betas = subject_betas(stored, events, trials, timing, method=method)
    assert all(np.isfinite(part).all() for part in betas)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, sum(part.nbytes for part in betas) / 2**20)


def main():
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sub-01_task-simulated_run-01_bold.nii.gz"
        subprocess.run([sys.executable, __file__, "write", str(path)], check=True)
        for method in ("lss", "D"):
            for runs in (3, 12):
                done = subprocess.run(
                    [sys.executable, __file__, "estimate", str(path), method, str(runs)],
                    check=True, capture_output=True, text=True, env={**os.environ, "NUMBA_NUM_THREADS": "1"},
                )  # fmt: skip
                peak, betas = map(float, done.stdout.split())
                rows.append({"method": method, "runs": runs, "peak_mb": round(peak), "betas_mb": round(betas)})
                reached = "yes" if peak < GOAL_MB else "MISSED"
                print(f"{method:4} {runs:3} runs  peak {peak:5.0f} MB (betas {betas:.0f})  goal {GOAL_MB}  {reached}")
    pd.DataFrame(rows).to_csv(RESULTS, index=False)


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            main()
        case ["write", path]:
            write(Path(path))
        case ["estimate", path, method, runs]:
            estimate(Path(path), method, int(runs))
