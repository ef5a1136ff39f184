"""Turn a subject's epochs into current source densities."""

from pathlib import Path

from cogmodels.data.eeg import read_epochs, write_epochs
from cogmodels.eeg.rejection import source_density
from cogmodels.tracking.job import job

with job(snakemake):
    write_epochs(Path(snakemake.output.epochs), source_density(read_epochs(Path(snakemake.input.epochs))))
