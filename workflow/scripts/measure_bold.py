"""Measure the quality of one run: head motion, changes from volume to volume, temporal SNR."""

from pathlib import Path

from cogmodels.data.bids import write_json, write_tsv
from cogmodels.data.bold import read_mask, read_masked
from cogmodels.data.fmriprep import read_confounds
from cogmodels.fmri.confounds import MOTION, steady_volumes
from cogmodels.fmri.quality import measure_run
from cogmodels.tracking.job import job

with job(snakemake):
    mask, _ = read_mask(Path(snakemake.input.mask))
    bold = read_masked(Path(snakemake.params.bold), mask)
    known = [read_confounds(Path(file)) for file in [snakemake.input.get("motion")] if file]
    moved = (known[0][list(MOTION)], steady_volumes(known[0])) if known else ()
    volumes, run = measure_run(bold.data, *moved)
    write_tsv(Path(snakemake.output.volumes), volumes)
    write_json(Path(snakemake.output.quality), run)
