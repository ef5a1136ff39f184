"""Fetch a data set's files, check every digest, and record them."""

import os
from pathlib import Path

from cogmodels.data.sources import fetch_source, write_source_record
from cogmodels.tracking.job import job

with job(snakemake):
    mirror = os.environ.get("COGMODELS_MIRROR")
    record = Path(snakemake.output.record)
    files = fetch_source(
        snakemake.wildcards.dataset,
        snakemake.params.source,
        record.parent,
        mirror=Path(mirror) if mirror else None,
        spec_folder=Path(snakemake.params.specs),
    )
    write_source_record(record.parent, files)
