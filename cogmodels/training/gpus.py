"""Whether this machine has a GPU, told without starting torch."""

from __future__ import annotations

import platform
from pathlib import Path


def gpu_here(root: Path = Path("/")) -> bool:
    """Whether a driver of NVIDIA or AMD shows a GPU below ``root``, or this is one of Apple's chips.

    What torch can use of it is another question: `cogmodels doctor` answers that.
    """
    if platform.system() == "Darwin":
        return platform.machine() == "arm64"
    signs = ("proc/driver/nvidia/gpus/*", "dev/nvidia[0-9]*", "dev/dxg", "dev/kfd")
    return any(next(root.glob(pattern), None) for pattern in signs)
