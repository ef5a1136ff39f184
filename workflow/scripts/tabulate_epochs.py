"""Write the samples after the event as the Responses table of a subject."""

from pathlib import Path

import numpy as np

from cogmodels.data.eeg import read_epochs
from cogmodels.data.tables import EpochAxes, collect_responses, write_responses
from cogmodels.eeg.epochs import epoch_values, response_channels, signal_type
from cogmodels.eeg.whitening import whiten
from cogmodels.tracking.job import job

with job(snakemake):
    options, epochs = snakemake.params.settings, read_epochs(Path(snakemake.input.epochs)).crop(tmin=0.0)
    trials, estimator = epochs.metadata, options["whitening"]
    names, types = response_channels(epochs, eog=options["eog_responses"])
    values = epoch_values(epochs, signal_type(epochs))
    if options["eog_responses"]:
        values = np.concatenate([values, epoch_values(epochs, names[values.shape[1] :])], axis=1)
    if estimator != "none":
        # Trials of no split train nothing: where there are no others, whitening refuses.
        values, _ = whiten(values, trials["split"] == "train", trials["label"], estimator=estimator)
    axes = EpochAxes(names, types, [round(float(time), 6) for time in epochs.times])
    responses = collect_responses([(trials, values.reshape(len(values), -1))], axes)
    write_responses(Path(snakemake.output.responses), responses)
