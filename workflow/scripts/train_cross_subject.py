"""Train one decoder on several subjects and predict the held-out trials; one that was killed goes on."""

import time
from pathlib import Path

from cogmodels.data.bids import write_csv, write_json
from cogmodels.data.predictions import read_weights, write_predictions, write_weights
from cogmodels.data.tables import map_responses, read_features
from cogmodels.decoding.cross_subject import Plan, join_targets, train_cross_subject, warn_of_chance
from cogmodels.decoding.score import score_predictions
from cogmodels.tracking.job import job
from cogmodels.tracking.training_run import checkpoint_folder, finish_run

with job(snakemake):
    started, given, wanted = time.time(), snakemake.input, snakemake.output
    wildcards = snakemake.wildcards
    config = {**snakemake.params.config, "seed": int(wildcards.seed), "pipeline": snakemake.params.pipeline}
    state = checkpoint_folder(snakemake, config)
    tables = [map_responses(Path(file), state / "responses") for file in given.responses]
    wished = (given.features, given.text, given.pixels)
    targets = join_targets(*(read_features(Path(file)) if file else None for file in wished))
    run = train_cross_subject(
        [(one.trials, one.values) for one in tables], targets, Plan.of(snakemake.params.config),
        folds="all" if wildcards.fold == "all" else [wildcards.fold], seed=config["seed"], folder=state,
        pretrained=read_weights(Path(given.pretrained)) if given.pretrained else None,
    )  # fmt: skip
    scores = score_predictions(run.predictions, targets.stimuli, targets.image)
    warn_of_chance(scores, config["control"])
    write_weights(Path(wanted.model), run.weights)
    write_predictions(Path(wanted.predictions), run.predictions.assign(seed=config["seed"]))
    metrics = scores.set_index("metric").to_dict("index")
    write_json(Path(wanted.metrics), metrics)
    for name in ("choices", "curves", "stimuli"):
        write_csv(Path(wanted[name]), getattr(run, name))
    headline = {name: row["value"] for name, row in metrics.items()} | run.speed()
    outputs = ["model", "predictions", "metrics", "choices", "curves", "stimuli"]
    finish_run(snakemake, config, headline, outputs, started)
