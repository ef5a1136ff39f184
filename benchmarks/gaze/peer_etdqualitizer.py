"""Quality with ETDQualitizer."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import inputs, run


def moving_rms():
    import ETDQualitizer as etdq

    x, y = np.ascontiguousarray(inputs("recording")["left"].T)
    return lambda: [etdq.precision_using_moving_window(x, y, 200, "RMS-S2S")]


def precision():
    import ETDQualitizer as etdq

    x, y = np.ascontiguousarray(inputs("recording")["left"].T)
    return lambda: [first(etdq.rms_s2s(x, y)), first(etdq.std(x, y)), first(etdq.bcea(x, y))]


def first(found):
    """The measure itself, without its parts along the axes."""
    return found[0] if isinstance(found, tuple) else found


if __name__ == "__main__":
    run({"moving-window RMS": (1, moving_rms), "RMS, STD, BCEA": (5, precision)}, "ETDQualitizer")
