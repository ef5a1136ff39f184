"""The gaze benchmarks with cogmodels."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import asc_file, inputs, run

from cogmodels.gaze.recording import Screen

SCREEN = Screen((1280, 1024), (0.38, 0.304), 0.68)


def degrees_and_velocity():
    from cogmodels.gaze.geometry import pixels_to_degrees
    from cogmodels.gaze.velocity import velocity

    data = inputs("recording")
    eyes = [tuple(np.ascontiguousarray(data[eye].T)) for eye in ("left_px", "right_px")]

    def work():
        return [velocity(*pixels_to_degrees(x, y, SCREEN), 1000.0) for x, y in eyes]

    return work


def ivt():
    from cogmodels.gaze.ivt import ivt_runs

    data = inputs("recording")
    vx, vy = np.ascontiguousarray(data["velocity"].T)
    return lambda: runs(*ivt_runs(np.sqrt(vx * vx + vy * vy), data["time_ms"], 45.0, 100.0))


def idt():
    from cogmodels.gaze.idt import idt_runs

    x, y = np.ascontiguousarray(inputs("recording")["left"].T)
    return lambda: runs(*idt_runs(x, y, 1.0, 100))


def engbert():
    from cogmodels.gaze.engbert import engbert_saccades

    data = inputs("recording")
    vx, vy = np.ascontiguousarray(data["velocity"].T)
    return lambda: runs(*engbert_saccades(vx, vy, data["time_ms"], minimum_duration=6))


def remodnav():
    from cogmodels.gaze.remodnav import remodnav_events

    x, y = np.ascontiguousarray(inputs("recording")["left_px"].T)
    return lambda: remodnav_events(x, y, 1 / 40.9968, 1000.0)[:, :2]


def i2mc():
    from cogmodels.gaze.i2mc import i2mc_fixations

    data = inputs("recording")
    eyes = [tuple(np.ascontiguousarray(data[eye][:15000].T)) for eye in ("left_px", "right_px")]
    time = data["time_ms"][:15000] / 1000
    return lambda: runs(*i2mc_fixations(time, eyes, 1000.0, 1280.0))


def moving_rms():
    from cogmodels.gaze.quality import moving_window

    x, y = np.ascontiguousarray(inputs("recording")["left"].T)
    return lambda: [np.nanmedian(moving_window(x, y, 200))]


def precision():
    from cogmodels.gaze.quality import bcea, rms_s2s, std

    x, y = np.ascontiguousarray(inputs("recording")["left"].T)
    return lambda: [rms_s2s(x, y), std(x, y), bcea(x, y)]


def asc():
    from cogmodels.data.gaze_files.asc import read_asc

    path = asc_file()

    def work():
        file = read_asc(path)
        return np.column_stack([file.eyes["left"][:, :2], file.eyes["right"][:, :2]])

    return work


def multimatch(grouping=False):
    from cogmodels.metrics.scanpath.multimatch import multimatch
    from cogmodels.metrics.scanpath.paths import pack

    first, second = (pack(list(paths)) for paths in inputs("scanpaths")["paths"])
    pairs = np.column_stack([np.arange(100)] * 2)
    options = {"grouping": True, "amplitude_px": 146.8} if grouping else {}
    return lambda: multimatch(first, second, (1280, 720), pairs=pairs, **options)


def sequence():
    from cogmodels.metrics.scanpath.paths import Scanpaths
    from cogmodels.metrics.scanpath.strings import sequence_score

    offsets, zeros = np.arange(101) * 20, np.zeros(2000)
    first, second = (Scanpaths(zeros, zeros, zeros, offsets, s.ravel()) for s in inputs("scanpaths")["symbols"])
    pairs = np.column_stack([np.arange(100)] * 2)
    return lambda: sequence_score(first, second, pairs=pairs)


def saliency(metric):
    from cogmodels.metrics.saliency import densities, fixated

    def prepare():
        data = inputs("saliency")
        (first, second), x, y = data["maps"], data["x"], data["y"]
        logs = [np.log((m + 1e-3) / (m + 1e-3).sum()) for m in (first, second)]
        return {
            "nss": lambda: [fixated.nss(first, x, y)],
            "auc": lambda: [fixated.auc(first, x, y)],
            "auc_judd": lambda: [fixated.auc_judd(first, x, y)],
            "cc": lambda: [densities.cc(first, second)],
            "sim": lambda: [densities.sim(first, second)],
            "kl_mit": lambda: [densities.kld(first, second, convention="mit")],
            "kl": lambda: [densities.kld_of_logs(*logs)],
        }[metric]

    return prepare


def runs(starts, stops):
    """First and last sample of each event."""
    return np.column_stack([starts, np.asarray(stops) - 1])


if __name__ == "__main__":
    run(
        {
            "degrees and velocity": (5, degrees_and_velocity),
            "I-VT": (21, ivt),
            "I-DT": (21, idt),
            "Engbert-Kliegl": (21, engbert),
            "REMoDNaV": (3, remodnav),
            "I2MC": (3, i2mc),
            "moving-window RMS": (5, moving_rms),
            "RMS, STD, BCEA": (5, precision),
            "EyeLink ASC": (5, asc),
            "MultiMatch": (51, multimatch),
            "MultiMatch, grouped": (51, lambda: multimatch(grouping=True)),
            "sequence score": (51, sequence),
            **{
                task: (21, saliency(metric))
                for task, metric in {
                    "NSS": "nss",
                    "AUC": "auc",
                    "AUC-Judd": "auc_judd",
                    "CC": "cc",
                    "SIM": "sim",
                    "KL": "kl",
                    "KL, MIT": "kl_mit",
                }.items()
            },
        },
        "cogmodels",
    )
