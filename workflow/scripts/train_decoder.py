"""Train a decoder in its folds and predict the held-out trials."""

import time
from pathlib import Path

from cogmodels.data.bids import write_csv, write_json
from cogmodels.data.predictions import write_predictions, write_weights
from cogmodels.data.tables import read_features, read_responses
from cogmodels.decoding.linear import train_subjects
from cogmodels.decoding.score import score_predictions
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import build_manifest, write_manifest

with job(snakemake):
    started, given, wanted, wildcards = time.time(), snakemake.input, snakemake.output, snakemake.wildcards
    options = {key: value for key, value in snakemake.params.config.items() if key != "target"}
    options |= {"folds": "all" if wildcards.fold == "all" else [wildcards.fold], "seed": int(wildcards.seed)}
    table = read_features(Path(given.features)) if given.features else None
    stimuli, features = (table.stimuli, table.values) if table else (None, None)
    tables = (read_responses(Path(file)) for file in given.responses)
    run = train_subjects(((one.trials, one.values, one.axes) for one in tables), stimuli, features, **options)
    metrics = score_predictions(run.predictions, stimuli, features).set_index("metric").to_dict("index")
    write_weights(Path(wanted.model), run.weights)
    write_predictions(Path(wanted.predictions), run.predictions.assign(seed=options["seed"]))
    write_json(Path(wanted.metrics), metrics)
    write_csv(Path(wanted.choices), run.choices)
    manifest = build_manifest(
        study=snakemake.params.study,
        rule=snakemake.rule,
        wildcards=dict(wildcards.items()),
        config={**snakemake.params.config, "seed": options["seed"], "pipeline": snakemake.params.pipeline},
        inputs=[*given.responses, *([given.features] if given.features else [])],
        outputs=[wanted.model, wanted.predictions, wanted.metrics, wanted.choices],
        fingerprint=snakemake.params.code,
        metrics={name: row["value"] for name, row in metrics.items()},
        started=started,
        finished=time.time(),
    )
    write_manifest(Path(wanted.manifest), manifest)
