"""Kernels that may reorder sums give the same bits where they were compiled and where they are read from the cache."""

import os
import subprocess
import sys

CODE = """
import sys
import numpy as np
from cogmodels.gaze._lowpass_kernels import lowpass_both
from cogmodels.metrics.saliency import _kernels as kernels
maps = list(np.random.default_rng(0).random((200, 24, 32)))
found = []
for name in sys.argv[1].split(","):
    if name == "lowpass":
        walk = np.cumsum(np.random.default_rng(1).normal(size=(2, 800)), 1)
        poles = 0.9 * np.exp(1j * np.array([0.1, -0.1, 0.2, -0.2, 0.0]))
        found += [part.tobytes().hex() for part in lowpass_both(np.full(6, 1e-3), np.poly(poles).real, poles, *walk)]
    else:
        arguments = {"moments": (), "deviations": (0.25,)}[name]
        found += [repr(tuple(map(float, getattr(kernels, name)(one, *arguments)))) for one in maps]
print(hash(tuple(sorted(found))))
"""


def run(names, cache, root):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(root), "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [sys.executable, "-c", CODE, names], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_same_bits_compiled_and_from_the_cache(tmp_path, root):
    first, cached = (run("moments,lowpass", tmp_path / "one", root) for _ in range(2))
    assert first == cached
    # Compiled after its neighbour had been, in another process.
    run("deviations", tmp_path / "two", root)
    assert run("moments,lowpass", tmp_path / "two", root) == first
