"""The same network, one subject after the other, all responses in memory as float32."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))
from timing import run


def step():
    from steps import prepare

    return prepare(mapped=False, together=False)


if __name__ == "__main__":
    run({"training step": (3, step)}, "torch")
