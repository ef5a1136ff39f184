"""Draw how well each voxel of a subject is predicted, against its noise ceiling."""

from pathlib import Path

from cogmodels.data.bids import read_tsv
from cogmodels.data.bold import read_mask
from cogmodels.report.maps import plot_encoding
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    mask, _ = read_mask(Path(snakemake.input.mask))
    figure = plot_encoding(read_tsv(Path(snakemake.input.voxels)), mask, title=snakemake.params.title)
    save_figure(figure, Path(snakemake.output.figure))
