"""Mark lost samples of one recording: blinks with their margins, gaze off the screen."""

from pathlib import Path

from cogmodels.data.physio import read_physio, read_screen, write_samples
from cogmodels.gaze.cleaning import mark_lost
from cogmodels.gaze.recording import recording_from_physio
from cogmodels.tracking.job import job

with job(snakemake):
    path = Path(snakemake.params.physio)
    samples, sidecar = read_physio(path)
    recording = recording_from_physio(
        samples, sidecar, read_screen(path), subject=snakemake.wildcards.subject, source=str(path)
    )
    recording = mark_lost(recording, **snakemake.params.settings)
    write_samples(Path(snakemake.output.samples), *recording.to_samples())
