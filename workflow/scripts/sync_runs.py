"""Upload the study's offline runs to Weights & Biases."""

from pathlib import Path

from cogmodels.data.bids import write_json
from cogmodels.tracking.job import job
from cogmodels.tracking.sync import sync_folders

with job(snakemake):
    # All runs of a study lie in `results/<study>/wandb`.
    record = Path(snakemake.output.record)
    write_json(record, sync_folders([record.parents[1]]))
