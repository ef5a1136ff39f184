"""Draw decoded images beside the true ones."""

from pathlib import Path

import pandas as pd

from cogmodels.data.images import read_squares
from cogmodels.data.reconstructions import as_images, mean_image, read_reconstructions
from cogmodels.data.tables import read_features
from cogmodels.report.reconstruction import plot_reconstructions
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    given, params = snakemake.input, snakemake.params
    found, pixels = read_reconstructions(Path(given.images)), read_features(Path(given.pixels))
    figure = plot_reconstructions(
        found, read_squares(Path(params.root), params.pattern, set(found.stimulus), 128),
        dict(zip(pixels.stimuli, as_images(pixels.values), strict=True)), mean_image(pixels, set(found.stimulus))[0],
        pd.read_csv(given.scores), count=params.shown, title=params.title,
    )  # fmt: skip
    save_figure(figure, Path(snakemake.output.figure))
