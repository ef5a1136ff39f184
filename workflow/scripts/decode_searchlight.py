"""Decode labels from the voxels around each voxel of a subject, a run left out at a time."""

import time
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import write_json, write_tsv
from cogmodels.data.bold import read_mask, write_map
from cogmodels.data.tables import read_responses
from cogmodels.fmri.searchlight import find_spheres, predict_spheres, score_spheres
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import manifest_of_job, write_manifest

with job(snakemake) as log:
    started, given, wanted, options = time.time(), snakemake.input, snakemake.output, dict(snakemake.params.options)
    config = {**options, "pipeline": snakemake.params.pipeline}
    mask, affine = read_mask(Path(given.mask))
    responses = read_responses(Path(given.responses))
    labels, runs = (responses.trials[name].to_numpy() for name in ("label", "run"))
    spheres = find_spheres(mask, affine, options.pop("radius_mm"))
    predicted = predict_spheres(responses.values, labels, runs, spheres, shrinkage=options.pop("shrinkage"))
    table, summary = score_spheres(predicted, labels, runs, **options)
    table.insert(0, "n_voxels", np.diff(spheres.starts))
    table["above_chance"] = table["accuracy"] - table["chance"]
    log.info("%d of %d spheres with q < .05", (table["q"] < 0.05).sum(), len(table))
    write_tsv(Path(wanted.voxels), pd.concat([pd.DataFrame(np.argwhere(mask), columns=list("xyz")), table], axis=1))
    write_json(Path(wanted.summary), {"unit": "run", "scores": summary})
    for name, what in snakemake.params.maps.items():
        write_map(Path(wanted[name]), table[name], mask, affine, {"Description": what, **snakemake.params.about})
    metrics = {" ".join(filter(None, (row["metric"], row["part"]))): row["value"] for row in summary}
    write_manifest(Path(wanted.manifest), manifest_of_job(snakemake, config=config, metrics=metrics, started=started))
