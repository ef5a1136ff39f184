"""Gather the fixations of all recordings into the Fixations table."""

from pathlib import Path

import pandas as pd
from cogmodels.gaze.scanpaths import fixations_table

from cogmodels.data.bids import read_trials, read_tsv
from cogmodels.data.tables import write_fixations
from cogmodels.tracking.job import job

with job(snakemake):
    parts = []
    for recording, file in zip(snakemake.params.recordings, snakemake.input.events, strict=True):
        trials = read_trials(Path(recording["path"]))
        parts.append(fixations_table(read_tsv(Path(file)), trials, subject=recording["subject"]))
    write_fixations(Path(snakemake.output.fixations), pd.concat(parts, ignore_index=True))
