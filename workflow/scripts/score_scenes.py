"""Score a search model on scenes: how soon it finds targets, and how like people's its scanpaths are."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, read_tsv, write_csv
from cogmodels.data.tables import read_fixations
from cogmodels.search.natural import cumulative_performance, gather_searches, score_scenes
from cogmodels.tracking.job import job

with job(snakemake):
    given, wildcards, options = snakemake.input, snakemake.wildcards, snakemake.params
    people = read_fixations(Path(given.people)) if given.people else None
    scores, curves, n = [], [], len(options.seeds)
    for k, file in enumerate(map(Path, given.about)):
        trials = [pd.read_csv(run) for run in given.trials[k * n : (k + 1) * n]]
        fixations = [read_fixations(Path(run)) for run in given.predictions[k * n : (k + 1) * n]]
        model = gather_searches(
            read_json(file), read_tsv(file.with_name("trials.tsv")), trials, fixations, options.seeds
        )
        theirs = people if model.about["people"] else None
        scores.append(score_scenes(model, theirs, resamples=options.bootstrap))
        curves.append(
            cumulative_performance(model, theirs, resamples=options.bootstrap).assign(set=model.about["name"])
        )
    table = pd.concat(scores, ignore_index=True)
    names = (options.study, "search", wildcards.dataset, wildcards.experiment)
    for position, (column, name) in enumerate(zip(("study", "family", "dataset", "experiment"), names, strict=True)):
        table.insert(position, column, name)
    write_csv(Path(snakemake.output.scores), table)
    write_csv(Path(snakemake.output.performance), pd.concat(curves, ignore_index=True))
