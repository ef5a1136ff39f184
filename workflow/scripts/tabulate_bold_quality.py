"""Gather the quality of all runs into one table, runs that differ from the others marked."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, write_json, write_tsv
from cogmodels.fmri.quality import describe_flags, flag_runs
from cogmodels.tracking.job import job

with job(snakemake) as log:
    rows = [
        {"recording": recording, **quality}
        for file in snakemake.input.quality
        for recording, quality in read_json(Path(file)).items()
    ]
    table = flag_runs(pd.DataFrame(rows))
    log.info("%d of %d runs are marked", table["outlier"].sum(), len(table))
    write_tsv(Path(snakemake.output.quality), table)
    write_json(Path(snakemake.output.sidecar), {"simulated": snakemake.params.simulated, **describe_flags()})
