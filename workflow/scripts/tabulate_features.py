"""Write the latent vectors of simulated stimuli as a Features table."""

from pathlib import Path

from cogmodels.data.tables import Features, write_features
from cogmodels.simulate.truth import read_truth
from cogmodels.tracking.job import job

with job(snakemake):
    truth = read_truth(Path(snakemake.input.description).parent)
    features = Features("latent", list(truth.stimuli["stimulus"]), truth.latent)
    write_features(Path(snakemake.output.features), features)
