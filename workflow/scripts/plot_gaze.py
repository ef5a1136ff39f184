"""Measure one recording's data quality and draw it: traces with events, gaze on the screen, main sequence."""

from pathlib import Path

from cogmodels.data.bids import read_json, read_tsv, write_json
from cogmodels.data.physio import read_samples
from cogmodels.gaze.quality import quality
from cogmodels.gaze.recording import Recording
from cogmodels.report.gaze import plot_recording
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    recording = Recording.from_samples(*read_samples(Path(snakemake.input.samples)))
    events, measured = read_tsv(Path(snakemake.input.events)), Path(snakemake.output.quality)
    write_json(measured, quality(recording, events))
    figure = plot_recording(recording, events, read_json(measured), title=snakemake.params.title)
    save_figure(figure, Path(snakemake.output.figure))
