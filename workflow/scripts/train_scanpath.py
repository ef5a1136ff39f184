"""Train a scanpath model, draw scanpaths of the test images, and say how likely people's are; one killed goes on."""

import shutil
import time
from pathlib import Path

from cogmodels.data.bids import write_csv, write_json
from cogmodels.data.predictions import write_weights
from cogmodels.data.tables import read_features, read_fixations, write_fixations
from cogmodels.scanpath.run import run_model
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import build_manifest, run_id, write_manifest

with job(snakemake):
    started, given, wanted, params = time.time(), snakemake.input, snakemake.output, snakemake.params
    wildcards = dict(snakemake.wildcards.items())
    config = {**params.config, "seed": int(wildcards["seed"]), "set": params.set, "maps": params.maps}
    config["size_px"] = params.size_px
    # Checkpoints of another config, other code or other inputs are not gone on from.
    content = {**config, "code": params.code, "inputs": [Path(f).stat().st_mtime_ns for f in given]}
    state = Path(wanted.model).parent / f"checkpoints-{run_id(snakemake.rule, wildcards, content)}"
    run = run_model(
        config, read_fixations(Path(given.fixations)), Path(given.split),
        [read_features(Path(file)) for file in given.features], size_px=params.size_px, folder=state,
    )  # fmt: skip
    write_weights(Path(wanted.model), run.weights)
    write_fixations(Path(wanted.predictions), run.predictions)
    write_csv(Path(wanted.steps), run.steps)
    write_csv(Path(wanted.choices), run.choices)
    write_json(Path(wanted.metrics), {name: {"value": value} for name, value in run.metrics.items()})
    outputs = [wanted.model, wanted.predictions, wanted.steps, wanted.choices, wanted.metrics]
    manifest = build_manifest(
        study=params.study, rule=snakemake.rule, wildcards=wildcards, config=config, inputs=list(given),
        outputs=outputs, fingerprint=params.code, metrics=run.metrics | run.speed, started=started,
        finished=time.time(),
    )  # fmt: skip
    write_manifest(Path(wanted.manifest), manifest)
    for old in Path(wanted.model).parent.glob("checkpoints-*"):
        shutil.rmtree(old)
