"""Score a detector on simulated recordings of every noise, sampling rate and loss."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from cogmodels.data.bids import write_csv
from cogmodels.gaze.cleaning import mark_lost
from cogmodels.gaze.detectors import detect_events
from cogmodels.gaze.recording import Recording, Screen
from cogmodels.gaze.scoring import Coding, event_codes, known_codes, score_events
from cogmodels.simulate.gaze import degrees_to_pixels, draw_hotspots, drop_samples, simulate_gaze
from cogmodels.tracking.job import job

SCREEN = Screen((1280, 1024), (0.38, 0.304), 0.68)
TRIAL_S, APART_S = 2.0, 3.2

with job(snakemake):
    grid = snakemake.params.grid
    conditions = list(product(grid["sampling_rates"], grid["noise_deg"], grid["losses"]))
    parts = []
    for number, (rate, noise, loss) in enumerate(tqdm(conditions, mininterval=5)):
        codings = []
        for recording in range(grid["recordings"]):
            # The same eye movements under every condition of a rate, and for every detector.
            rng = np.random.default_rng([grid["seed"], recording])
            onsets = np.arange(0.5, grid["duration_s"] - TRIAL_S, APART_S)
            truth = simulate_gaze(
                onsets,
                draw_hotspots(len(onsets), 5, rng),
                rng=rng,
                duration=grid["duration_s"],
                sampling_rate=rate,
                noise_deg=noise,
            )
            lost = drop_samples(len(truth.times), loss, rate, np.random.default_rng([grid["seed"], recording, number]))
            pixels = degrees_to_pixels(
                np.where(lost[:, None], np.nan, truth.gaze),
                resolution=SCREEN.resolution_px,
                size_m=SCREEN.size_m,
                distance_m=SCREEN.distance_m,
            )
            gaze = mark_lost(Recording(truth.times, *pixels.T, sampling_rate=rate, screen=SCREEN))
            found = detect_events(gaze, snakemake.wildcards.detector)
            codings.append(Coding(event_codes(found, len(lost)), known_codes(truth.labels, lost), rate))
        scores = score_events(codings, permutations=20, bootstrap=500, seed=grid["seed"])
        parts.append(scores.assign(sampling_rate=rate, noise_deg=noise, loss=loss))
    table = pd.concat(parts, ignore_index=True).assign(detector=snakemake.wildcards.detector, data="simulated")
    first = ["data", "detector", "sampling_rate", "noise_deg", "loss"]
    write_csv(Path(snakemake.output.scores), table[first + [name for name in table if name not in first]])
