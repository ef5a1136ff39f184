"""Gather scores and config differences of all experiments."""

import time
from pathlib import Path

from cogmodels.report.style import save_figure

from cogmodels.data.bids import write_csv
from cogmodels.files import whole
from cogmodels.report.compare import comparison_page, config_differences, gather_scores, plot_scores
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import build_manifest, read_manifest
from cogmodels.tracking.wandb_run import log_run

with job(snakemake):
    started, wanted = time.time(), snakemake.output
    scores = gather_scores([Path(file) for file in snakemake.input.scores])
    differences = config_differences([read_manifest(Path(file)) for file in snakemake.input.manifests])
    write_csv(Path(wanted.scores), scores)
    with whole(Path(wanted.table)) as temporary:
        temporary.write_text(comparison_page(scores, differences, snakemake.params.study), encoding="utf-8")
    save_figure(plot_scores(scores), Path(wanted.figure))
    manifest = build_manifest(
        study=snakemake.params.study,
        rule=snakemake.rule,
        wildcards={},
        config={"experiments": sorted(set(scores["experiment"]))},
        inputs=snakemake.input.scores,
        outputs=[wanted.scores],
        fingerprint=snakemake.params.code,
        metrics={f"{row.experiment}/{row.metric}": row.value for row in scores.itertuples()},
        started=started,
        finished=time.time(),
    )
    log_run(
        manifest,
        **snakemake.params.tracking,
        folder=Path(wanted.scores).parents[1],
        group="compare",
        tags=[snakemake.params.study],
        name=f"{snakemake.params.study}_comparison",
        tables={"scores": scores, "config_differences": differences.reset_index()},
        images={"scores": Path(wanted.figure)},
    )
