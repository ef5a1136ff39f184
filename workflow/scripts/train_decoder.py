"""Train a decoder in its folds and predict the held-out trials."""

import time
from pathlib import Path

from safetensors.numpy import save_file

from cogmodels.data.bids import write_csv, write_json
from cogmodels.data.predictions import write_predictions
from cogmodels.data.tables import read_features, read_responses
from cogmodels.decoding.linear import join_runs, targets_of, train_linear
from cogmodels.decoding.score import score_predictions
from cogmodels.files import whole
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import build_manifest, write_manifest

with job(snakemake) as logger:
    started, given, wanted, wildcards = time.time(), snakemake.input, snakemake.output, snakemake.wildcards
    config = {**snakemake.params.config, "fold": wildcards.fold, "seed": int(wildcards.seed)}
    options = {key: config[key] for key in ("model", "grid", "protocol", "control", "draws", "seed")}
    table = read_features(Path(given.features)) if given.features else None
    stimuli, features = (table.stimuli, table.values) if table else (None, None)
    runs = []
    for file in given.responses:
        logger.info("training on %s", file)
        responses = read_responses(Path(file))
        targets = targets_of(responses.trials, stimuli, features)
        folds = "all" if wildcards.fold == "all" else [wildcards.fold]
        runs.append(train_linear(responses.trials, responses.values, targets, folds=folds, **options))
    run = join_runs(runs)
    scores = score_predictions(run.predictions, stimuli, features)
    metrics = scores.set_index("metric").to_dict("index")
    write_predictions(Path(wanted.predictions), run.predictions.assign(seed=int(wildcards.seed)))
    with whole(Path(wanted.model)) as temporary:
        save_file(run.weights, temporary)
    write_json(Path(wanted.metrics), metrics)
    write_csv(Path(wanted.choices), run.choices)
    manifest = build_manifest(
        study=snakemake.params.study,
        rule=snakemake.rule,
        wildcards=dict(wildcards.items()),
        config={**config, "pipeline": snakemake.params.pipeline},
        inputs=[*given.responses, *([given.features] if given.features else [])],
        outputs=[wanted.model, wanted.predictions, wanted.metrics, wanted.choices],
        fingerprint=snakemake.params.code,
        metrics={name: row["value"] for name, row in metrics.items()},
        started=started,
        finished=time.time(),
    )
    write_manifest(Path(wanted.manifest), manifest)
