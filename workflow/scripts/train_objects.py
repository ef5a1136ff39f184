"""Train a model of objects, draw scanpaths for the test scenes, say how likely people's are; one killed goes on."""

import time
from pathlib import Path

from cogmodels.data.bids import read_labelled, write_csv, write_json
from cogmodels.data.predictions import read_weights, write_weights
from cogmodels.data.tables import write_fixations
from cogmodels.scanpath.objects.layouts import layouts_of
from cogmodels.scanpath.objects.run import run_objects
from cogmodels.tracking.job import job
from cogmodels.tracking.training_run import checkpoint_folder, finish_run

with job(snakemake):
    started, given, wanted, params = time.time(), snakemake.input, snakemake.output, snakemake.params
    config = {**params.config, "seed": int(snakemake.wildcards.seed), "set": params.set}
    state = checkpoint_folder(snakemake, config)
    tables = {name: read_labelled(Path(given[name])) for name in ("objects", "scenes", "sequences", "split")}
    layouts = layouts_of(tables["objects"], tables["scenes"], read_weights(Path(given.pictures)))
    run = run_objects(config, layouts, tables["sequences"], tables["split"], folder=state)
    write_weights(Path(wanted.model), run.weights)
    write_fixations(Path(wanted.predictions), run.fixations())
    for name in ("sequences", "steps", "choices"):
        write_csv(Path(wanted[name]), getattr(run, name))
    write_json(Path(wanted.metrics), {name: {"value": value} for name, value in run.metrics.items()})
    outputs = ["model", "predictions", "sequences", "steps", "choices", "metrics"]
    finish_run(snakemake, config, run.metrics | run.speed, outputs, started)
