"""Train one decoder on several kinds of responses of several subjects; one that was killed goes on."""

import time
from pathlib import Path

from cogmodels.data.bids import write_csv, write_json
from cogmodels.data.predictions import write_predictions, write_weights
from cogmodels.data.tables import map_responses, read_features
from cogmodels.decoding.cross_subject import Plan, join_targets, train_cross_subject, warn_of_chance
from cogmodels.decoding.joining import fullest, join_modalities
from cogmodels.decoding.score import score_predictions
from cogmodels.tracking.job import job
from cogmodels.tracking.training_run import checkpoint_folder, finish_run

with job(snakemake):
    started, given, wanted, params = time.time(), snakemake.input, snakemake.output, snakemake.params
    wildcards = snakemake.wildcards
    config = {**params.config, "seed": int(wildcards.seed), "pipeline": params.pipeline}
    state = checkpoint_folder(snakemake, config)
    tables, files = {}, list(given.responses)
    for modality, count in params.tables.items():
        own = [map_responses(Path(files.pop(0)), state / modality) for _ in range(count)]
        tables[modality] = [(one.trials, one.values) for one in own]
    targets = join_targets(read_features(Path(given.features)), read_features(Path(given.text)) if given.text else None)
    run = train_cross_subject(
        join_modalities(tables), targets, Plan.of(params.config),
        folds="all" if wildcards.fold == "all" else [wildcards.fold], seed=config["seed"], folder=state,
    )  # fmt: skip
    predictions = fullest(run.predictions)
    scores = score_predictions(predictions, targets.stimuli, targets.image)
    warn_of_chance(scores, config["control"])
    write_weights(Path(wanted.model), run.weights)
    write_predictions(Path(wanted.predictions), predictions.assign(seed=config["seed"]))
    write_predictions(Path(wanted.subsets), run.predictions.assign(seed=config["seed"]))
    metrics = scores.set_index("metric").to_dict("index")
    write_json(Path(wanted.metrics), metrics)
    for name in ("choices", "curves", "stimuli"):
        write_csv(Path(wanted[name]), getattr(run, name))
    headline = {name: row["value"] for name, row in metrics.items()} | run.speed()
    outputs = ["model", "predictions", "subsets", "metrics", "choices", "curves", "stimuli"]
    finish_run(snakemake, config, headline, outputs, started)
