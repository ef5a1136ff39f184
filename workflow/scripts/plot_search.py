"""Draw a search model's reaction times and asymmetries beside people's, and where it looked."""

from pathlib import Path

import pandas as pd

from cogmodels.data.displays import read_displays
from cogmodels.data.tables import read_fixations
from cogmodels.report.search import plot_search
from cogmodels.report.style import save_figure
from cogmodels.search.stimuli import experiment_of
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    sets = [read_displays(Path(file).parent) for file in given.about]
    figure = plot_search(
        pd.concat([pd.read_csv(file) for file in given.trials], ignore_index=True),
        [experiment_of(displays.about) for displays in sets],
        sets,
        [read_fixations(Path(file)) for file in given.predictions],
        title=snakemake.params.title,
    )
    save_figure(figure, Path(snakemake.output.figure))
