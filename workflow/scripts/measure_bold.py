"""Measure the quality of one run: head motion, changes from volume to volume, temporal SNR."""

from pathlib import Path

from cogmodels.data.bids import write_json, write_tsv
from cogmodels.data.bold import read_mask, read_masked
from cogmodels.data.fmriprep import read_confounds
from cogmodels.fmri.confounds import MOTION
from cogmodels.fmri.quality import measure_run
from cogmodels.tracking.job import job

with job(snakemake):
    mask, _ = read_mask(Path(snakemake.input.mask))
    bold = read_masked(Path(snakemake.params.bold), mask)
    motion = [read_confounds(Path(file))[list(MOTION)] for file in [snakemake.input.get("motion")] if file]
    volumes, run = measure_run(bold.data, motion[0] if motion else None)
    write_tsv(Path(snakemake.output.volumes), volumes)
    write_json(Path(snakemake.output.quality), run)
