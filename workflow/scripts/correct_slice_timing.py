"""Bring the slices of one run to one moment of the volume."""

from pathlib import Path

from cogmodels.data.bold import read_bold, read_slice_times, write_bold
from cogmodels.fmri.slice_timing import correct_slice_timing
from cogmodels.tracking.job import job

with job(snakemake):
    path = Path(snakemake.params.bold)
    bold = read_bold(path)
    times, axis = read_slice_times(path, bold.data.shape)
    corrected, reference = correct_slice_timing(bold.data, times, bold.repetition_time, axis=axis)
    sidecar = {"SliceTimingCorrected": True, "StartTime": reference}
    write_bold(Path(snakemake.output.bold), corrected, bold.affine, bold.repetition_time, sidecar)
