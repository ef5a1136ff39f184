"""Draw what all simulated subjects share: stimuli, split, latent vectors."""

from pathlib import Path

from cogmodels.simulate.truth import simulate_truth, write_truth
from cogmodels.tracking.job import job

with job(snakemake):
    truth = simulate_truth(**snakemake.params.source)
    write_truth(Path(snakemake.output.description).parent, truth, snakemake.params.title)
