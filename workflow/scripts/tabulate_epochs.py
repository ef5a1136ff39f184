"""Write the samples after the event as the Responses table of a subject."""

from pathlib import Path

from cogmodels.data.eeg import read_epochs
from cogmodels.data.tables import collect_responses, write_responses
from cogmodels.eeg.epochs import epoch_values, signal_type
from cogmodels.eeg.whitening import whiten
from cogmodels.tracking.job import job

with job(snakemake):
    epochs, estimator = read_epochs(Path(snakemake.input.epochs)), snakemake.params.settings["whitening"]
    trials = epochs.metadata
    values = epoch_values(epochs.copy().crop(tmin=0.0), signal_type(epochs))
    if estimator != "none":
        # Trials of no split train nothing: where there are no others, whitening refuses.
        values, _ = whiten(values, trials["split"] == "train", trials["label"], estimator=estimator)
    write_responses(Path(snakemake.output.responses), collect_responses([(trials, values.reshape(len(values), -1))]))
