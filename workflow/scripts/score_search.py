"""Score a search model: slopes, asymmetries, share found, beside people."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, write_csv
from cogmodels.data.units import write_units
from cogmodels.search.analysis import score_searches
from cogmodels.search.stimuli import experiment_of
from cogmodels.search.units import display_units
from cogmodels.tracking.job import job

with job(snakemake):
    experiments = [experiment_of(read_json(Path(file))) for file in snakemake.input.about]
    trials = pd.concat([pd.read_csv(file) for file in snakemake.input.trials], ignore_index=True)
    scores = score_searches(trials, experiments, resamples=snakemake.params.bootstrap)
    names = dict(study=snakemake.params.study, family="search", **snakemake.wildcards)
    write_units(Path(snakemake.output.units), display_units(trials, scores, experiments), **names)
    for position, (column, name) in enumerate(names.items()):
        scores.insert(position, column, name)
    write_csv(Path(snakemake.output.scores), scores)
