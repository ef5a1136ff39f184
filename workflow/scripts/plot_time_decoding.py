"""Draw decoding over time of all subjects together."""

from pathlib import Path

from cogmodels.data.bids import read_tsv
from cogmodels.report.style import save_figure
from cogmodels.report.time_decoding import plot_time_decoding
from cogmodels.tracking.job import job

with job(snakemake):
    curve = read_tsv(Path(snakemake.input.curve))
    curve["significant"] = curve["significant"].astype(str) == "True"
    figure = plot_time_decoding(
        curve,
        read_tsv(Path(snakemake.input.clusters)),
        snakemake.params.decoding["classes"],
        alpha=snakemake.params.decoding["alpha"],
        title=snakemake.params.title,
    )
    save_figure(figure, Path(snakemake.output.figure))
