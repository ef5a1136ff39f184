"""Find the bad channels of one recording."""

from pathlib import Path

from cogmodels.data.eeg import read_eeg, write_bad_channels
from cogmodels.eeg.bad_channels import find_bad_channels
from cogmodels.tracking.job import job

with job(snakemake) as log:
    raw = read_eeg(Path(snakemake.params.eeg))
    bads = find_bad_channels(raw, methods=snakemake.params.settings["bad_channels"])
    for row in bads.itertuples():
        log.info("%s is bad, %s: %.3g, limit %g", row.channel, row.reason, row.value, row.limit)
    write_bad_channels(Path(snakemake.output.channels), raw, bads)
