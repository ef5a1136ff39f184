"""Simulate one subject's recordings in BIDS, with their truth."""

from pathlib import Path

from cogmodels.data.bids import write_scans
from cogmodels.simulate.study import simulate_subject
from cogmodels.simulate.truth import read_truth
from cogmodels.tracking.job import job

with job(snakemake):
    root, subject = Path(snakemake.input.description).parent, snakemake.wildcards.subject
    files = simulate_subject(root, read_truth(root), subject, **snakemake.params.source)
    write_scans(root, subject, files)
