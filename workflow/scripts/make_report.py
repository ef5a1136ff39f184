"""Make the self-contained HTML report of the study."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_tsv, write_csv
from cogmodels.data.tables import read_fixations
from cogmodels.files import unfolded, whole
from cogmodels.report.compare import gather_scores
from cogmodels.report.methods import study_methods
from cogmodels.report.page import study_page
from cogmodels.report.provenance import file_origins
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import commit, read_manifest, versions


def place(file: str) -> str:
    """Data set and pipeline of a table."""
    return " / ".join(Path(file).parent.parts[-2:])


with job(snakemake):
    given, wanted, study = snakemake.input, snakemake.output, snakemake.params.study
    checkout, installed = commit(str(Path.cwd())), versions()
    methods = study_methods(study, installed)
    runs = [read_manifest(Path(file)) for file in given.manifests]
    makers = {str(file): made for place, made in snakemake.params.producers.items() for file in unfolded([place])}
    origins = file_origins(makers, runs, checkout)
    page = study_page(
        study,
        scores=pd.read_csv(given.scores),
        comparison=unfolded([given.comparison]),
        figures={
            "decoding": list(map(Path, given.decoders)),
            "training": list(map(Path, given.training)),
            "search": list(map(Path, given.searches)),
            "fmri": unfolded([*given.rdms, *given.maps, *given.bold]),
            "eeg": list(map(Path, given.evoked)),
            "gaze": list(map(Path, [*given.truth, *given.gaze])),
            "scanpath": list(map(Path, [*given.scanpaths, *given.consistency_figures])),
        },
        quality={
            modality: {place(file): read_tsv(Path(file)) for file in files}
            for modality, files in (
                ("gaze", given.gaze_quality),
                ("eeg", given.eeg_quality),
                ("fmri", given.bold_quality),
                ("clocks", given.clocks),
                ("responses", given.responses),
            )
        },
        eeg_pages=list(map(str, given.eeg_pages)),
        fixations={place(file): read_fixations(Path(file)) for file in given.fixations},
        consistency=gather_scores(map(Path, given.consistency)),
        provenance={"commit": checkout, "versions": installed},
        methods=methods,
        origins=origins,
    )
    write_csv(Path(wanted.provenance), origins)
    for file, text in ((wanted.page, page), (wanted.methods, methods.markdown), (wanted.references, methods.bibtex)):
        with whole(Path(file)) as temporary:
            temporary.write_text(text, encoding="utf-8")
