"""Leave each person out of a decoder of single trials of EEG, and predict theirs; one that was killed goes on."""

import time
from pathlib import Path

from cogmodels.data.bids import write_csv, write_json
from cogmodels.data.predictions import write_predictions, write_weights
from cogmodels.data.tables import read_features, read_responses
from cogmodels.decoding.class_scores import score_run
from cogmodels.decoding.epoch_plan import EpochPlan
from cogmodels.decoding.epochs import train_epochs
from cogmodels.tracking.job import job
from cogmodels.tracking.training_run import checkpoint_folder, finish_run

with job(snakemake):
    started, given, wanted = time.time(), snakemake.input, snakemake.output
    wildcards = snakemake.wildcards
    config = {**snakemake.params.config, "seed": int(wildcards.seed), "pipeline": snakemake.params.pipeline}
    state = checkpoint_folder(snakemake, config)
    features = read_features(Path(given.features)) if given.features else None
    run = train_epochs(
        [read_responses(Path(file)) for file in given.responses], EpochPlan.of(snakemake.params.config), features,
        folds="all" if wildcards.fold == "all" else [wildcards.fold], seed=config["seed"], folder=state,
    )  # fmt: skip
    metrics = score_run(run.predictions, features).set_index("metric").to_dict("index")
    write_weights(Path(wanted.model), run.weights)
    write_predictions(Path(wanted.predictions), run.predictions.assign(seed=config["seed"]))
    write_json(Path(wanted.metrics), metrics)
    for name in ("choices", "curves", "refits"):
        write_csv(Path(wanted[name]), getattr(run, name))
    headline = {name: row["value"] for name, row in metrics.items()} | run.speed()
    outputs = ["model", "predictions", "metrics", "choices", "curves", "refits"]
    finish_run(snakemake, config, headline, outputs, started)
