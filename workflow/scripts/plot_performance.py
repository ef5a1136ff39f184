"""Draw how soon all search models of a study find targets in a data set's scenes, beside people and chance."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json
from cogmodels.report.natural import plot_performance
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    models = {Path(file).parent.name: pd.read_csv(file) for file in given.performance}
    about = [read_json(Path(file)) for file in given.about]
    save_figure(plot_performance(models, about, title=snakemake.params.title), Path(snakemake.output.figure))
