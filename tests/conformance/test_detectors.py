"""Event detectors beside their peers and a human coder."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.io import loadmat

from cogmodels.gaze.engbert import engbert_saccades
from cogmodels.gaze.geometry import pixels_to_degrees
from cogmodels.gaze.idt import idt_runs
from cogmodels.gaze.ivt import ivt_runs
from cogmodels.gaze.recording import Recording, Screen

EXPECTED = Path(__file__).parent / "expected"
COUNTS = {"ivt": (362, 52), "idt": (499, 108), "microsaccades": (680, 71)}


def lund2013(mirror, stimulus, *, coder="RA"):
    """Name, recording (time from the index, (0, 0) lost, true rate) and labels of each hand-labelled file."""
    for path in sorted((mirror / "lund2013" / stimulus).glob(f"*_{coder}.mat")):
        data = loadmat(path, squeeze_me=True)["ETdata"]
        samples = data["pos"].item()
        x, y = samples[:, 3].astype(float), samples[:, 4].astype(float)
        lost = (x == 0) & (y == 0)
        x, y = np.where(lost, np.nan, x), np.where(lost, np.nan, y)
        # Times of the dots files are NaN; two of the others are sampled at 200 Hz, whatever they say.
        steps = np.diff(samples[:, 0]) * 1e-6
        rate = 500.0 if np.isnan(steps).any() else float(round(1 / np.median(steps)))
        screen = Screen(
            tuple(data["screenRes"].item()), tuple(data["screenDim"].item()), float(data["viewDist"].item())
        )
        recording = Recording(time=np.arange(len(x)) / rate, x=x, y=y, sampling_rate=rate, screen=screen)
        yield path.stem, recording, samples[:, 5].astype(int)


def peer_velocity(position: np.ndarray) -> np.ndarray:
    """pymovements' `pos2vel(..., 500, "smooth")`, with its shorter differences at the edges."""
    v = np.empty(len(position))
    v[2:-2] = (position[4:] + position[3:-1] - position[1:-3] - position[:-4]) * 500 / 6
    v[1], v[-2] = (position[2] - position[0]) * 250, (position[-1] - position[-3]) * 250
    v[0], v[-1] = (position[1] - position[0]) * 250, (position[-1] - position[-2]) * 250
    return v


def peer_events(recording: Recording) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What the low-level functions find in the peer's input: degrees and velocity as if at 500 Hz, time in ms."""
    x, y = pixels_to_degrees(recording.x, recording.y, recording.screen)
    vx, vy, time = peer_velocity(x), peer_velocity(y), np.arange(len(x)) * 2.0
    return {
        "ivt": ivt_runs(np.hypot(vx, vy), time, 45.0, 100.0),
        "idt": idt_runs(x, y, 1.0, 50),
        "microsaccades": engbert_saccades(vx, vy, time, minimum_duration=6),
        "microsaccades2003": engbert_saccades(vx, vy, time, minimum_duration=6, sigma="engbert2003"),
    }


@pytest.mark.parametrize("position", [0, 1], ids=["img", "dots"])
def test_events_are_those_of_pymovements(mirror, position):
    stimulus = ("img", "dots")[position]
    expected = pd.read_csv(EXPECTED / "detectors_pymovements_0.28.0.csv")
    counts = dict.fromkeys([*COUNTS, "microsaccades2003"], 0)
    for name, recording, _ in lund2013(mirror, stimulus):
        for detector, (starts, stops) in peer_events(recording).items():
            rows = expected[(expected["recording"] == name) & (expected["detector"] == detector)]
            np.testing.assert_array_equal(starts, rows["first"], err_msg=f"{name} {detector}")
            np.testing.assert_array_equal(stops - 1, rows["last"], err_msg=f"{name} {detector}")
            counts[detector] += len(starts)
    assert {detector: counts[detector] for detector in COUNTS} == {d: c[position] for d, c in COUNTS.items()}
