"""Divide one recording into fixations, saccades and losses."""

from pathlib import Path

from cogmodels.data.bids import write_tsv
from cogmodels.data.physio import read_samples
from cogmodels.gaze.detectors import detect_events
from cogmodels.gaze.recording import Recording
from cogmodels.tracking.job import job

with job(snakemake):
    recording = Recording.from_samples(*read_samples(Path(snakemake.input.samples)))
    write_tsv(Path(snakemake.output.events), detect_events(recording, **snakemake.params.settings))
