"""Draw the learning curves of a diet's networks."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json
from cogmodels.report.style import save_figure
from cogmodels.report.training import plot_training
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    curves, metrics = [pd.read_csv(file) for file in given.curves], [read_json(Path(file)) for file in given.metrics]
    save_figure(plot_training(curves, metrics, title=snakemake.params.title), Path(snakemake.output.figure))
