"""What each benchmark process does: run one task several times, and say how long it took, in one line of JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np


def run(tasks: dict[str, tuple[int, Callable[[], Callable[[], Any]]]], package: str) -> None:
    """Run the task that the command line names (``<task> <inputs> <result.npy>``).

    ``tasks``: name -> repeats, and a function that reads the inputs and returns what is timed. What that returns is
    saved, so that ours and the peer's can be compared. Repeats of 1 are cold: the first call counts.
    """
    name, _, result = sys.argv[1:4]
    repeats, prepare = tasks[name]
    work = prepare()
    started = time.perf_counter()
    found = work()
    first = time.perf_counter() - started
    seconds = [first] if repeats == 1 else []
    for _ in range(repeats if repeats > 1 else 0):
        started = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - started)
    np.save(Path(result), np.asarray(found, dtype=float))
    print(
        json.dumps(
            {
                "seconds": median(seconds),
                "first": first,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "version": version(package),
            }
        )
    )


def inputs(name: str) -> dict[str, np.ndarray]:
    """The arrays of an input file."""
    with np.load(Path(sys.argv[2]) / f"{name}.npz") as file:
        return dict(file)


def asc_file() -> Path:
    """The EyeLink text file among the inputs."""
    return Path(sys.argv[2]) / "eyelink.asc"
