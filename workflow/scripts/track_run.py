"""Show a model run in Weights & Biases; whatever W&B does, the study goes on."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, write_json
from cogmodels.report.learning import epochs_of, gather_curves
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import read_manifest
from cogmodels.tracking.wandb_run import log_run

with job(snakemake):
    given, wildcards = snakemake.input, snakemake.wildcards
    manifest = read_manifest(Path(given.manifest))
    scores = pd.DataFrame.from_dict(read_json(Path(given.metrics)), orient="index").rename_axis("metric").reset_index()
    whose = {**dict(wildcards.items()), "run": f"seed-{wildcards.seed}"}
    outcome = log_run(
        manifest,
        **snakemake.params.tracking,
        folder=Path(snakemake.output.outcome).parents[4],
        group=wildcards.experiment,
        tags=[wildcards.dataset, manifest["study"], f"commit-{(manifest['commit'] or 'none')[:12]}"],
        name=f"{wildcards.experiment}_fold-{wildcards.fold}_seed-{wildcards.seed}",
        tables={"scores": scores, Path(given.table).stem: pd.read_csv(given.table)},
        images={Path(file).stem: Path(file) for file in given.figures},
        history=epochs_of(gather_curves((whose, pd.read_csv(file)) for file in given.curves)),
    )
    write_json(Path(snakemake.output.outcome), outcome)
