"""Leave each person out of a decoder of single trials of EEG, and predict theirs; one that was killed goes on."""

import shutil
import time
from pathlib import Path

from cogmodels.data.bids import write_csv, write_json
from cogmodels.data.predictions import write_predictions, write_weights
from cogmodels.data.tables import read_features, read_responses
from cogmodels.decoding.class_scores import score_run
from cogmodels.decoding.epochs import EpochPlan, train_epochs
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import build_manifest, run_id, write_manifest

with job(snakemake):
    started, given, wanted = time.time(), snakemake.input, snakemake.output
    wildcards = dict(snakemake.wildcards.items())
    config = {**snakemake.params.config, "seed": int(wildcards["seed"]), "pipeline": snakemake.params.pipeline}
    # Checkpoints of another config, other code or other responses are not gone on from.
    content = {**config, "code": snakemake.params.code, "inputs": [Path(f).stat().st_mtime_ns for f in given]}
    state = Path(wanted.model).parent / f"checkpoints-{run_id(snakemake.rule, wildcards, content)}"
    features = read_features(Path(given.features)) if given.features else None
    run = train_epochs(
        [read_responses(Path(file)) for file in given.responses], EpochPlan.of(snakemake.params.config), features,
        folds="all" if wildcards["fold"] == "all" else [wildcards["fold"]], seed=config["seed"], folder=state,
    )  # fmt: skip
    metrics = score_run(run.predictions, features).set_index("metric").to_dict("index")
    write_weights(Path(wanted.model), run.weights)
    write_predictions(Path(wanted.predictions), run.predictions.assign(seed=config["seed"]))
    write_json(Path(wanted.metrics), metrics)
    for name in ("choices", "curves", "refits"):
        write_csv(Path(wanted[name]), getattr(run, name))
    manifest = build_manifest(
        study=snakemake.params.study,
        rule=snakemake.rule,
        wildcards=wildcards,
        config=config,
        inputs=list(given),
        outputs=[wanted.model, wanted.predictions, wanted.metrics, wanted.choices, wanted.curves, wanted.refits],
        fingerprint=snakemake.params.code,
        metrics={name: row["value"] for name, row in metrics.items()} | run.speed(),
        started=started,
        finished=time.time(),
    )
    write_manifest(Path(wanted.manifest), manifest)
    for old in Path(wanted.model).parent.glob("checkpoints-*"):
        shutil.rmtree(old)
