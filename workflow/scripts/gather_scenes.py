"""Bring a data set's images to one size, with each target's box and picture: scenes for search models."""

from pathlib import Path

from tqdm import tqdm

from cogmodels.data.scenes import table_scenes, write_scenes
from cogmodels.stimuli.covers import cover_scenes
from cogmodels.stimuli.cutouts import cutout_scenes
from cogmodels.tracking.job import job

with job(snakemake):
    scenes = snakemake.params.scenes
    kinds = {"table": table_scenes, "cutouts": cutout_scenes, "covers": cover_scenes}
    source = kinds[scenes["kind"]](Path(snakemake.params.root), scenes)
    folder = Path(snakemake.output.about).parent
    with tqdm(total=len(source.trials), desc="scenes", mininterval=5) as bar:
        write_scenes(folder, source, scenes, snakemake.wildcards.display, progress=bar.update)
