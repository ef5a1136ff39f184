"""Train one decoder on several subjects and predict the held-out trials; one that was killed goes on."""

import shutil
import time
from pathlib import Path

from cogmodels.data.bids import write_csv, write_json
from cogmodels.data.predictions import write_predictions, write_weights
from cogmodels.data.tables import map_responses, read_features
from cogmodels.decoding.cross_subject import Plan, join_targets, train_cross_subject, warn_of_chance
from cogmodels.decoding.score import score_predictions
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import build_manifest, run_id, write_manifest

with job(snakemake):
    started, given, wanted = time.time(), snakemake.input, snakemake.output
    wildcards = dict(snakemake.wildcards.items())
    config = {**snakemake.params.config, "seed": int(wildcards["seed"]), "pipeline": snakemake.params.pipeline}
    # Checkpoints of another config, other code or other responses are not gone on from.
    content = {**config, "code": snakemake.params.code, "inputs": [Path(f).stat().st_mtime_ns for f in given]}
    state = Path(wanted.model).parent / f"checkpoints-{run_id(snakemake.rule, wildcards, content)}"
    tables = [map_responses(Path(file), state / "responses") for file in given.responses]
    targets = join_targets(read_features(Path(given.features)), read_features(Path(given.text)) if given.text else None)
    run = train_cross_subject(
        [(one.trials, one.values) for one in tables], targets, Plan.of(snakemake.params.config),
        folds="all" if wildcards["fold"] == "all" else [wildcards["fold"]], seed=config["seed"], folder=state,
    )  # fmt: skip
    scores = score_predictions(run.predictions, targets.stimuli, targets.image)
    warn_of_chance(scores, config["control"])
    write_weights(Path(wanted.model), run.weights)
    write_predictions(Path(wanted.predictions), run.predictions.assign(seed=config["seed"]))
    metrics = scores.set_index("metric").to_dict("index")
    write_json(Path(wanted.metrics), metrics)
    for name in ("choices", "curves", "stimuli"):
        write_csv(Path(wanted[name]), getattr(run, name))
    manifest = build_manifest(
        study=snakemake.params.study,
        rule=snakemake.rule,
        wildcards=wildcards,
        config=config,
        inputs=list(given),
        outputs=[wanted.model, wanted.predictions, wanted.metrics, wanted.choices, wanted.curves, wanted.stimuli],
        fingerprint=snakemake.params.code,
        metrics={name: row["value"] for name, row in metrics.items()} | run.speed(),
        started=started,
        finished=time.time(),
    )
    write_manifest(Path(wanted.manifest), manifest)
    for old in Path(wanted.model).parent.glob("checkpoints-*"):
        shutil.rmtree(old)
