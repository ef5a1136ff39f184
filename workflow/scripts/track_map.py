"""Show a model of every voxel of a subject in Weights & Biases; whatever W&B does, the study goes on."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, write_json
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import read_manifest
from cogmodels.tracking.wandb_run import log_run

with job(snakemake):
    given, wildcards = snakemake.input, snakemake.wildcards
    manifest = read_manifest(Path(given.manifest))
    scores = pd.DataFrame(read_json(Path(given.summary))["scores"])[["metric", "part", "value", "ceiling"]]
    outcome = log_run(
        manifest,
        **snakemake.params.tracking,
        folder=Path(snakemake.output.outcome).parents[4],
        group=wildcards.model,
        tags=[wildcards.dataset, manifest["study"], f"commit-{(manifest['commit'] or 'none')[:12]}"],
        name=f"{wildcards.model}_sub-{wildcards.subject}",
        tables={"scores": scores},
        images={Path(given.figure).stem: Path(given.figure)},
    )
    write_json(Path(snakemake.output.outcome), outcome)
