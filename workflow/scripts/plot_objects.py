"""Draw a model's scanpaths over layouts beside people's, and what both do."""

from pathlib import Path

from cogmodels.data.bids import read_labelled
from cogmodels.data.predictions import read_weights
from cogmodels.report.objects import plot_objects
from cogmodels.report.style import save_figure
from cogmodels.scanpath.objects.layouts import layouts_of
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    names = ("objects", "scenes", "sequences", "predictions", "steps", "behaviour")
    tables = {name: read_labelled(Path(given[name])) for name in names}
    layouts = layouts_of(tables["objects"], tables["scenes"], read_weights(Path(given.pictures)))
    people = tables["sequences"]
    people = people[people["stimulus"].isin(tables["predictions"]["stimulus"])]
    figure = plot_objects(
        layouts, people, tables["predictions"], tables["steps"], tables["behaviour"], title=snakemake.params.title
    )
    save_figure(figure, Path(snakemake.output.figure))
