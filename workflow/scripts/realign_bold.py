"""Bring the volumes of one run to its mean by rigid motion."""

from pathlib import Path

from cogmodels.data.bids import write_tsv
from cogmodels.data.bold import collect_volumes, read_bold, write_bold
from cogmodels.fmri.confounds import motion_regressors
from cogmodels.fmri.motion import estimate_motion, resample_volumes
from cogmodels.fmri.quality import framewise_displacement
from cogmodels.tracking.job import job

with job(snakemake) as log:
    bold = read_bold(Path(snakemake.params.bold))
    found = estimate_motion(bold.data, bold.affine)
    table = motion_regressors(found.parameters, 6)
    table["framewise_displacement"] = framewise_displacement(found.parameters)
    log.info("mean framewise displacement %.3f mm", table["framewise_displacement"].iloc[1:].mean())
    write_tsv(Path(snakemake.output.motion), table)
    data = collect_volumes(resample_volumes(bold.data, bold.affine, found.parameters), bold.data.shape)
    write_bold(Path(snakemake.output.bold), data, bold.affine, bold.repetition_time, bold.timing)
