"""Measure the quality of each run of a subject: head motion, changes from volume to volume, temporal SNR."""

from pathlib import Path

from cogmodels.data.bids import write_json, write_tsv
from cogmodels.data.bold import read_mask, read_masked
from cogmodels.data.fmriprep import read_confounds
from cogmodels.fmri.confounds import MOTION, steady_volumes
from cogmodels.fmri.quality import measure_run
from cogmodels.tracking.job import job

with job(snakemake):
    given, recordings = snakemake.input, snakemake.params.recordings
    mask, _ = read_mask(Path(given.mask))
    files = given.bold or [run["path"] for run in recordings]
    output, quality = Path(snakemake.output.quality), {}
    for number, run in enumerate(recordings):
        known = [read_confounds(Path(file)) for file in given.motion[number : number + 1]]
        moved = (known[0][list(MOTION)], steady_volumes(known[0])) if known else ()
        volumes, quality[run["stem"]] = measure_run(read_masked(Path(files[number]), mask).data, *moved)
        write_tsv(output.parent / f"{run['stem']}_desc-quality_timeseries.tsv", volumes)
    write_json(output, quality)
