"""Score a scanpath model on the test images: value, interval, chance, people, p; image by image and in all."""

from pathlib import Path

import pandas as pd
from tqdm import tqdm

from cogmodels.data.bids import write_csv
from cogmodels.data.tables import read_fixations
from cogmodels.metrics.scanpath.consistency import ComparisonSettings
from cogmodels.scanpath.evaluate import score_runs
from cogmodels.scanpath.score import summarise_images
from cogmodels.tracking.job import job

with job(snakemake):
    given, params, wanted = snakemake.input, snakemake.params, snakemake.output
    images, distributions = score_runs(
        [read_fixations(Path(file)) for file in given.predictions],
        [pd.read_csv(file, dtype={"stimulus": str}) for file in given.steps],
        read_fixations(Path(given.fixations)),
        pd.read_csv(given.split, dtype={"subject": str, "stimulus": str}),
        ComparisonSettings(tuple(params.images["size_px"]), params.images["pixels_per_degree"]),
        cell_px=params.cell_px,
        progress=lambda names: tqdm(names, desc="images", mininterval=5),
    )
    scores = summarise_images(images, bootstrap=params.bootstrap)
    names = (params.study, "scanpath", snakemake.wildcards.dataset, snakemake.wildcards.experiment, params.protocol)
    for position, column in enumerate(("study", "family", "dataset", "experiment", "protocol")):
        scores.insert(position, column, names[position])
    write_csv(Path(wanted.images), images)
    write_csv(Path(wanted.distributions), distributions)
    write_csv(Path(wanted.scores), scores)
