"""Filter and re-reference one recording."""

from pathlib import Path

from cogmodels.data.eeg import read_bad_channels, read_eeg, write_raw
from cogmodels.eeg.cleaning import clean_raw
from cogmodels.tracking.job import job

with job(snakemake):
    options = snakemake.params.settings
    found = snakemake.input.get("channels")
    raw = clean_raw(
        read_eeg(Path(snakemake.params.eeg)),
        l_freq=options["l_freq"],
        h_freq=options["h_freq"],
        notch=options["notch_hz"],
        reference=options["reference"],
        bads=read_bad_channels(Path(found)) if found else [],
    )
    write_raw(Path(snakemake.output.eeg), raw)
