"""Estimate a beta for each event of a subject: its Responses table."""

from pathlib import Path

from cogmodels.data.bids import read_events, read_tsv
from cogmodels.data.bold import read_bold, read_mask
from cogmodels.data.tables import collect_responses, trials_of_events, write_responses
from cogmodels.fmri.confounds import MOTION, motion_regressors
from cogmodels.fmri.trial_models import subject_betas
from cogmodels.tracking.job import job

with job(snakemake) as log:
    options, recordings = snakemake.params.settings, snakemake.params.recordings
    mask, _ = read_mask(Path(snakemake.input.mask))
    files = snakemake.input.bold or [run["path"] for run in recordings]
    bolds = [read_bold(Path(file), mask=mask) for file in files]
    events = [read_events(Path(run["path"].replace("_bold.nii.gz", "_events.tsv"))) for run in recordings]
    trials = [
        trials_of_events(table, run["subject"], run["session"], run["run"])
        for table, run in zip(events, recordings, strict=True)
    ]
    motion = [read_tsv(Path(file))[list(MOTION)].to_numpy() for file in snakemake.input.motion]
    betas = subject_betas(
        [bold.data[mask].T for bold in bolds],
        events,
        trials,
        [(bold.repetition_time, bold.timing.get("StartTime", 0.0)) for bold in bolds],
        method=options["responses"],
        high_pass_s=options["high_pass_s"],
        confounds=[motion_regressors(part, options["motion_regressors"]).to_numpy() for part in motion] or None,
    )
    log.info("%d trials of %d voxels", sum(map(len, trials)), mask.sum())
    write_responses(Path(snakemake.output.responses), collect_responses(zip(trials, betas, strict=True)))
