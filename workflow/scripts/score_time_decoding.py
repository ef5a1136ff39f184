"""Score decoding over time of all subjects, for the comparison."""

from pathlib import Path

from cogmodels.data.bids import read_tsv, write_csv
from cogmodels.eeg.summary_scores import summarise_time_decoding
from cogmodels.tracking.job import job

with job(snakemake):
    wildcards = snakemake.wildcards
    files = zip(snakemake.params.subjects, snakemake.input.scores, strict=True)
    scores = summarise_time_decoding(
        {subject: read_tsv(Path(file)) for subject, file in files},
        study=snakemake.params.study,
        dataset=wildcards.dataset,
        experiment=f"{wildcards.pipeline}: {wildcards.comparison}",
        seed=snakemake.params.decoding["seed"],
    )
    write_csv(Path(snakemake.output.scores), scores)
