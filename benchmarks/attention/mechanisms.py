"""Every attention mechanism beside softmax: milliseconds, memory and parameters; one thread, a process a mechanism.

`python benchmarks/attention/mechanisms.py` writes `benchmarks/results/attention.csv`. Memory is the peak of the process
above what it held before the first pass of all (the peak of a process never falls, so numbers of tokens come in order).
"""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).resolve().parents[1] / "results" / "attention.csv"
SIDES, BATCH, DIM, HEADS, REPEATS = (7, 14, 28), 8, 128, 4, 7


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(place: str, name: str) -> list[dict]:
    """A row a number of tokens."""
    import torch

    from cogmodels.attention.registry import build_attention

    torch.set_num_threads(1)
    rows, before = [], peak_mb()
    for side in SIDES:
        torch.manual_seed(0)
        net = build_attention(name, DIM, HEADS, causal=place == "causal", grid=(side, side))
        x = torch.randn(BATCH, side**2, DIM)
        seconds = []
        for _ in range(REPEATS + 1):
            started = time.perf_counter()
            out, loss = net(x)
            forward = time.perf_counter()
            (out.square().mean() + loss).backward()
            seconds.append((forward - started, time.perf_counter() - forward))
        forwards, backwards = zip(*seconds[1:], strict=True)
        rows.append(
            {
                "place": place, "mechanism": name, "tokens": side**2,
                "forward_ms": 1e3 * median(forwards), "backward_ms": 1e3 * median(backwards),
                "peak_mb": peak_mb() - before, "parameters": sum(p.numel() for p in net.parameters()),
            }
        )  # fmt: skip
    return rows


def main() -> None:
    """Each mechanism at each place in a process of its own, then the ratios to softmax."""
    from cogmodels.attention.registry import MECHANISMS

    rows = []
    for place, stands in (("encoder", "noncausal"), ("causal", "causal")):
        for name in [name for name, one in MECHANISMS.items() if getattr(one.capabilities, stands)]:
            done = subprocess.run(
                [sys.executable, __file__, place, name],
                env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                check=True,
            )
            rows += json.loads(done.stdout.splitlines()[-1])
            print(*rows[-len(SIDES) :], sep="\n", flush=True)
    softmax = {(row["place"], row["tokens"]): row for row in rows if row["mechanism"] == "softmax"}
    for row in rows:
        own, peer = (one["forward_ms"] + one["backward_ms"] for one in (row, softmax[row["place"], row["tokens"]]))
        row["time_over_softmax"] = own / peer
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({k: f"{v:.4g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    if len(sys.argv) == 3:
        print(json.dumps(measure(*sys.argv[1:])))
    else:
        main()
