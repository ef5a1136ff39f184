"""Estimate the responses to overlapping events of one recording."""

import warnings
from pathlib import Path

from cogmodels.data.bids import read_events, read_tsv, write_json, write_tsv
from cogmodels.data.eeg import read_raw, write_evoked
from cogmodels.eeg.deconvolution import CollinearityWarning, deconvolve_raw
from cogmodels.eeg.responses import all_evoked, event_types, plain_averages, tabulate_betas
from cogmodels.tracking.job import job

with job(snakemake) as log:
    given, options = snakemake.input, snakemake.params.settings["deconvolve"]
    gaze = read_tsv(Path(given.gaze)) if given.gaze else None
    eeg_events = read_events(Path(snakemake.params.eeg.replace("_eeg.vhdr", "_events.tsv")))
    raw = read_raw(Path(given.eeg))
    events = event_types(
        options["types"], gaze, eeg_events, least_events=options["least_events"], where=snakemake.params.eeg
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CollinearityWarning)
        result, info = deconvolve_raw(raw, events, ridge=options["ridge"], solver=options["solver"])
    told = [str(one.message) for one in caught if issubclass(one.category, CollinearityWarning)]
    for text in told:
        log.warning("%s", text)
    write_evoked(Path(snakemake.output.evoked), all_evoked(result, plain_averages(raw, events), info))
    write_tsv(Path(snakemake.output.betas), tabulate_betas(result, info["ch_names"]))
    facts = {"events": result.n_events, "condition": result.condition, "seconds": result.n_samples / info["sfreq"]}
    write_json(Path(snakemake.output.summary), facts | {"collinearity": told})
