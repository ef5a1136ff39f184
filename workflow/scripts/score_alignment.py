"""Score how far held-out stimuli of subjects agree: aligned, before, and with training stimuli permuted."""

from pathlib import Path

from cogmodels.data.bids import write_csv
from cogmodels.data.bold import read_mask
from cogmodels.data.regions import read_parcels
from cogmodels.data.tables import read_responses
from cogmodels.fmri.alignment_scores import compare_alignments, subject_rows
from cogmodels.metrics.map_scores import score_summaries
from cogmodels.tracking.job import job

with job(snakemake):
    given, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    own, aligned = (
        [(one.trials, one.values) for one in map(read_responses, map(Path, files))]
        for files in (given.responses, given.aligned)
    )
    masks, affines = zip(*(read_mask(Path(file)) for file in given.masks), strict=True)
    places = {"parcels": read_parcels(params.parcels, masks, affines), "masks": masks, "affines": affines}
    rows = compare_alignments(own, aligned, places, params.options, **params.draws)
    draws = {name: params.draws[name] for name in ("bootstrap", "seed")}
    scores = score_summaries(rows, wildcards.alignment, unit="stimulus", **draws)
    names = {"study": params.study, "family": "alignment", "dataset": wildcards.dataset}
    for position, (column, name) in enumerate(names.items()):
        scores.insert(position, column, name)
    scores.insert(4, "protocol", "held_out_stimuli")
    write_csv(Path(snakemake.output.scores), scores)
    write_csv(Path(snakemake.output.subjects), subject_rows(rows, params.subjects))
