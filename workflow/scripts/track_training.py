"""Show the training of a network in Weights & Biases, its learning curves included."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, write_json
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import read_manifest
from cogmodels.tracking.wandb_run import log_run

with job(snakemake):
    given, wildcards = snakemake.input, snakemake.wildcards
    manifest = read_manifest(Path(given.manifest))
    scores = pd.DataFrame.from_dict(read_json(Path(given.metrics)), orient="index").rename_axis("metric").reset_index()
    outcome = log_run(
        manifest,
        **snakemake.params.tracking,
        folder=Path(snakemake.output.outcome).parents[3],
        group=wildcards.diet,
        tags=[manifest["study"], f"commit-{(manifest['commit'] or 'none')[:12]}"],
        name=f"{wildcards.diet}_seed-{wildcards.seed}",
        tables={"scores": scores},
        history=pd.read_csv(given.curves),
    )
    write_json(Path(snakemake.output.outcome), outcome)
