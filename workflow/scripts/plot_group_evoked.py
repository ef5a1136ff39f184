"""Draw the evoked responses of all subjects together."""

from pathlib import Path

from cogmodels.data.bids import read_tsv
from cogmodels.data.eeg import read_evoked
from cogmodels.report.eeg import plot_group_evoked
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    figure = plot_group_evoked(
        read_tsv(Path(given.curves)),
        read_tsv(Path(given.amplitudes)),
        {evoked.comment: evoked for evoked in read_evoked(Path(given.evoked))},
        title=snakemake.params.title,
    )
    save_figure(figure, Path(snakemake.output.figure))
