"""Draw a contact sheet of a diet's images, as the network sees them."""

from pathlib import Path

from cogmodels.config.training import Diet
from cogmodels.report.style import save_figure
from cogmodels.report.training import SHOWN, plot_diet
from cogmodels.stimuli.backbone_training import sample_diet
from cogmodels.tracking.job import job

with job(snakemake):
    images = sample_diet(Diet(**snakemake.params.diet), SHOWN)
    save_figure(plot_diet(images, title=snakemake.params.title), Path(snakemake.output.figure))
