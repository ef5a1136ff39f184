"""Gather the detectors' scores on simulated recordings and draw them over noise, sampling rate and loss."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import write_csv
from cogmodels.report.gaze import plot_truth
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    table = pd.concat([pd.read_csv(file) for file in snakemake.input.scores], ignore_index=True)
    write_csv(Path(snakemake.output.table), table)
    save_figure(plot_truth(table), Path(snakemake.output.figure))
