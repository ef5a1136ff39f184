"""Remove the slow drift of one run and standardise its voxels."""

from pathlib import Path

from cogmodels.data.bold import fill_mask, read_bold, read_mask, write_bold
from cogmodels.fmri.cleaning import detrend_standardize
from cogmodels.tracking.job import job

with job(snakemake):
    options = snakemake.params.settings
    mask, _ = read_mask(Path(snakemake.input.mask))
    bold = read_bold(Path(snakemake.params.bold), mask=mask)
    cleaned = detrend_standardize(bold.data[mask].T, order=options["detrend_order"], standardize=options["standardize"])
    write_bold(Path(snakemake.output.bold), fill_mask(cleaned, mask), bold.affine, bold.repetition_time)
