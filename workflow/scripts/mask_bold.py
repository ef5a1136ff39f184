"""Find the voxels of a subject that are brighter than the mean of the image."""

from pathlib import Path

from cogmodels.data.bold import read_mean, write_mask
from cogmodels.fmri.masks import mean_intensity_mask
from cogmodels.tracking.job import job

with job(snakemake):
    files = snakemake.input.bold or [run["path"] for run in snakemake.params.recordings]
    mean, affine = read_mean([Path(file) for file in files])
    write_mask(Path(snakemake.output.mask), mean_intensity_mask(mean), affine)
