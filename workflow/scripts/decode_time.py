"""Tell two classes of a subject's epochs apart at each time."""

from pathlib import Path

from cogmodels.data.bids import write_tsv
from cogmodels.data.eeg import read_epochs
from cogmodels.eeg.epochs import epoch_values, response_channels, signal_type
from cogmodels.eeg.time_scores import decode_classes
from cogmodels.tracking.job import job

with job(snakemake):
    options, epochs = snakemake.params.decoding, read_epochs(Path(snakemake.input.epochs))
    scores = decode_classes(
        epoch_values(epochs, signal_type(epochs)),
        epochs.metadata,
        epochs.times,
        where=f"subject {snakemake.wildcards.subject}",
        channels=response_channels(epochs)[0],
        **{name: options[name] for name in ("classes", "groups", "folds", "generalise", "seed", "rejection")},
    )
    write_tsv(Path(snakemake.output.scores), scores)
