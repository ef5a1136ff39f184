"""Score all folds and seeds of an experiment: value, interval, chance, ceiling, p."""

from pathlib import Path

from cogmodels.data.bids import write_csv
from cogmodels.data.predictions import read_predictions
from cogmodels.data.tables import read_features
from cogmodels.data.units import write_units
from cogmodels.decoding.score import score_predictions
from cogmodels.decoding.units import unit_scores
from cogmodels.tracking.job import job

with job(snakemake):
    config, wildcards = snakemake.params.config, snakemake.wildcards
    table = read_features(Path(snakemake.input.features)) if snakemake.input.features else None
    given = (
        read_predictions(list(snakemake.input.predictions)),
        table.stimuli if table else None,
        table.values if table else None,
    )
    scores = score_predictions(*given, **{name: config[name] for name in ("permutations", "bootstrap")})
    names = dict(study=snakemake.params.study, family="decoding", **wildcards, protocol=config["protocol"])
    for position, (column, name) in enumerate(names.items()):
        scores.insert(position, column, name)
    write_csv(Path(snakemake.output.scores), scores)
    write_units(Path(snakemake.output.units), unit_scores(*given), **names)
