"""Draw where a scanpath network expects each next fixation of people on test images."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json
from cogmodels.data.images import read_image
from cogmodels.data.predictions import read_weights
from cogmodels.data.tables import read_features, read_fixations
from cogmodels.report.scanpath_steps import plot_next_fixations
from cogmodels.report.style import save_figure
from cogmodels.scanpath.generate import expected_fixations
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    expected = expected_fixations(
        read_json(Path(given.manifest))["config"],
        read_weights(Path(given.model)),
        [read_features(Path(file)) for file in given.features],
        read_fixations(Path(given.fixations)),
        pd.read_csv(given.split, dtype={"subject": str, "stimulus": str, "target": str}),
    )
    folder = Path(snakemake.params.root) / Path(snakemake.params.pattern).parent
    images = {one.image: read_image(folder / one.image) for one in expected}
    figure = plot_next_fixations(images, expected, title=snakemake.params.title)
    save_figure(figure, Path(snakemake.output.figure))
