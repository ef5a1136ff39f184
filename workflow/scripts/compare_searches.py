"""Lay the asymmetries of all search models of a data set beside each other, and beside people's."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, write_csv
from cogmodels.report.search import plot_asymmetries
from cogmodels.report.style import save_figure
from cogmodels.search.analysis import asymmetry_table
from cogmodels.search.stimuli import experiment_of
from cogmodels.tracking.job import job

with job(snakemake):
    experiments = [experiment_of(read_json(Path(file))) for file in snakemake.input.about]
    scores = pd.concat([pd.read_csv(file) for file in snakemake.input.scores], ignore_index=True)
    table = asymmetry_table(scores, experiments)
    write_csv(Path(snakemake.output.table), table)
    figure = plot_asymmetries(table, experiments, title=snakemake.params.title)
    save_figure(figure, Path(snakemake.output.figure))
