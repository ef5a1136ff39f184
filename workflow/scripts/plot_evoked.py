"""Draw a subject's evoked responses."""

from pathlib import Path

from cogmodels.data.eeg import read_epochs
from cogmodels.report.eeg import plot_evoked
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    epochs = read_epochs(Path(snakemake.input.epochs))
    save_figure(plot_evoked(epochs, title=snakemake.params.title), Path(snakemake.output.figure))
