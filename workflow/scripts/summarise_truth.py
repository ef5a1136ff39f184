"""Score clocks, responses and ICA over recordings, for the comparison. SIMULATED EEG."""

from pathlib import Path

from cogmodels.data.bids import read_tsv, write_csv
from cogmodels.eeg.summary_scores import summarise_truth
from cogmodels.tracking.job import job

with job(snakemake):
    names = {"study": snakemake.params.study, "dataset": snakemake.wildcards.dataset}
    scores = summarise_truth(read_tsv(Path(snakemake.input.scores)), experiment=snakemake.wildcards.pipeline, **names)
    write_csv(Path(snakemake.output.scores), scores)
