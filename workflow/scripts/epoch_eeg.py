"""Cut a subject's recordings into epochs around the events."""

from pathlib import Path

from cogmodels.data.bids import read_events
from cogmodels.data.eeg import events_path, read_raw, write_epochs
from cogmodels.data.tables import trials_of_events
from cogmodels.eeg.epochs import interpolate_bads, join_epochs, make_epochs
from cogmodels.tracking.job import job

with job(snakemake):
    options, parts = snakemake.params.settings, []
    for recording, file in zip(snakemake.params.recordings, snakemake.input.eeg, strict=True):
        events = read_events(events_path(recording["path"]))
        trials = trials_of_events(events, recording["subject"], recording["session"], recording["run"])
        part = make_epochs(
            read_raw(Path(file)),
            trials.assign(onset=events["onset"].to_numpy()),
            tmin=options["tmin"],
            tmax=options["tmax"],
            baseline=snakemake.params.baseline,
            resample=options["resample_hz"],
            reject_uv=options["reject_uv"],
        )
        parts.append(interpolate_bads(part) if options["interpolate_bads"] else part)
    write_epochs(Path(snakemake.output.epochs), join_epochs(parts))
