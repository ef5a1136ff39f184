"""Cut a subject's recordings into epochs around the events; their samples after it are the Responses table."""

from pathlib import Path

from cogmodels.data.bids import read_events
from cogmodels.data.eeg import as_saved, events_path, read_eeg, read_epochs, read_raw, write_epochs
from cogmodels.data.tables import trials_of_events, write_responses
from cogmodels.eeg.cleaning import clean_raw
from cogmodels.eeg.epoch_responses import epoch_responses
from cogmodels.eeg.epochs import interpolate_bads, join_epochs, make_epochs
from cogmodels.tracking.job import job

with job(snakemake):
    options, parts, recordings = snakemake.params.settings, [], snakemake.params.recordings
    # Where nothing else reads the cleaned recording there is no file of it; epochs are the same as if there were.
    for recording, file in zip(recordings, snakemake.input.eeg or [None] * len(recordings), strict=True):
        path = Path(recording["path"])
        events = read_events(events_path(path))
        trials = trials_of_events(events, recording["subject"], recording["session"], recording["run"])
        part = make_epochs(
            read_raw(Path(file)) if file else as_saved(clean_raw(read_eeg(path), **snakemake.params.cleaning)),
            trials.assign(onset=events["onset"].to_numpy()),
            tmin=options["tmin"],
            tmax=options["tmax"],
            baseline=snakemake.params.baseline,
            resample=options["resample_hz"],
            reject_uv=options["reject_uv"],
        )
        parts.append(interpolate_bads(part) if options["interpolate_bads"] else part)
    written = Path(snakemake.output.epochs)
    write_epochs(written, join_epochs(parts))
    if snakemake.output.get("responses"):
        # Of the file, which is in single precision, as all that reads it.
        write_responses(Path(snakemake.output.responses), epoch_responses(read_epochs(written).crop(tmin=0.0)))
