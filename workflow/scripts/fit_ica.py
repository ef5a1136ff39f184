"""Decompose one recording into independent components, and judge which are the eyes'."""

from pathlib import Path

from cogmodels.data.bids import write_tsv
from cogmodels.data.eeg import read_raw, write_ica
from cogmodels.eeg.ica import component_scores, fit_ica
from cogmodels.tracking.job import job

with job(snakemake) as log:
    options = snakemake.params.settings
    raw, l_freq = read_raw(Path(snakemake.input.eeg)), options["ica_l_freq"]
    ica = fit_ica(raw, method=options["ica_method"], n_components=options["ica_components"], l_freq=l_freq)
    scores = component_scores(ica, raw, l_freq=l_freq, eog_correlation=options["ica_eog_correlation"])
    log.info("%d of %d components are the eyes'", (scores["reason"] != "").sum(), len(scores))
    write_ica(Path(snakemake.output.ica), ica)
    write_tsv(Path(snakemake.output.components), scores.replace({"reason": {"": None}}))
