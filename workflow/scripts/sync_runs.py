"""Upload the study's offline runs to Weights & Biases."""

from pathlib import Path

from cogmodels.data.bids import write_json
from cogmodels.tracking.job import job
from cogmodels.tracking.sync import sync_folders

with job(snakemake):
    # The runs of an experiment lie below its folder, beside what says how they were logged.
    write_json(Path(snakemake.output.record), sync_folders([Path(file).parent for file in snakemake.input]))
