"""Remove the slow drift of one run, and what else is asked for, and standardise its voxels."""

from pathlib import Path

from cogmodels.data.bids import read_tsv
from cogmodels.data.bold import fill_mask, read_bold, read_mask, write_bold
from cogmodels.fmri.cleaning import clean_run, detrend_standardize
from cogmodels.fmri.confounds import MOTION, motion_regressors
from cogmodels.tracking.job import job

with job(snakemake):
    options = snakemake.params.settings
    mask, _ = read_mask(Path(snakemake.input.mask))
    bold = read_bold(Path(snakemake.params.bold), mask=mask)
    data, standardize = bold.data[mask].T, options["standardize"]
    if options["high_pass_s"] is None:
        cleaned = detrend_standardize(data, order=options["detrend_order"], standardize=standardize)
    else:
        motion = [read_tsv(Path(file))[list(MOTION)].to_numpy() for file in [snakemake.input.get("motion")] if file]
        confounds = motion_regressors(motion[0], options["motion_regressors"]).to_numpy() if motion else None
        band = {name: options[name] for name in ("high_pass_s", "low_pass_hz")}
        cleaned = clean_run(data, bold.repetition_time, confounds=confounds, standardize=standardize, **band).data
    write_bold(Path(snakemake.output.bold), fill_mask(cleaned, mask), bold.affine, bold.repetition_time, bold.timing)
