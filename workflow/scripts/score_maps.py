"""Score a model of every voxel over subjects: value, interval, chance, ceiling, p."""

from pathlib import Path

from cogmodels.data.bids import read_json, write_csv
from cogmodels.metrics.map_scores import score_summaries
from cogmodels.tracking.job import job

with job(snakemake):
    wildcards, params = snakemake.wildcards, snakemake.params
    summaries = [read_json(Path(file)) for file in snakemake.input.summaries]
    rows = [summary["scores"] for summary in summaries]
    scores = score_summaries(rows, wildcards.model, unit=summaries[0]["unit"], **params.options)
    names = {"study": params.study, "family": "fmri", "dataset": wildcards.dataset}
    for position, (column, name) in enumerate(names.items()):
        scores.insert(position, column, name)
    scores.insert(4, "protocol", params.protocol)
    write_csv(Path(snakemake.output.scores), scores)
