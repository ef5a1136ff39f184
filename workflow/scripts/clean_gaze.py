"""Clean one recording: losses marked; where asked for, spikes, both eyes to one, filled blinks, another rate."""

from dataclasses import replace
from pathlib import Path

from cogmodels.data.physio import read_physio, read_screen, write_samples
from cogmodels.gaze.cleaning import clean
from cogmodels.gaze.recording import recording_from_physio
from cogmodels.tracking.job import job

with job(snakemake):
    eyes = []
    for path in map(Path, snakemake.params.physio):
        samples, sidecar = read_physio(path)
        eye = recording_from_physio(
            samples, sidecar, read_screen(path), subject=snakemake.wildcards.subject, source=str(path)
        )
        eyes.append(replace(eye, distance_m=None) if snakemake.params.viewing_distance == "screen" else eye)
    write_samples(Path(snakemake.output.samples), *clean(eyes, **snakemake.params.settings).to_samples())
