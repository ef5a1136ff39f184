"""Cut a subject's recordings into epochs around the events."""

from pathlib import Path

from cogmodels.data.bids import read_events
from cogmodels.data.eeg import as_saved, events_path, read_eeg, read_raw, write_epochs
from cogmodels.data.tables import trials_of_events
from cogmodels.eeg.cleaning import keep_raw
from cogmodels.eeg.epochs import interpolate_bads, join_epochs, make_epochs
from cogmodels.tracking.job import job

with job(snakemake):
    options, parts, recordings = snakemake.params.settings, [], snakemake.params.recordings
    # Without a step that changes recordings there are no files of one; epochs are the same as if there were.
    for recording, file in zip(recordings, snakemake.input.eeg or [None] * len(recordings), strict=True):
        events = read_events(events_path(recording["path"]))
        trials = trials_of_events(events, recording["subject"], recording["session"], recording["run"])
        part = make_epochs(
            read_raw(Path(file)) if file else as_saved(keep_raw(read_eeg(Path(recording["path"])))),
            trials.assign(onset=events["onset"].to_numpy()),
            tmin=options["tmin"],
            tmax=options["tmax"],
            baseline=snakemake.params.baseline,
            resample=options["resample_hz"],
            reject_uv=options["reject_uv"],
        )
        parts.append(interpolate_bads(part) if options["interpolate_bads"] else part)
    write_epochs(Path(snakemake.output.epochs), join_epochs(parts))
