"""Average the overlap-corrected responses of all subjects."""

from pathlib import Path

from cogmodels.data.bids import write_tsv
from cogmodels.data.eeg import read_evoked
from cogmodels.eeg.responses import average_responses
from cogmodels.tracking.job import job

with job(snakemake):
    subjects = {}
    for recording, file in zip(snakemake.params.recordings, snakemake.input.evoked, strict=True):
        subjects.setdefault(recording["subject"], []).extend(read_evoked(Path(file)))
    write_tsv(Path(snakemake.output.curves), average_responses(subjects))
