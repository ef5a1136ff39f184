"""Our kernels beside their peers: same input, one thread, a process a task, each peer in an environment of its own.

`python benchmarks/bench.py gaze` makes the environments under `.bench/`, runs what `benchmarks/gaze/benchmark.yaml`
lists and writes `benchmarks/results/gaze.csv`. A target that is missed is printed as missed; a peer that cannot be
installed or fails is printed as such, and has no ratio.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
STORE = ROOT / ".bench"
THREADS = [f"{name}_NUM_THREADS" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")] + ["POLARS_MAX_THREADS"]
COLUMNS = [
    "area", "task", "size", "ours_s", "peer", "peer_version", "peer_s", "ratio", "ours_peak_mb", "peer_peak_mb",
    "agreement", "machine", "date", "ours_compile_s", "target", "reached",
]  # fmt: skip


def environment(peer: str, settings: dict) -> Path:
    """Python of the peer's own environment, made where it is missing; ours, where the peer is our own code."""
    if settings.get("own"):
        return Path(sys.executable)
    folder = STORE / peer
    python, stamp = folder / "bin" / "python", folder / ".installed"
    wanted = json.dumps(settings, sort_keys=True)
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"installing {peer} ...", flush=True)
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if settings.get("build"):
        subprocess.run([*pip, *settings["build"]], check=True)
    shared = ["--no-build-isolation"] if settings.get("build") else []
    subprocess.run([*pip, *shared, *settings["requirements"]], check=True)
    stamp.write_text(wanted)
    return python


def measure(python: Path, script: Path, task: str, inputs: Path, cache: Path) -> tuple[dict, np.ndarray]:
    """Run a task in a process of its own, on one thread, with nothing compiled before."""
    result = cache / "result.npy"
    done = subprocess.run(
        [str(python), str(script), task, str(inputs), str(result)],
        env={**os.environ, **dict.fromkeys(THREADS, "1"), "NUMBA_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    return json.loads(done.stdout.strip().splitlines()[-1]), np.load(result)


def agreement(ours: np.ndarray, theirs: np.ndarray, events: bool, error: str | None = None) -> str:
    """How far the results are the same; of tasks that return errors against the truth, in which unit: how large."""
    if error:
        return f"median error {np.median(ours):.3g} {error} (ours) and {np.median(theirs):.3g} {error}"
    if events:
        both = {tuple(row) for row in ours.tolist()} & {tuple(row) for row in theirs.tolist()}
        return f"{len(both)} events equal of {len(ours)} (ours) and {len(theirs)}"
    if ours.shape != theirs.shape:
        return f"shapes {ours.shape} and {theirs.shape}"
    known = ~(np.isnan(ours) | np.isnan(theirs))
    odd = int((np.isnan(ours) != np.isnan(theirs)).sum())
    apart = np.abs(ours - theirs)[known].max(initial=0.0)
    return f"largest difference {apart:.1e}" + (f", {odd} undefined in one only" if odd else "")


def machine() -> str:
    """Processor and number of cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"


def bench(area: str) -> pd.DataFrame:
    """Measure all tasks of an area."""
    plan = yaml.safe_load((HERE / area / "benchmark.yaml").read_text())
    inputs = STORE / f"{area}-inputs"
    subprocess.run([sys.executable, str(HERE / area / "inputs.py"), str(inputs)], check=True)
    rows, mine = [], {}
    for entry in plan["tasks"]:
        task, peer = entry["task"], entry["peer"]
        with tempfile.TemporaryDirectory() as folder:
            if task not in mine:
                mine[task] = measure(Path(sys.executable), HERE / area / "ours.py", task, inputs, Path(folder))
        ours, found = mine[task]
        row = {
            "area": area, "task": task, "size": entry["size"], "ours_s": ours["seconds"], "peer": peer,
            "ours_peak_mb": ours["peak_mb"], "machine": machine(), "date": datetime.date.today().isoformat(),
            "ours_compile_s": max(ours["first"] - ours["seconds"], 0.0), "target": entry.get("target"),
        }  # fmt: skip
        try:
            python = environment(peer, plan["peers"][peer])
            with tempfile.TemporaryDirectory() as folder:
                theirs, expected = measure(python, HERE / area / f"peer_{peer}.py", task, inputs, Path(folder))
            row |= {
                "peer_version": theirs["version"], "peer_s": theirs["seconds"], "peer_peak_mb": theirs["peak_mb"],
                "ratio": theirs["seconds"] / ours["seconds"],
                "agreement": agreement(found, expected, entry.get("events", False), entry.get("error")),
            }  # fmt: skip
            if row["target"]:
                row["reached"] = "yes" if row["ratio"] >= row["target"] else "MISSED"
        except (RuntimeError, subprocess.CalledProcessError) as error:
            row |= {"agreement": f"the peer failed: {error}", "reached": "not measured"}
        rows.append(row)
        print(_line(row), flush=True)
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def _line(row: dict) -> str:
    """A row as it is printed."""
    ours, theirs = 1000 * row["ours_s"], 1000 * row.get("peer_s", np.nan)
    return (
        f"{row['task']:22s} {row['peer']:14s} ours {ours:9.3f} ms  peer {theirs:11.1f} ms  "
        f"ratio {row.get('ratio', np.nan):8.1f}  target {row['target'] or '-':>5}  {row.get('reached', '')}  "
        f"({row['agreement']})"
    )


if __name__ == "__main__":
    areas = sys.argv[1:] or sorted(path.parent.name for path in HERE.glob("*/benchmark.yaml"))
    for name in areas:
        table = bench(name)
        (HERE / "results").mkdir(exist_ok=True)
        table.to_csv(HERE / "results" / f"{name}.csv", index=False, float_format="%.6g")
