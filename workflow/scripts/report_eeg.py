"""Make the HTML page of a subject's EEG."""

from pathlib import Path

from cogmodels.data.bids import read_json, read_tsv
from cogmodels.data.eeg import read_eeg, read_epochs, read_raw
from cogmodels.files import whole
from cogmodels.report.eeg_page import subject_report
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    page = subject_report(
        snakemake.params.title,
        [read_eeg(Path(recording["path"])) for recording in snakemake.params.recordings],
        [read_raw(Path(file)) for file in given.eeg],
        read_epochs(Path(given.epochs)),
        quality=read_json(Path(given.quality)),
        channels=[read_tsv(Path(file)) for file in given.channels],
        components=[read_tsv(Path(file)) for file in given.components],
    )
    with whole(Path(snakemake.output.page)) as temporary:
        page.save(temporary, overwrite=True, open_browser=False, verbose="error")
