"""Let a model search the displays of one experiment."""

import time
from pathlib import Path

from tqdm import tqdm

from cogmodels.data.bids import write_csv, write_json
from cogmodels.data.displays import read_displays
from cogmodels.data.tables import write_fixations
from cogmodels.search.models import run_search
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import build_manifest, write_manifest

with job(snakemake):
    started, wanted, wildcards = time.time(), snakemake.output, snakemake.wildcards
    displays = read_displays(Path(snakemake.input.about).parent)
    weights = [snakemake.input.weights] if snakemake.input.weights else []
    options = snakemake.params.config | ({"weights": weights[0]} if weights else {})
    with tqdm(total=len(displays.trials), desc="searches", mininterval=5) as bar:
        fixations, trials = run_search(displays, options, seed=int(wildcards.seed), progress=bar.update)
    seconds = time.time() - started
    metrics = {
        "found_rate": float(trials["found"].mean()),
        "mean_fixations": float(trials["n_fixations"].mean()),
        "fixations_per_second": float(trials["n_fixations"].sum() / seconds),
    }
    write_fixations(Path(wanted.predictions), fixations)
    write_csv(Path(wanted.trials), trials)
    # Speed belongs to the machine, not to the model: it is in the log and in the manifest, not among the metrics.
    write_json(Path(wanted.metrics), {name: {"value": metrics[name]} for name in ("found_rate", "mean_fixations")})
    manifest = build_manifest(
        study=snakemake.params.study,
        rule=snakemake.rule,
        wildcards=dict(wildcards.items()),
        config={**snakemake.params.config, "seed": int(wildcards.seed)},
        inputs=[snakemake.input.about, snakemake.input.trials, *weights],
        outputs=[wanted.predictions, wanted.trials, wanted.metrics],
        fingerprint=snakemake.params.code,
        metrics=metrics,
        started=started,
        finished=time.time(),
    )
    write_manifest(Path(wanted.manifest), manifest)
