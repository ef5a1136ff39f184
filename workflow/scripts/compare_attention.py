"""Compare the attention of a data set's scanpath networks: what each mechanism brings, and what it costs."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import write_csv
from cogmodels.report.attention_costs import plot_costs
from cogmodels.report.style import save_figure
from cogmodels.scanpath.costs import attention_costs
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import read_manifest

with job(snakemake):
    given, params = snakemake.input, snakemake.params
    images = {Path(file).parent.name: pd.read_csv(file, dtype={"stimulus": str}) for file in given.images}
    runs: dict[str, list] = {name: [] for name in params.attention}
    for file in map(Path, given.manifests):
        runs[file.parents[1].name].append(read_manifest(file)["metrics"])
    costs = attention_costs(images, runs, params.attention)
    write_csv(Path(snakemake.output.costs), costs)
    save_figure(plot_costs(costs, title=params.title), Path(snakemake.output.figure))
