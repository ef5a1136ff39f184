"""Smooth one run inside the mask."""

from pathlib import Path

from cogmodels.data.bold import read_bold, read_mask, voxel_sizes, write_bold
from cogmodels.fmri.smoothing import smooth_in_mask
from cogmodels.tracking.job import job

with job(snakemake):
    mask, _ = read_mask(Path(snakemake.input.mask))
    bold = read_bold(Path(snakemake.params.bold), mask=mask)
    smoothed = smooth_in_mask(bold.data, mask, snakemake.params.settings["smoothing_fwhm_mm"], voxel_sizes(bold.affine))
    write_bold(Path(snakemake.output.bold), smoothed, bold.affine, bold.repetition_time, bold.timing)
