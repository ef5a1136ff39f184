"""Measure one recording's data quality."""

from pathlib import Path

from cogmodels.data.bids import read_tsv, write_json
from cogmodels.data.physio import read_samples
from cogmodels.gaze.quality import quality
from cogmodels.gaze.recording import Recording
from cogmodels.tracking.job import job

with job(snakemake):
    recording = Recording.from_samples(*read_samples(Path(snakemake.input.samples)))
    write_json(Path(snakemake.output.quality), quality(recording, read_tsv(Path(snakemake.input.events))))
