"""Take what the EOG channels predict out of one recording."""

from pathlib import Path

from cogmodels.data.eeg import read_raw, write_raw
from cogmodels.eeg.ica import remove_by_regression
from cogmodels.tracking.job import job

with job(snakemake):
    write_raw(Path(snakemake.output.eeg), remove_by_regression(read_raw(Path(snakemake.input.eeg))))
