"""Estimate a beta for each event of a subject: its Responses table."""

from pathlib import Path

from cogmodels.data.bids import read_events
from cogmodels.data.bold import read_mask, stored_runs
from cogmodels.data.fmriprep import read_confounds
from cogmodels.data.tables import collect_responses, trials_of_events, write_responses
from cogmodels.fmri.confounds import pipeline_confounds
from cogmodels.fmri.trial_models import subject_betas
from cogmodels.tracking.job import job

with job(snakemake) as log:
    options, recordings = snakemake.params.settings, snakemake.params.recordings
    mask, _ = read_mask(Path(snakemake.input.mask))
    files = snakemake.input.bold or [run["path"] for run in recordings]
    events = [read_events(Path(run["path"].replace("_bold.nii.gz", "_events.tsv"))) for run in recordings]
    trials = [
        trials_of_events(table, run["subject"], run["session"], run["run"])
        for table, run in zip(events, recordings, strict=True)
    ]
    chosen = {"motion": options["motion_regressors"], "names": options["confounds"]}
    confounds = [pipeline_confounds(read_confounds(Path(file)), **chosen) for file in snakemake.input.confounds]
    output = Path(snakemake.output.responses)
    # Beside the output, not in a folder for temporary files, which may lie in memory.
    with stored_runs(map(Path, files), mask, output.parent) as (runs, timing):
        betas = subject_betas(
            runs,
            events,
            trials,
            timing,
            method=options["responses"],
            high_pass_s=options["high_pass_s"],
            confounds=confounds if any(part is not None for part in confounds) else None,
        )
    log.info("%d trials of %d voxels", sum(map(len, trials)), mask.sum())
    write_responses(output, collect_responses(zip(trials, betas, strict=True)))
