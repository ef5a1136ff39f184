"""Filter and re-reference one recording."""

from pathlib import Path

from cogmodels.data.eeg import read_bad_channels, read_eeg, write_raw
from cogmodels.eeg.cleaning import clean_raw
from cogmodels.tracking.job import job

with job(snakemake):
    found = snakemake.input.get("channels")
    bads = read_bad_channels(Path(found)) if found else []
    raw = clean_raw(read_eeg(Path(snakemake.params.eeg)), **snakemake.params.settings, bads=bads)
    write_raw(Path(snakemake.output.eeg), raw)
