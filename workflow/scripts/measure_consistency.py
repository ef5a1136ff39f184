"""Measure how much alike people look: every scanpath and saliency metric, each person against the others."""

from pathlib import Path

from tqdm import tqdm

from cogmodels.data.bids import write_csv
from cogmodels.data.tables import read_fixations
from cogmodels.metrics.human_consistency import human_consistency, summarise_consistency
from cogmodels.tracking.job import job

with job(snakemake):
    images = snakemake.params.images
    persons = human_consistency(
        read_fixations(Path(snakemake.input.fixations)),
        (images["width_px"], images["height_px"]),
        images["pixels_per_degree"],
        jobs=snakemake.threads,
        progress=lambda names: tqdm(names, desc="images", mininterval=5),
    )
    scores = summarise_consistency(persons)
    names = (snakemake.params.study, "scanpath", snakemake.wildcards.dataset, "human-consistency", "person vs others")
    for position, (column, name) in enumerate(
        zip(("study", "family", "dataset", "experiment", "protocol"), names, strict=True)
    ):
        scores.insert(position, column, name)
    write_csv(Path(snakemake.output.persons), persons)
    write_csv(Path(snakemake.output.scores), scores)
