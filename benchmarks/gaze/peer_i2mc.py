"""I2MC with its own package."""

import random
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import inputs, run


def i2mc():
    import I2MC

    data = inputs("recording")
    n = 15000
    columns = {"time": data["time_ms"][:n]}
    for side, eye in (("L", "left_px"), ("R", "right_px")):
        x, y = data[eye][:n].T
        columns |= {f"{side}_X": np.where(np.isnan(x), -1280, x), f"{side}_Y": np.where(np.isnan(y), -1024, y)}
    options = {
        "xres": 1280, "yres": 1024, "freq": 1000, "missingx": -1280, "missingy": -1024, "scrSz": [38, 30.4],
        "disttoscreen": 68,
    }  # fmt: skip

    def work():
        np.random.seed(0)  # noqa: NPY002
        random.seed(0)
        found, *_ = I2MC.I2MC({name: values.copy() for name, values in columns.items()}, options, logging=False)
        return np.column_stack([found["start"], found["end"]])

    return work


if __name__ == "__main__":
    run({"I2MC": (1, i2mc)}, "I2MC")
