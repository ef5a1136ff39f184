"""Train a scanpath model, draw scanpaths of the test images, and say how likely people's are; one killed goes on."""

import time
from pathlib import Path

from cogmodels.data.bids import write_csv, write_json
from cogmodels.data.predictions import write_weights
from cogmodels.data.tables import read_features, read_fixations, write_fixations
from cogmodels.scanpath.run import run_model
from cogmodels.tracking.job import job
from cogmodels.tracking.training_run import checkpoint_folder, finish_run

with job(snakemake):
    started, given, wanted, params = time.time(), snakemake.input, snakemake.output, snakemake.params
    wildcards = snakemake.wildcards
    config = {**params.config, "seed": int(wildcards.seed), "set": params.set, "maps": params.maps}
    config["size_px"] = params.size_px
    state = checkpoint_folder(snakemake, config)
    run = run_model(
        config, read_fixations(Path(given.fixations)), Path(given.split),
        [read_features(Path(file)) for file in given.features], size_px=params.size_px, folder=state,
    )  # fmt: skip
    write_weights(Path(wanted.model), run.weights)
    write_fixations(Path(wanted.predictions), run.predictions)
    write_fixations(Path(wanted.typical), run.typical)
    write_csv(Path(wanted.steps), run.steps)
    write_csv(Path(wanted.choices), run.choices)
    write_json(Path(wanted.metrics), {name: {"value": value} for name, value in run.metrics.items()})
    outputs = ["model", "predictions", "typical", "steps", "choices", "metrics"]
    finish_run(snakemake, config, run.metrics | run.speed, outputs, started)
