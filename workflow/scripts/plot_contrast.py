"""Draw a contrast's z values over the mean image."""

from pathlib import Path

from cogmodels.data.bold import read_map, read_mask, read_mean
from cogmodels.report.fmri import plot_contrast
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    mask, _ = read_mask(Path(snakemake.input.mask))
    first = snakemake.input.bold or [snakemake.params.recordings[0]["path"]]
    mean, _ = read_mean([Path(first[0])])
    figure = plot_contrast(
        read_map(Path(snakemake.input.z)),
        mean,
        mask,
        weights=snakemake.params.weights,
        title=f"{snakemake.params.title}, {snakemake.wildcards.contrast}",
    )
    save_figure(figure, Path(snakemake.output.figure))
