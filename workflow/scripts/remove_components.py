"""Take the eyes' components out of one recording."""

from pathlib import Path

from cogmodels.data.bids import read_tsv
from cogmodels.data.eeg import read_ica, read_raw, write_raw
from cogmodels.eeg.ica import remove_components
from cogmodels.tracking.job import job

with job(snakemake):
    scores = read_tsv(Path(snakemake.input.components))
    eyes = scores["component"][scores["reason"].notna()].astype(int)
    raw, ica = read_raw(Path(snakemake.input.eeg)), read_ica(Path(snakemake.input.ica))
    write_raw(Path(snakemake.output.eeg), remove_components(raw, ica, list(eyes)))
