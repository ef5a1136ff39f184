"""Score a model of objects on the test scenes: value, intervals over scenes and people, chance, people, p."""

from pathlib import Path

from cogmodels.data.bids import read_labelled, write_csv
from cogmodels.data.units import write_units
from cogmodels.scanpath.objects.layouts import layouts_of
from cogmodels.scanpath.objects.score import score_objects
from cogmodels.scanpath.objects.sequences import of_part
from cogmodels.scanpath.objects.summary import behaviours, scene_units, summarise
from cogmodels.tracking.job import job

with job(snakemake):
    given, params, wanted = snakemake.input, snakemake.params, snakemake.output
    tables = {name: read_labelled(Path(given[name])) for name in ("objects", "scenes", "sequences", "split")}
    values = score_objects(
        *([read_labelled(Path(file)) for file in given[name]] for name in ("predictions", "steps")),
        of_part(tables["sequences"], tables["split"], "test"),
        layouts_of(tables["objects"], tables["scenes"]),
    )
    scores, intervals = summarise(values, bootstrap=params.bootstrap)
    names = dict(study=params.study, family="scanpath", **snakemake.wildcards, protocol=params.protocol)
    for position, (column, name) in enumerate(names.items()):
        scores.insert(position, column, name)
    write_units(Path(wanted.units), scene_units(values), **names)
    write_csv(Path(wanted.trials), values)
    write_csv(Path(wanted.behaviour), behaviours(values))
    write_csv(Path(wanted.intervals), intervals)
    write_csv(Path(wanted.scores), scores)
