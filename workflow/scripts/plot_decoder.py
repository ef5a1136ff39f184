"""Draw the confusion matrix, or what the decoder retrieves."""

from pathlib import Path

import pandas as pd

from cogmodels.data.predictions import read_predictions
from cogmodels.data.tables import read_features
from cogmodels.report.decoding import plot_confusion, plot_retrieval
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    predictions = read_predictions(list(snakemake.input.predictions))
    scores = pd.read_csv(snakemake.input.scores)
    if snakemake.input.features:
        table = read_features(Path(snakemake.input.features))
        figure = plot_retrieval(predictions, table.stimuli, table.values, scores, title=snakemake.params.title)
    else:
        figure = plot_confusion(predictions, scores, title=snakemake.params.title)
    save_figure(figure, Path(snakemake.output.figure))
