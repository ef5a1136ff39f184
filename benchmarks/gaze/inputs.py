"""Inputs of the gaze benchmarks, the same for all: written once, read by every process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

# 1280 px on 38 cm, 68 cm away.
PIXELS_PER_DEGREE = 1280 / (2 * np.degrees(np.arctan2(38 / 2, 68)))
CENTRE = np.array([639.5, 511.5])


def recording(minutes: float = 10.0, rate: float = 1000.0, seed: int = 0, blink_every_s: float = 4.0) -> dict:
    """Both eyes (n, 2), degrees and px: fixations with drift, minimum-jerk saccades, blinks as NaN."""
    rng = np.random.default_rng(seed)
    n = int(minutes * 60 * rate)
    gaze = np.empty((n, 2))
    start, here = 0, np.zeros(2)
    while start < n:
        length = int(np.clip(rng.lognormal(np.log(0.25), 0.4), 0.08, 1.0) * rate)
        stop = min(n, start + length)
        gaze[start:stop] = here + np.cumsum(rng.normal(0, 0.004, (stop - start, 2)), axis=0) * np.sqrt(1000 / rate)
        here, start = gaze[stop - 1].copy(), stop
        if start >= n:
            break
        target = np.array([rng.uniform(-13, 13), rng.uniform(-9, 9)])
        length = max(int((0.021 + 0.0022 * np.hypot(*(target - here))) * rate), 4)
        phase = np.linspace(0, 1, length)
        way = 10 * phase**3 - 15 * phase**4 + 6 * phase**5
        stop = min(n, start + length)
        gaze[start:stop] = here + way[: stop - start, None] * (target - here)
        here, start = target, stop
    left = gaze + rng.normal(0, 0.015, gaze.shape)
    right = gaze + np.array([0.3, 0.05]) + rng.normal(0, 0.015, gaze.shape)
    blink = 0
    while True:
        blink += int(rng.exponential(blink_every_s) * rate) + int(0.5 * rate)
        if blink >= n:
            break
        length = int(rng.uniform(0.08, 0.25) * rate)
        left[blink : blink + length] = right[blink : blink + length] = np.nan
        blink += length
    return {
        "time_ms": np.arange(n) * 1000.0 / rate,
        "left": left,
        "right": right,
        "left_px": left * PIXELS_PER_DEGREE + CENTRE,
        "right_px": right * PIXELS_PER_DEGREE + CENTRE,
    }


def five_point(position: np.ndarray, rate: float = 1000.0) -> np.ndarray:
    """Velocity (n, 2); NaN at two samples of each edge."""
    velocity = np.full(position.shape, np.nan)
    p = position
    velocity[2:-2] = (p[4:] + p[3:-1] - p[1:-3] - p[:-4]) * rate / 6
    return velocity


def scanpath_pairs(seed: int = 0) -> dict:
    """100 pairs of 20 fixations on 1280 x 720 px with durations (s), and of 20 symbols of 8."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, 1, (2, 100, 20, 2)) * [1280, 720]
    return {
        "paths": np.concatenate([place, rng.uniform(0.1, 0.6, (2, 100, 20, 1))], axis=-1),
        "symbols": rng.integers(0, 8, (2, 100, 20)),
    }


def saliency(seed: int = 0) -> dict:
    """Two maps of 768 x 1024 (filtered noise) and 200 fixations around the centre."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    maps = np.stack([gaussian_filter(rng.normal(size=(768, 1024)), 30) for _ in range(2)])
    maps -= maps.min(axis=(1, 2), keepdims=True)
    x = np.clip(rng.normal(512, 200, 200), 0, 1023).astype(int)
    y = np.clip(rng.normal(384, 150, 200), 0, 767).astype(int)
    return {"maps": maps, "x": x, "y": y}


HEADER = """** CONVERTED FROM bench.edf using edfapi 4.2.1 Linux
** DATE: Wed Mar  8 09:25:20 2023
** TYPE: EDF_FILE BINARY EVENT SAMPLE TAGGED
** VERSION: EYELINK II 1
** SOURCE: EYELINK CL
** EYELINK II CL v6.12 Feb  1 2018 (EyeLink Portable Duo)
** CAMERA: EyeLink USBCAM Version 1.01
** SERIAL NUMBER: CLU-DAB50
** CAMERA_CONFIG: DAB50200.SCD
**

MSG\t99000 DISPLAY_COORDS 0 0 1279 1023
MSG\t99990 RECCFG CR 1000 2 1 LR
MSG\t99990 ELCLCFG BTABLER
MSG\t99990 GAZE_COORDS 0.00 0.00 1279.00 1023.00
MSG\t99990 THRESHOLDS L 102 228 R 114 230
MSG\t99990 ELCL_PROC ELLIPSE (5)
START\t100000 \tLEFT\tRIGHT\tSAMPLES\tEVENTS
PRESCALER\t1
VPRESCALER\t1
PUPIL\tAREA
EVENTS\tGAZE\tLEFT\tRIGHT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2
SAMPLES\tGAZE\tLEFT\tRIGHT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2
"""


def asc(path: Path, data: dict, samples: int = 40_000) -> None:
    """A binocular EyeLink text file of about 2 MB: samples, a fixation event of each eye and a message each second."""
    lines = [HEADER]
    left, right = data["left_px"], data["right_px"]
    for i in range(samples):
        now = 100_000 + i
        cells = []
        for values in (left[i], right[i]):
            cells += (
                ["   .", "   .", "    0.0"] if np.isnan(values[0]) else [f" {v:6.1f}" for v in values] + ["  300.0"]
            )
        lines.append(f"{now}\t" + "\t".join(cells) + "\t.....\n")
        if i % 1000 == 999:
            lines.append(f"MSG\t{now} TRIALID {i // 1000}\n")
            for eye in "LR":
                lines.append(f"SFIX {eye}   {now - 300}\n")
                lines.append(f"EFIX {eye}   {now - 300}\t{now}\t301\t  640.0\t  512.0\t    300\n")
    lines.append(f"END\t{100_000 + samples} \tSAMPLES\tEVENTS\tRES\t  37.17\t  37.75\n")
    path.write_text("".join(lines))


def write(folder: Path) -> None:
    """All inputs into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    data = recording()
    velocity = five_point(data["left"])
    np.savez(folder / "recording.npz", **data, velocity=velocity)
    np.savez(folder / "scanpaths.npz", **scanpath_pairs())
    np.savez(folder / "saliency.npz", **saliency())
    asc(folder / "eyelink.asc", data)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
