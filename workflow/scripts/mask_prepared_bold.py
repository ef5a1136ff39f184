"""Find the voxels of a subject that fMRIPrep's masks of all runs hold and that have a signal."""

from pathlib import Path

from cogmodels.data.bold import read_mask, read_masked, write_mask
from cogmodels.fmri.masks import common_mask, has_signal
from cogmodels.tracking.job import job

with job(snakemake) as log:
    masks = [read_mask(Path(file)) for file in snakemake.input.masks]
    mask = common_mask(mask for mask, _ in masks)
    whole = int(mask.sum())
    for file in snakemake.input.bold:
        mask[mask] = has_signal(read_masked(Path(file), mask).data)
    log.info("%d of %d voxels have a signal in every run", mask.sum(), whole)
    write_mask(Path(snakemake.output.mask), common_mask([mask]), masks[0][1])
