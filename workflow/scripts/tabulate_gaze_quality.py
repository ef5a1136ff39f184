"""Gather the quality of all recordings into one table."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, write_tsv
from cogmodels.tracking.job import job

with job(snakemake):
    rows = [
        {"recording": recording["stem"], **read_json(Path(file))}
        for recording, file in zip(snakemake.params.recordings, snakemake.input.quality, strict=True)
    ]
    write_tsv(Path(snakemake.output.quality), pd.DataFrame(rows))
