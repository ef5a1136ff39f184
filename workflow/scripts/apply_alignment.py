"""Bring all Responses of a subject into the space of its data set."""

from pathlib import Path

from cogmodels.data.predictions import read_weights
from cogmodels.data.tables import Responses, read_responses, write_responses
from cogmodels.fmri.response_alignment import unpack_map
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    responses = read_responses(Path(given.responses))
    mapping = unpack_map(read_weights(Path(given.maps)), snakemake.wildcards.subject)
    aligned = mapping.transform(responses.values).astype("float32")
    write_responses(Path(snakemake.output.responses), Responses(responses.trials, aligned))
