"""Gather the images that were decoded from each subject's responses; refine them where asked."""

from pathlib import Path

from cogmodels.data.predictions import read_predictions
from cogmodels.data.reconstructions import write_reconstructions
from cogmodels.decoding.diffusion import refine
from cogmodels.decoding.reconstruction import gather_reconstructions
from cogmodels.tracking.job import job

with job(snakemake):
    found = gather_reconstructions(read_predictions(list(snakemake.input.predictions), images=True))
    if snakemake.params.diffusion:
        found = refine(found, **snakemake.params.diffusion)
    write_reconstructions(Path(snakemake.output.images), found)
