"""Remove the slow drift of one run, and what else is asked for, and standardise its voxels."""

from pathlib import Path

from cogmodels.data.bold import fill_mask, read_mask, read_masked, write_bold
from cogmodels.data.fmriprep import read_confounds
from cogmodels.fmri.cleaning import clean_run, detrend_standardize
from cogmodels.fmri.confounds import pipeline_confounds
from cogmodels.tracking.job import job

with job(snakemake):
    options = snakemake.params.settings
    mask, _ = read_mask(Path(snakemake.input.mask))
    bold = read_masked(Path(snakemake.params.bold), mask)
    standardize = options["standardize"]
    if options["high_pass_s"] is None:
        cleaned = detrend_standardize(bold.data, order=options["detrend_order"], standardize=standardize)
    else:
        tables = [read_confounds(Path(file)) for file in [snakemake.input.get("confounds")] if file]
        chosen = {"motion": options["motion_regressors"], "names": options["confounds"]}
        confounds = pipeline_confounds(tables[0], **chosen) if tables else None
        band = {name: options[name] for name in ("high_pass_s", "low_pass_hz")}
        cleaned = clean_run(bold.data, bold.repetition_time, confounds=confounds, standardize=standardize, **band).data
    write_bold(Path(snakemake.output.bold), fill_mask(cleaned, mask), bold.affine, bold.repetition_time, bold.timing)
