"""Gather scores and config differences of all experiments."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import write_csv
from cogmodels.files import whole
from cogmodels.report.all_scores import score_figures
from cogmodels.report.compare import comparison_page, config_differences, gather_scores
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import read_manifest

with job(snakemake):
    given, wanted = snakemake.input, snakemake.output
    scores = gather_scores([Path(file) for file in given.scores])
    differences = config_differences([read_manifest(Path(file)) for file in given.manifests])
    write_csv(Path(wanted.scores), scores)
    kinds = snakemake.params.simulated, snakemake.params.made
    tests = {name: pd.read_csv(given[name][0]) for name in ("pairs", "ranks") if given[name]}
    figures = [Path(file) for file in given.figures]
    page = comparison_page(scores, differences, snakemake.params.study, *kinds, **tests, figures=figures)
    with whole(Path(wanted.table)) as temporary:
        temporary.write_text(page, encoding="utf-8")
    with whole(Path(wanted.parquet)) as temporary:
        scores.to_parquet(temporary, index=False)
    folder = Path(wanted.figures)
    folder.mkdir(exist_ok=True)
    for name, figure in score_figures(scores, *kinds):
        save_figure(figure, folder / f"{name}.png")
    write_csv(Path(wanted.differences), differences.reset_index())
