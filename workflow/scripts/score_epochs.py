"""Score decoded classes person by person and over people: value, interval, chance, ceiling, p."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import write_csv
from cogmodels.data.predictions import read_predictions
from cogmodels.data.units import write_units
from cogmodels.decoding.class_scores import person_scores, refit_p, score_classes
from cogmodels.decoding.units import people_units
from cogmodels.tracking.job import job

with job(snakemake):
    config, wildcards = snakemake.params.config, snakemake.wildcards
    predictions = read_predictions(list(snakemake.input.predictions))
    options = {name: config[name] for name in ("permutations", "bootstrap")}
    scores = score_classes(predictions, **options)
    scores["p_refit"] = refit_p(scores, pd.concat(map(pd.read_csv, snakemake.input.refits)))
    names = dict(study=snakemake.params.study, family="decoding", **wildcards, protocol=config["protocol"])
    for position, (column, name) in enumerate(names.items()):
        scores.insert(position, column, name)
    people = person_scores(predictions)
    write_csv(Path(snakemake.output.scores), scores)
    write_csv(Path(snakemake.output.people), people.reset_index())
    write_units(Path(snakemake.output.units), people_units(people), **names)
