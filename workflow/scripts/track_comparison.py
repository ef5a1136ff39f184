"""Show the comparison of the study in Weights & Biases; whatever W&B does, the study goes on."""

import time
from pathlib import Path

import pandas as pd

from cogmodels.data.bids import write_json
from cogmodels.files import unfolded
from cogmodels.report.compare import score_summary
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import build_manifest, read_manifest
from cogmodels.tracking.wandb_run import log_run

with job(snakemake):
    started, given = time.time(), snakemake.input
    scores = pd.read_csv(given.scores)
    manifest = build_manifest(
        study=snakemake.params.study,
        rule=snakemake.rule,
        wildcards={},
        config={"experiments": sorted(set(scores["experiment"]))},
        inputs=[given.differences],
        outputs=[given.scores, *given.tests],
        fingerprint=snakemake.params.code,
        metrics=score_summary(scores),
        started=started,
        finished=time.time(),
    )
    runs = [read_manifest(Path(file))["outputs"] for file in given.manifests]
    predictions = {file: sha256 for one in runs for file, sha256 in one.items() if Path(file).stem == "predictions"}
    outcome = log_run(
        manifest,
        **snakemake.params.tracking,
        folder=Path(snakemake.output.outcome).parents[1],
        group="comparison",
        tags=[snakemake.params.study],
        name=f"{snakemake.params.study}_comparison",
        tables={
            "scores": scores,
            "config_differences": pd.read_csv(given.differences, dtype=str),
            **{Path(file).stem: pd.read_csv(file) for file in given.tests},
        },
        images={
            **{f"scores/{file.stem}": file for file in unfolded([given.shown])},
            **{Path(file).stem: Path(file) for file in given.figures},
        },
        read=predictions,
    )
    write_json(Path(snakemake.output.outcome), outcome)
