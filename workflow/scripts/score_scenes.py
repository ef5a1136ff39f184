"""Score a search model on scenes: how soon it finds targets, and how like people's its scanpaths are."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, read_tsv, write_csv
from cogmodels.data.tables import read_fixations
from cogmodels.data.units import write_units
from cogmodels.search.natural import cumulative_performance, gather_searches, scene_values, score_scenes
from cogmodels.tracking.job import job

with job(snakemake):
    given, options = snakemake.input, snakemake.params
    people = read_fixations(Path(given.people)) if given.people else None
    scores, curves, units, n = [], [], [], len(options.seeds)
    for k, file in enumerate(map(Path, given.about)):
        trials = [pd.read_csv(run) for run in given.trials[k * n : (k + 1) * n]]
        fixations = [read_fixations(Path(run)) for run in given.predictions[k * n : (k + 1) * n]]
        model = gather_searches(
            read_json(file), read_tsv(file.with_name("trials.tsv")), trials, fixations, options.seeds
        )
        theirs = people if model.about["people"] else None
        values = scene_values(model, theirs)
        scores.append(score_scenes(model, theirs, resamples=options.bootstrap, values=values))
        known = values.dropna(subset=["value", "chance"])
        units.append(known.assign(protocol=model.about["name"], unit_of_n="image"))
        curves.append(
            cumulative_performance(model, theirs, resamples=options.bootstrap).assign(set=model.about["name"])
        )
    table = pd.concat(scores, ignore_index=True)
    names = dict(study=options.study, family="search", **snakemake.wildcards)
    for position, (column, name) in enumerate(names.items()):
        table.insert(position, column, name)
    write_units(Path(snakemake.output.units), pd.concat(units, ignore_index=True), **names)
    write_csv(Path(snakemake.output.scores), table)
    write_csv(Path(snakemake.output.performance), pd.concat(curves, ignore_index=True))
