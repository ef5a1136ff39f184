"""Filter and re-reference one recording."""

from pathlib import Path

from cogmodels.data.eeg import read_eeg, write_raw
from cogmodels.eeg.cleaning import clean_raw
from cogmodels.tracking.job import job

with job(snakemake):
    options = snakemake.params.settings
    raw = clean_raw(
        read_eeg(Path(snakemake.params.eeg)),
        l_freq=options["l_freq"],
        h_freq=options["h_freq"],
        notch=options["notch_hz"],
        reference=options["reference"],
    )
    write_raw(Path(snakemake.output.eeg), raw)
