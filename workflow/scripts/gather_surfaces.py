"""Bring the hemispheres or grayordinates of one run into one image of n x 1 x 1 places."""

from pathlib import Path

from cogmodels.data.surfaces import gather_series, write_places
from cogmodels.tracking.job import job

with job(snakemake) as log:
    files = list(map(Path, snakemake.input.series))
    series, known = gather_series(files)
    log.info("%d of %d places are finite at all times", known.sum(), len(known))
    write_places(Path(snakemake.output.bold), Path(snakemake.output.mask), series, known, files[0])
