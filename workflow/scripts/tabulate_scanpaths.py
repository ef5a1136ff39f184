"""Gather published scanpaths, which come without gaze samples, into the Fixations table."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_tsv
from cogmodels.data.tables import scanpath_fixations, write_fixations
from cogmodels.tracking.job import job

with job(snakemake):
    parts = [scanpath_fixations(read_tsv(Path(one["path"])), one["subject"]) for one in snakemake.params.recordings]
    write_fixations(Path(snakemake.output.fixations), pd.concat(parts, ignore_index=True))
