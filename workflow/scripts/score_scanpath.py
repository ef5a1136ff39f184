"""Score a scanpath model on the test images: value, interval, chance, people, p; image by image and in all."""

from pathlib import Path

import pandas as pd
from tqdm import tqdm

from cogmodels.data.bids import read_tsv, write_csv
from cogmodels.data.segments import read_segments
from cogmodels.data.tables import read_fixations
from cogmodels.data.units import write_units
from cogmodels.metrics.scanpath.consistency import ComparisonSettings
from cogmodels.scanpath.evaluate import score_runs
from cogmodels.scanpath.people import person_intervals, search_curves, target_boxes
from cogmodels.scanpath.summary import image_units, summarise_images
from cogmodels.scanpath.tables import images_of_views, paths_by_image
from cogmodels.tracking.job import job

with job(snakemake):
    given, params, wanted = snakemake.input, snakemake.params, snakemake.output
    predictions, fixations = [read_fixations(Path(file)) for file in given.predictions], read_fixations(given.fixations)
    root, one, of_views = Path(params.root), params.set, images_of_views(predictions[0])
    maps = read_segments(root / one["segments"], set(of_views.values())) if one["segments"] else {}
    boxes = target_boxes(read_tsv(root / one["scenes"])) if one["scenes"] else {}
    images, distributions, persons = score_runs(
        predictions,
        [read_fixations(Path(file)) for file in given.typical],
        [pd.read_csv(file, dtype={"stimulus": str, "subject": str}) for file in given.steps],
        fixations,
        pd.read_csv(given.split, dtype={"subject": str, "stimulus": str, "target": str}),
        ComparisonSettings(tuple(params.images["size_px"]), params.images["pixels_per_degree"]),
        cell_px=params.cell_px,
        segments={view: maps[image] for view, image in of_views.items() if image in maps},
        boxes=boxes,
        first_is_start=one["first_is_start"],
        progress=lambda names: tqdm(names, desc="images", mininterval=5),
    )
    scores = summarise_images(images, bootstrap=params.bootstrap)
    names = dict(study=params.study, family="scanpath", **snakemake.wildcards, protocol=params.protocol)
    for position, (column, name) in enumerate(names.items()):
        scores.insert(position, column, name)
    write_units(Path(wanted.units), image_units(images), **names)
    write_csv(Path(wanted.images), images)
    write_csv(Path(wanted.distributions), distributions)
    write_csv(Path(wanted.scores), scores)
    write_csv(Path(wanted.intervals), person_intervals(persons, bootstrap=params.bootstrap))
    people, samples = paths_by_image(fixations), paths_by_image(predictions[0])
    curves = search_curves(people, samples, boxes, first_is_start=one["first_is_start"], bootstrap=params.bootstrap)
    write_csv(Path(wanted.search), curves)
