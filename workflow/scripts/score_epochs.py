"""Score decoded classes person by person and over people: value, interval, chance, ceiling, p."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import write_csv
from cogmodels.data.predictions import read_predictions
from cogmodels.decoding.class_scores import person_scores, refit_p, score_classes
from cogmodels.tracking.job import job

with job(snakemake):
    config, wildcards = snakemake.params.config, snakemake.wildcards
    predictions = read_predictions(list(snakemake.input.predictions))
    options = {name: config[name] for name in ("permutations", "bootstrap")}
    scores = score_classes(predictions, **options)
    scores["p_refit"] = refit_p(scores, pd.concat(map(pd.read_csv, snakemake.input.refits)))
    names = [snakemake.params.study, "decoding", wildcards.dataset, wildcards.experiment, config["protocol"]]
    for position, (column, name) in enumerate(
        zip(("study", "family", "dataset", "experiment", "protocol"), names, strict=True)
    ):
        scores.insert(position, column, name)
    write_csv(Path(snakemake.output.scores), scores)
    write_csv(Path(snakemake.output.people), person_scores(predictions).reset_index())
