"""Decompose one recording into independent components, and let ICLabel name them."""

from pathlib import Path

from cogmodels.data.bids import write_tsv
from cogmodels.data.eeg import read_raw, write_ica
from cogmodels.eeg.ica import fit_ica
from cogmodels.eeg.iclabel import band_for_iclabel, label_components
from cogmodels.tracking.job import job

with job(snakemake) as log:
    options = snakemake.params.settings
    raw = band_for_iclabel(read_raw(Path(snakemake.input.eeg)))
    ica = fit_ica(raw, method=options["ica_method"], n_components=options["ica_components"], l_freq=None)
    labels = label_components(
        ica, raw, classes=tuple(options["iclabel_classes"]), probability=options["iclabel_probability"]
    )
    log.info("%d of %d components go\n%s", (labels["reason"] != "").sum(), len(labels), labels.to_string(index=False))
    write_ica(Path(snakemake.output.ica), ica)
    write_tsv(Path(snakemake.output.components), labels.replace({"reason": {"": None}}))
