"""Lay the learning curves of all networks of the study over each other."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import write_csv
from cogmodels.report.learning import gather_curves, plot_learning
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    wanted = snakemake.output
    tables = zip(snakemake.params.runs, map(pd.read_csv, snakemake.input.curves), strict=True)
    curves = gather_curves(tables)
    write_csv(Path(wanted.curves), curves)
    save_figure(plot_learning(curves, snakemake.params.simulated), Path(wanted.figure))
