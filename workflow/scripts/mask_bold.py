"""Find the voxels of a subject that are brighter than the mean of the image."""

from pathlib import Path

from cogmodels.data.bold import read_mean, write_mask
from cogmodels.fmri.masks import mean_intensity_mask
from cogmodels.tracking.job import job

with job(snakemake):
    mean, affine = read_mean([Path(run["path"]) for run in snakemake.params.recordings])
    write_mask(Path(snakemake.output.mask), mean_intensity_mask(mean), affine)
