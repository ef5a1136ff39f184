"""Measure the quality of a subject's EEG."""

from pathlib import Path

from cogmodels.data.bids import find_sidecar, read_events, read_tsv, write_json
from cogmodels.data.eeg import events_path, read_eeg, read_epochs, read_raw
from cogmodels.eeg.quality import quality
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    paths = [recording["path"] for recording in snakemake.params.recordings]
    events = [read_events(events_path(path)) for path in paths]
    components = [read_tsv(Path(file))["reason"].notna().sum() for file in given.components]
    raws = [read_eeg(Path(path)) for path in paths]
    measures = quality(
        raws,
        [read_raw(Path(file)) for file in given.eeg] or raws,
        read_epochs(Path(given.epochs)),
        events=sum(map(len, events)),
        components=components,
        line_hz=find_sidecar(Path(paths[0])).get("PowerLineFrequency"),
    )
    write_json(Path(snakemake.output.quality), measures)
