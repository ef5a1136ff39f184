"""Score all folds and seeds of an experiment: value, interval, chance, ceiling, p."""

from pathlib import Path

from cogmodels.data.bids import write_csv
from cogmodels.data.predictions import read_predictions
from cogmodels.data.tables import read_features
from cogmodels.decoding.score import score_predictions
from cogmodels.tracking.job import job

with job(snakemake):
    config, wildcards = snakemake.params.config, snakemake.wildcards
    table = read_features(Path(snakemake.input.features)) if snakemake.input.features else None
    scores = score_predictions(
        read_predictions(list(snakemake.input.predictions)),
        table.stimuli if table else None,
        table.values if table else None,
        permutations=config["permutations"],
        bootstrap=config["bootstrap"],
    )
    names = [snakemake.params.study, "decoding", wildcards.dataset, wildcards.experiment, config["protocol"]]
    for position, (column, name) in enumerate(
        zip(("study", "family", "dataset", "experiment", "protocol"), names, strict=True)
    ):
        scores.insert(position, column, name)
    write_csv(Path(snakemake.output.scores), scores)
