"""Remove the slow drift of each run of a subject, and what else is asked for, and standardise its voxels."""

from pathlib import Path

from cogmodels.data.bids import write_json
from cogmodels.data.bold import fill_mask, read_mask, read_masked, write_bold
from cogmodels.data.fmriprep import read_confounds
from cogmodels.fmri.cleaning import clean_run, detrend_standardize
from cogmodels.fmri.confounds import pipeline_confounds
from cogmodels.tracking.job import job


def clean(bold, confounds):
    """Time courses of one run, as the pipeline wants them."""
    standardize = options["standardize"]
    if options["high_pass_s"] is None:
        return detrend_standardize(bold.data, order=options["detrend_order"], standardize=standardize)
    tables = [read_confounds(Path(file)) for file in confounds]
    chosen = {"motion": options["motion_regressors"], "names": options["confounds"]}
    known = pipeline_confounds(tables[0], **chosen) if tables else None
    band = {name: options[name] for name in ("high_pass_s", "low_pass_hz")}
    return clean_run(bold.data, bold.repetition_time, confounds=known, standardize=standardize, **band).data


with job(snakemake):
    given, options, recordings = snakemake.input, snakemake.params.settings, snakemake.params.recordings
    mask, _ = read_mask(Path(given.mask))
    files = given.bold or [run["path"] for run in recordings]
    output = Path(snakemake.output.cleaned)
    for number, run in enumerate(recordings):
        bold = read_masked(Path(files[number]), mask)
        image = fill_mask(clean(bold, given.confounds[number : number + 1]), mask)
        path = output.parent / f"{run['stem']}_desc-clean_bold.nii.gz"
        write_bold(path, image, bold.affine, bold.repetition_time, bold.timing)
    write_json(output, {**options, "recordings": [run["stem"] for run in recordings]})
