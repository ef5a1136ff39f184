"""Score the process behind simulated scanpaths as a model, and say how near the models come to its entropy."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import write_csv
from cogmodels.data.tables import read_fixations
from cogmodels.metrics.scanpath.consistency import ComparisonSettings
from cogmodels.report.scanpath_process import plot_entropy
from cogmodels.report.style import save_figure
from cogmodels.scanpath.evaluate import score_runs
from cogmodels.scanpath.process import TRUE_PROCESS, KnownProcess, entropy_table, run_process
from cogmodels.scanpath.summary import summarise_images
from cogmodels.simulate.study_scanpaths import read_process
from cogmodels.tracking.job import job

with job(snakemake):
    given, params, wanted = snakemake.input, snakemake.params, snakemake.output
    size_px, cell_px = tuple(params.images["size_px"]), params.cell_px
    fixations, split = read_fixations(Path(given.fixations)), pd.read_csv(given.split, dtype={"subject": str})
    model = KnownProcess(*read_process(Path(given.record)), cell_px)
    predictions, typical, steps = run_process(model, fixations, split, typical_of=params.typical_of)
    settings = ComparisonSettings(size_px, params.images["pixels_per_degree"])
    images, _, _ = score_runs([predictions], [typical], [steps], fixations, split, settings, cell_px=cell_px)
    write_csv(Path(wanted.images), images)
    write_csv(Path(wanted.steps), steps)
    scores, names = summarise_images(images, bootstrap=params.bootstrap), params.names | {"experiment": TRUE_PROCESS}
    for position, column in enumerate(("study", "family", "dataset", "experiment", "protocol")):
        scores.insert(position, column, names[column])
    write_csv(Path(wanted.scores), scores)
    models = {Path(file).parent.name: pd.read_csv(file, dtype={"stimulus": str}) for file in given.models}
    entropy = entropy_table({**models, TRUE_PROCESS: images}, size_px, bootstrap=params.bootstrap)
    write_csv(Path(wanted.entropy), entropy)
    save_figure(plot_entropy(entropy, title=params.title), Path(wanted.figure))
