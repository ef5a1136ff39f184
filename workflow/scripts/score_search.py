"""Score a search model: slopes, asymmetries, share found, beside people."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, write_csv
from cogmodels.search.analysis import score_searches
from cogmodels.search.stimuli import experiment_of
from cogmodels.tracking.job import job

with job(snakemake):
    wildcards = snakemake.wildcards
    experiments = [experiment_of(read_json(Path(file))) for file in snakemake.input.about]
    trials = pd.concat([pd.read_csv(file) for file in snakemake.input.trials], ignore_index=True)
    scores = score_searches(trials, experiments, resamples=snakemake.params.bootstrap)
    names = (snakemake.params.study, "search", wildcards.dataset, wildcards.experiment)
    for position, (column, name) in enumerate(zip(("study", "family", "dataset", "experiment"), names, strict=True)):
        scores.insert(position, column, name)
    write_csv(Path(snakemake.output.scores), scores)
