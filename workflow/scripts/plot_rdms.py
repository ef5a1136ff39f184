"""Draw how much people's RDMs agree: reliability of regions, identification of regions and items across people."""

from pathlib import Path

import pandas as pd

from cogmodels.report.rdm import plot_agreement
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    persons, scores = (pd.read_csv(file) for file in (snakemake.input.persons, snakemake.input.scores))
    save_figure(plot_agreement(persons, scores, title=snakemake.params.title), Path(snakemake.output.figure))
