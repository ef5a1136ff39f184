"""Displays of the search benchmarks, drawn once, read by every process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from cogmodels.search.stimuli import EXPERIMENTS, make_display

#: Task -> experiment, set size, displays.
TASKS = {"curvature": (16, 8), "lighting": (6, 12), "t-l": (6, 4)}


def write(folder: Path) -> None:
    """One file an experiment."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (size, n) in TASKS.items():
        experiment = EXPERIMENTS[name]
        condition = experiment.conditions[1].name
        drawn = [make_display(experiment, condition, size, k) for k in range(n)]
        np.savez(
            folder / f"{name}.npz",
            images=np.stack([one.image for one in drawn]),
            target=drawn[0].target,
            cells=drawn[0].cells,
            found=np.array([one.target_cell for one in drawn]),
            background=experiment.background,
            most=experiment.most_fixations,
            blur=np.array(experiment.blur),
        )


if __name__ == "__main__":
    write(Path(sys.argv[1]))
