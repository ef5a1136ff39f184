"""Simulate the EEG that goes with one subject's gaze, with its truth."""

from pathlib import Path

from cogmodels.data.bids import write_scans
from cogmodels.simulate.study_viewing import simulate_viewing
from cogmodels.tracking.job import job

with job(snakemake):
    root, given = Path(snakemake.input.description).parent, snakemake.params
    subject = snakemake.wildcards.subject
    files = simulate_viewing(root, Path(given.gaze), subject, number=given.number, **given.source)
    write_scans(root, subject, files)
