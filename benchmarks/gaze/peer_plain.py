"""The sequence score as the scanpath models' own code computes it: a table filled in plain Python.

Nobody publishes it as a package, so this is written from its definition, with one `np.max` a cell as theirs has.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import inputs, run


def sequence():
    first, second = inputs("scanpaths")["symbols"]

    def score(one, two):
        table = np.zeros((len(one) + 1, len(two) + 1), dtype=np.float32)
        for i in range(1, len(one) + 1):
            for j in range(1, len(two) + 1):
                same = 1.0 if one[i - 1] == two[j - 1] else 0.0
                table[i, j] = np.max([table[i - 1, j - 1] + same, table[i - 1, j], table[i, j - 1]])
        return table[-1, -1] / max(len(one), len(two))

    return lambda: [score(one, two) for one, two in zip(first, second, strict=True)]


if __name__ == "__main__":
    run({"sequence score": (5, sequence)}, "numpy")
