"""Train a network on a diet; one that was killed goes on after its last whole epoch."""

import shutil
import time
from pathlib import Path

from cogmodels.config.training import Diet
from cogmodels.data.bids import write_csv, write_json
from cogmodels.data.predictions import write_weights
from cogmodels.stimuli.backbone_training import train_backbone
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import build_manifest, run_id, write_manifest

with job(snakemake):
    started, wanted, wildcards = time.time(), snakemake.output, dict(snakemake.wildcards.items())
    config = {**snakemake.params.diet, "seed": int(wildcards["seed"])}
    # Checkpoints of another config or other code are not gone on from.
    state = run_id(snakemake.rule, wildcards, {**config, "code": snakemake.params.code})
    checkpoints = Path(wanted.model).parent / f"checkpoints-{state}"
    run = train_backbone(Diet(**snakemake.params.diet), seed=config["seed"], folder=checkpoints)
    write_weights(Path(wanted.model), run.weights)
    write_json(Path(wanted.metrics), run.metrics)
    write_csv(Path(wanted.curves), run.curves)
    manifest = build_manifest(
        study=snakemake.params.study,
        rule=snakemake.rule,
        wildcards=wildcards,
        config=config,
        inputs=[file for file in snakemake.input.images if Path(file).is_file()],
        outputs=[wanted.model, wanted.metrics, wanted.curves],
        fingerprint=snakemake.params.code,
        metrics={name: row["value"] for name, row in run.metrics.items()},
        started=started,
        finished=time.time(),
    )
    write_manifest(Path(wanted.manifest), manifest)
    for old in Path(wanted.model).parent.glob("checkpoints-*"):
        shutil.rmtree(old)
