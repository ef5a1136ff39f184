"""Draw what all simulated subjects share: stimuli, split, latent vectors."""

from pathlib import Path

from cogmodels.data.bids import read_tsv
from cogmodels.data.tables import read_features
from cogmodels.simulate.image_truth import image_truth
from cogmodels.simulate.truth import simulate_truth, write_truth
from cogmodels.tracking.job import job

with job(snakemake):
    source = snakemake.params.source
    if snakemake.input.features:
        features, kinds = read_features(Path(snakemake.input.features)), read_tsv(Path(snakemake.input.images))
        truth = image_truth(features.stimuli, features.values, kinds, **source)
    else:
        truth = simulate_truth(**source)
    write_truth(Path(snakemake.output.description).parent, truth, snakemake.params.title)
