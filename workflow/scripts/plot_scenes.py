"""Draw how soon a search model finds targets in scenes, and where it and a person looked."""

from pathlib import Path

import pandas as pd

from cogmodels.data.displays import read_displays
from cogmodels.data.tables import read_fixations
from cogmodels.report.natural import plot_scenes
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    figure = plot_scenes(
        pd.read_csv(given.performance),
        [read_displays(Path(file).parent) for file in given.about],
        [read_fixations(Path(file)) for file in given.predictions],
        read_fixations(Path(given.people)) if given.people else None,
        title=snakemake.params.title,
    )
    save_figure(figure, Path(snakemake.output.figure))
