"""Upload the study's offline runs to Weights & Biases."""

from pathlib import Path

from cogmodels.data.bids import write_json
from cogmodels.tracking.job import job
from cogmodels.tracking.sync import sync_folders

with job(snakemake):
    write_json(Path(snakemake.output.record), sync_folders([Path(snakemake.params.results)]))
