"""Draw a scanpath model's scanpaths beside people's, its gain by step, and its distributions."""

from pathlib import Path

import pandas as pd

from cogmodels.data.images import read_image
from cogmodels.data.tables import read_fixations
from cogmodels.report.scanpath_models import plot_scanpaths
from cogmodels.report.style import save_figure
from cogmodels.scanpath.tables import images_of_views, paths_by_image, quantities
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    samples = paths_by_image(read_fixations(Path(given.predictions)))
    typical = {name: mine[0] for name, mine in paths_by_image(read_fixations(Path(given.typical))).items()}
    everyone = read_fixations(Path(given.fixations))
    files = images_of_views(everyone)
    people = paths_by_image(everyone[everyone["stimulus"].isin([files[name] for name in samples])])
    # Every so many of the test images, whatever they show.
    shown = sorted(samples)[:: max(1, len(samples) // 4)][:4]
    folder = Path(snakemake.params.root) / Path(snakemake.params.pattern).parent
    figure = plot_scanpaths(
        {name: read_image(folder / files[name]) for name in shown},
        people,
        samples,
        typical,
        pd.read_csv(given.steps),
        {
            who: quantities([path for mine in paths.values() for path in mine])
            for who, paths in (("people", people), ("model", samples))
        },
        title=snakemake.params.title,
    )
    save_figure(figure, Path(snakemake.output.figure))
