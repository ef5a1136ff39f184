"""Draw how far held-out stimuli of each subject agree with the others, aligned and not."""

from pathlib import Path

import pandas as pd

from cogmodels.report.alignment import plot_alignment
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    figure = plot_alignment(pd.read_csv(given.scores), pd.read_csv(given.subjects), title=snakemake.params.title)
    save_figure(figure, Path(snakemake.output.figure))
