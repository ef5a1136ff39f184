"""Write the samples after the event as the Responses table of a subject."""

from pathlib import Path

from cogmodels.data.eeg import read_epochs
from cogmodels.data.tables import collect_responses, write_responses
from cogmodels.eeg.epochs import epoch_values
from cogmodels.tracking.job import job

with job(snakemake):
    epochs = read_epochs(Path(snakemake.input.epochs))
    values = epoch_values(epochs.copy().crop(tmin=0.0))
    responses = collect_responses([(epochs.metadata, values.reshape(len(values), -1))])
    write_responses(Path(snakemake.output.responses), responses)
