"""The gaze benchmarks with pymovements."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import asc_file, inputs, run


def degrees_and_velocity():
    import polars
    import pymovements as pm

    data = inputs("recording")
    names = ["xl", "yl", "xr", "yr"]
    columns = np.concatenate([data["left_px"], data["right_px"]], axis=1)
    frame = polars.DataFrame({"time": data["time_ms"].astype(int)} | dict(zip(names, columns.T, strict=True)))
    experiment = pm.Experiment(
        screen_width_px=1280,
        screen_height_px=1024,
        screen_width_cm=38,
        screen_height_cm=30.4,
        distance_cm=68,
        origin="upper left",
        sampling_rate=1000,
    )
    gaze = pm.Gaze(frame, experiment, time_column="time", pixel_columns=names)

    # The table is turned into an array outside of what is timed.
    def timed():
        mine = gaze.clone()
        mine.pix2deg()
        mine.pos2vel("fivepoint")
        return Late(mine)

    class Late:
        def __init__(self, mine):
            self.mine = mine

        def __array__(self, dtype=None, copy=None):
            rows = self.mine.samples["velocity"].to_list()
            filled = [[np.nan if v is None else v for v in row] if row else [np.nan] * 4 for row in rows]
            both = np.array(filled, dtype=float)
            return np.stack([both[:, :2].T, both[:, 2:].T]).astype(dtype or float)

    return timed


def ivt():
    from pymovements.events import ivt

    data = inputs("recording")
    return lambda: spans(
        ivt(velocities=data["velocity"], timesteps=data["time_ms"], minimum_duration=100, velocity_threshold=45)
    )


def idt():
    from pymovements.events import idt

    data = inputs("recording")
    time = data["time_ms"].astype(int)
    return lambda: spans(idt(positions=data["left"], timesteps=time, minimum_duration=100, dispersion_threshold=1.0))


def engbert():
    from pymovements.events import microsaccades

    data = inputs("recording")
    return lambda: spans(
        microsaccades(velocities=data["velocity"], timesteps=data["time_ms"], minimum_duration=6, threshold_factor=6)
    )


def asc():
    from pymovements.gaze import from_asc

    path = asc_file()

    class Late:
        def __init__(self, gaze):
            self.gaze = gaze

        def __array__(self, dtype=None, copy=None):
            rows = self.gaze.samples["pixel"].to_list()
            return np.array([[np.nan if v is None else v for v in row] for row in rows], dtype=dtype or float)

    return lambda: Late(from_asc(path, patterns="eyelink"))


def spans(events):
    """First and last time stamp (ms, so samples at 1000 Hz) of each event."""
    return events.frame.select(["onset", "offset"]).to_numpy()


if __name__ == "__main__":
    run(
        {
            "degrees and velocity": (3, degrees_and_velocity),
            "I-VT": (21, ivt),
            "I-DT": (1, idt),
            "Engbert-Kliegl": (21, engbert),
            "EyeLink ASC": (3, asc),
        },
        "pymovements",
    )
