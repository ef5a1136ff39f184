"""Average the volumes of each event into the Responses table of a subject."""

from pathlib import Path

from cogmodels.data.bids import read_events
from cogmodels.data.bold import read_mask, read_masked
from cogmodels.data.tables import collect_responses, trials_of_events, write_responses
from cogmodels.fmri.responses import window_mean_responses
from cogmodels.tracking.job import job

with job(snakemake):
    mask, _ = read_mask(Path(snakemake.input.mask))
    parts = []
    for run, file in zip(snakemake.params.recordings, snakemake.params.bold, strict=True):
        events = read_events(Path(run["path"].replace("_bold.nii.gz", "_events.tsv")))
        bold = read_masked(Path(file), mask)
        values = window_mean_responses(
            bold.data,
            bold.repetition_time,
            events["onset"].to_numpy(),
            events["duration"].to_numpy(),
            **snakemake.params.settings,
        )
        parts.append((trials_of_events(events, run["subject"], run["session"], run["run"]), values))
    write_responses(Path(snakemake.output.responses), collect_responses(parts))
