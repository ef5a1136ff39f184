"""Draw the overlap-corrected responses of all subjects beside their plain averages."""

from pathlib import Path

from cogmodels.data.bids import read_json, read_tsv
from cogmodels.report.joined import plot_deconvolution
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    figure = plot_deconvolution(
        read_tsv(Path(given.curves)),
        [read_json(Path(file)) for file in given.fits],
        channels=snakemake.params.channels,
        title=snakemake.params.title,
    )
    save_figure(figure, Path(snakemake.output.figure))
