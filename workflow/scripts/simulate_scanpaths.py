"""Simulate scanpaths of a known process on rendered images, in BIDS with their truth."""

from pathlib import Path

from cogmodels.simulate.study_scanpaths import write_simulated_scanpaths
from cogmodels.tracking.job import job

with job(snakemake):
    params = snakemake.params
    source = {name: value for name, value in params.source.items() if name != "kind"}
    write_simulated_scanpaths(
        Path(snakemake.output.description).parent,
        title=params.title,
        subjects=params.subjects,
        size_px=tuple(params.size_px),
        **source,
    )
