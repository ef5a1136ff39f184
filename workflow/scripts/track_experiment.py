"""Show all runs of an experiment in Weights & Biases; whatever W&B does, the study goes on."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, write_json
from cogmodels.report.learning import epochs_of, gather_curves
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import read_manifest
from cogmodels.tracking.wandb_run import log_run

with job(snakemake):
    given, outcomes, whose = snakemake.input, {}, dict(snakemake.wildcards.items())
    # Figures are of all runs: the first shows them.
    images = {Path(file).stem: Path(file) for file in given.figures}
    for number, folder in enumerate(Path(file).parent for file in given.manifests):
        manifest, table = read_manifest(folder / "manifest.json"), Path(given.tables[number])
        scores = pd.DataFrame.from_dict(read_json(Path(given.metrics[number])), orient="index")
        curves = [pd.read_csv(file) for file in given.curves if Path(file).parent == folder]
        outcomes[folder.name] = log_run(
            manifest,
            **snakemake.params.tracking,
            folder=Path(snakemake.output.outcome).parents[3],
            group=whose["experiment"],
            tags=[whose["dataset"], manifest["study"], f"commit-{(manifest['commit'] or 'none')[:12]}"],
            name=f"{whose['experiment']}_{folder.name}",
            tables={"scores": scores.rename_axis("metric").reset_index(), table.stem: pd.read_csv(table)},
            images={} if number else images,
            history=epochs_of(gather_curves(({**whose, "run": folder.name}, one) for one in curves)),
        )
    write_json(Path(snakemake.output.outcome), outcomes)
