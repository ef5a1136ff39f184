"""Measure the quality of a subject's EEG, draw its evoked responses, and make the HTML page of it."""

from pathlib import Path

from cogmodels.data.bids import find_sidecar, read_events, read_tsv, write_json
from cogmodels.data.eeg import as_saved, events_path, read_eeg, read_epochs, read_raw
from cogmodels.eeg.quality import quality
from cogmodels.files import whole
from cogmodels.report.eeg import plot_evoked
from cogmodels.report.eeg_page import subject_report
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    paths = [Path(recording["path"]) for recording in snakemake.params.recordings]
    raws = [read_eeg(path) for path in paths]
    # Where no step changed them, epochs were cut from the recordings as they came.
    recordings = raws, [read_raw(Path(file)) for file in given.eeg] or [as_saved(raw) for raw in raws]
    epochs, components = read_epochs(Path(given.epochs)), [read_tsv(Path(file)) for file in given.components]
    measures = quality(
        *recordings,
        epochs,
        events=sum(len(read_events(events_path(path))) for path in paths),
        components=[table["reason"].notna().sum() for table in components],
        line_hz=find_sidecar(paths[0]).get("PowerLineFrequency"),
    )
    write_json(Path(snakemake.output.quality), measures)
    # A pipeline without figures of subjects has its evoked responses on the page alone.
    evoked = Path(snakemake.output.evoked) if snakemake.output.get("evoked") else None
    if evoked:
        save_figure(plot_evoked(epochs, title=snakemake.params.evoked_title), evoked)
    channels = [read_tsv(Path(file)) for file in given.channels]
    page = subject_report(
        snakemake.params.title,
        *recordings,
        epochs,
        quality=measures,
        channels=channels,
        components=components,
        evoked=evoked,
    )
    with whole(Path(snakemake.output.page)) as temporary:
        page.save(temporary, overwrite=True, open_browser=False, verbose="error")
