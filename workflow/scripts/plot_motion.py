"""Compare the estimated head motion of a subject with that which came with the data; table and figure."""

from pathlib import Path

from cogmodels.data.bids import read_tsv, write_tsv
from cogmodels.fmri.motion_agreement import motion_agreement
from cogmodels.report.fmri_motion import plot_motion
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    estimated = [read_tsv(Path(file)) for file in snakemake.input.motion]
    shipped = [read_tsv(Path(file)) for file in snakemake.params.shipped]
    agreement = motion_agreement(estimated, shipped)
    write_tsv(Path(snakemake.output.agreement), agreement.round(4))
    figure = plot_motion(estimated, shipped, agreement, title=snakemake.params.title)
    save_figure(figure, Path(snakemake.output.figure))
