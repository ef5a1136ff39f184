"""Bring gaze and its events to the clock of one EEG recording."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_events, read_tsv, write_json, write_tsv
from cogmodels.data.eeg import read_raw, write_raw
from cogmodels.data.physio import read_samples, read_triggers
from cogmodels.eeg.joining import join_gaze
from cogmodels.tracking.job import job

with job(snakemake) as log:
    given, written, options = snakemake.input, snakemake.output, dict(snakemake.params.settings["synchronise"])
    del options["gaze"]
    triggers = read_triggers(Path(snakemake.params.gaze), options.pop("messages"))
    samples, facts = read_samples(Path(given.samples))
    events = read_events(Path(snakemake.params.eeg.replace("_eeg.vhdr", "_events.tsv")))
    options |= {"eeg_triggers": options.pop("eeg_events"), "eye": facts["eye"]}
    joined = join_gaze(read_raw(Path(given.eeg)), samples, read_tsv(Path(given.events)), triggers, events, **options)
    log.info("clocks: %s", joined.summary())
    write_raw(Path(written.eeg), joined.raw)
    write_tsv(Path(written.events), joined.events)
    write_tsv(Path(written.triggers), joined.synchronisation.triggers.round(6))
    curve = {"lag_ms": joined.lag.lags_ms, "correlation": joined.lag.correlations} if joined.lag else {}
    write_tsv(Path(written.lag), pd.DataFrame(curve, columns=["lag_ms", "correlation"]).round(5))
    write_json(Path(written.summary), joined.summary())
