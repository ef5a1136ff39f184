"""Compare a pipeline's events with those that people coded by hand."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_tsv, write_csv
from cogmodels.data.physio import read_labels
from cogmodels.gaze.scoring import Coding, event_codes, name_codes, score_events
from cogmodels.tracking.job import job

with job(snakemake):
    coders, wildcards, tasks = snakemake.params.coders, snakemake.wildcards, {}
    for recording, file in zip(snakemake.params.recordings, snakemake.input.events, strict=True):
        labels, rate = read_labels(Path(recording["path"]), coders)
        coded = [name_codes(labels[coder]) for coder in coders]
        found = event_codes(read_tsv(Path(file)), len(labels))
        tasks.setdefault(recording["task"], []).append(Coding(found, coded[0], rate, *coded[1:]))
    parts = []
    for task, codings in tasks.items():
        scores = score_events(codings)
        names = (snakemake.params.study, "gaze", wildcards.dataset, wildcards.pipeline, f"{task}, coder {coders[0]}")
        for position, (column, name) in enumerate(
            zip(("study", "family", "dataset", "experiment", "protocol"), names, strict=True)
        ):
            scores.insert(position, column, name)
        parts.append(scores)
    write_csv(Path(snakemake.output.scores), pd.concat(parts, ignore_index=True))
