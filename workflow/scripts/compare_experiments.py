"""Gather scores and config differences of all experiments."""

from pathlib import Path

from cogmodels.data.bids import write_csv
from cogmodels.files import whole
from cogmodels.report.compare import comparison_page, config_differences, gather_scores, plot_scores
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import read_manifest

with job(snakemake):
    wanted = snakemake.output
    scores = gather_scores([Path(file) for file in snakemake.input.scores])
    differences = config_differences([read_manifest(Path(file)) for file in snakemake.input.manifests])
    write_csv(Path(wanted.scores), scores)
    kinds = snakemake.params.simulated, snakemake.params.made
    page = comparison_page(scores, differences, snakemake.params.study, *kinds)
    with whole(Path(wanted.table)) as temporary:
        temporary.write_text(page, encoding="utf-8")
    save_figure(plot_scores(scores, *kinds), Path(wanted.figure))
    write_csv(Path(wanted.differences), differences.reset_index())
