"""Map a weighted sum of conditions over all runs of a subject."""

from pathlib import Path

from cogmodels.data.bids import read_events
from cogmodels.data.bold import read_mask, read_masked, write_map
from cogmodels.data.fmriprep import read_confounds
from cogmodels.fmri.confounds import pipeline_confounds
from cogmodels.fmri.contrasts import describe_contrast, fixed_effects, run_contrast
from cogmodels.tracking.job import job


def runs():
    """Contrast of each run, one run in memory at a time."""
    for number, run in enumerate(recordings):
        bold = read_masked(Path(files[number]), mask)
        tables = [read_confounds(Path(file)) for file in snakemake.input.confounds[number : number + 1]]
        chosen = {"motion": options["motion_regressors"], "names": options["confounds"]}
        yield run_contrast(
            bold.data,
            read_events(Path(run["path"].replace("_bold.nii.gz", "_events.tsv"))),
            bold.repetition_time,
            weights,
            high_pass_s=options["high_pass_s"],
            confounds=pipeline_confounds(tables[0], **chosen) if tables else None,
            reference_s=bold.timing.get("StartTime", 0.0),
        )


with job(snakemake) as log:
    options, recordings, weights = snakemake.params.settings, snakemake.params.recordings, snakemake.params.weights
    mask, affine = read_mask(Path(snakemake.input.mask))
    files = snakemake.input.bold or [run["path"] for run in recordings]
    maps = fixed_effects(runs())
    log.info("%d of %d runs have all conditions", maps.n_runs, len(recordings))
    for stat in ("effect", "variance", "t", "z"):
        about = describe_contrast(maps, stat, weights)
        write_map(Path(snakemake.output[stat]), getattr(maps, stat), mask, affine, about)
