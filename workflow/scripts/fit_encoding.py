"""Predict each voxel's responses of a subject from Features, and score it on held-out stimuli."""

import time
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import write_json, write_tsv
from cogmodels.data.bold import read_mask, write_map
from cogmodels.data.predictions import write_weights
from cogmodels.data.tables import read_features, read_responses
from cogmodels.fmri.encoding import fit_encoding
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import manifest_of_job, write_manifest

with job(snakemake) as log:
    started, given, wanted, options = time.time(), snakemake.input, snakemake.output, dict(snakemake.params.options)
    config = {**options, "pipeline": snakemake.params.pipeline}
    mask, affine = read_mask(Path(given.mask))
    responses = read_responses(Path(given.responses))
    bands = {}
    for (name, band), file in zip(options.pop("bands").items(), given.features, strict=True):
        table, taken = read_features(Path(file)), slice(*(band["dimensions"] or (None,)))
        bands[name] = table.stimuli, table.values[:, taken]
    fit = fit_encoding(responses.trials, responses.values, bands, **options)
    log.info("%d of %d voxels with q < .05", (fit.voxels["q"] < 0.05).sum(), len(fit.voxels))
    write_tsv(
        Path(wanted.voxels), pd.concat([pd.DataFrame(np.argwhere(mask), columns=list("xyz")), fit.voxels], axis=1)
    )
    write_weights(Path(wanted.model), {name: weights.astype(np.float32) for name, weights in fit.weights.items()})
    write_json(Path(wanted.summary), {"unit": "stimulus", "scores": fit.summary})
    for name, what in snakemake.params.maps.items():
        write_map(Path(wanted[name]), fit.voxels[name], mask, affine, {"Description": what, **snakemake.params.about})
    metrics = {" ".join(filter(None, (row["metric"], row["part"]))): row["value"] for row in fit.summary}
    write_manifest(Path(wanted.manifest), manifest_of_job(snakemake, config=config, metrics=metrics, started=started))
