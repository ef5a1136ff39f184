"""Draw the learning curves of a network across subjects."""

from pathlib import Path

import pandas as pd

from cogmodels.report.curves import plot_curves
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    curves, choices = (
        [pd.read_csv(file) for file in files] for files in (snakemake.input.curves, snakemake.input.choices)
    )
    save_figure(plot_curves(curves, choices, title=snakemake.params.title), Path(snakemake.output.figure))
