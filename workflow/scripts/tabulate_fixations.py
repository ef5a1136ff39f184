"""Gather the fixations of all recordings, one eye of each, into the Fixations table."""

from pathlib import Path

from cogmodels.data.bids import read_tsv
from cogmodels.data.physio import read_trials
from cogmodels.data.tables import write_fixations
from cogmodels.gaze.scanpaths import fixations_table, join_fixations
from cogmodels.tracking.job import job

with job(snakemake):
    parts = {}
    for recording, file in zip(snakemake.params.recordings, snakemake.input.events, strict=True):
        trials = read_trials(Path(recording["path"]))
        parts[recording["stem"]] = fixations_table(read_tsv(Path(file)), trials, subject=recording["subject"])
    write_fixations(Path(snakemake.output.fixations), join_fixations(parts))
