"""Average decoding over time of all subjects, and find where it exceeds chance."""

from pathlib import Path

from cogmodels.data.bids import read_tsv, write_tsv
from cogmodels.eeg.time_scores import average_scores
from cogmodels.tracking.job import job

with job(snakemake) as log:
    files = zip(snakemake.params.subjects, snakemake.input.scores, strict=True)
    options = snakemake.params.decoding
    curve, clusters = average_scores(
        {subject: read_tsv(Path(file)) for subject, file in files},
        **{name: options[name] for name in ("alpha", "permutations", "seed")},
    )
    write_tsv(Path(snakemake.output.curve), curve)
    write_tsv(Path(snakemake.output.clusters), clusters)
    log.info("clusters over people:\n%s", clusters.to_string(index=False))
