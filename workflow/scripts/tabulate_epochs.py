"""Write the samples after the event as the Responses table of a subject, where steps come between."""

from pathlib import Path

from cogmodels.data.eeg import read_epochs
from cogmodels.data.tables import write_responses
from cogmodels.eeg.epoch_responses import epoch_responses
from cogmodels.eeg.epochs import epoch_values, signal_type
from cogmodels.eeg.whitening import whiten
from cogmodels.tracking.job import job

with job(snakemake):
    options, epochs = snakemake.params.settings, read_epochs(Path(snakemake.input.epochs)).crop(tmin=0.0)
    trials, estimator, values = epochs.metadata, options["whitening"], None
    if estimator != "none":
        # Trials of no split train nothing: where there are no others, whitening refuses.
        values = epoch_values(epochs, signal_type(epochs))
        values, _ = whiten(values, trials["split"] == "train", trials["label"], estimator=estimator)
    responses = epoch_responses(epochs, values, eog=options["eog_responses"])
    write_responses(Path(snakemake.output.responses), responses)
