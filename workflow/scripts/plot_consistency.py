"""Draw human consistency beside chance, one panel a kind of metric."""

from pathlib import Path

import pandas as pd

from cogmodels.report.scanpath import plot_consistency
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    persons, scores = (pd.read_csv(file) for file in (snakemake.input.persons, snakemake.input.scores))
    save_figure(plot_consistency(persons, scores, title=snakemake.params.title), Path(snakemake.output.figure))
