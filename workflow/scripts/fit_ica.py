"""Decompose one recording into independent components, and judge which are the eyes'."""

from pathlib import Path

from cogmodels.data.bids import read_tsv, write_tsv
from cogmodels.data.eeg import read_raw, write_ica
from cogmodels.eeg.ica import component_scores, fit_ica
from cogmodels.eeg.joining import without_gaze_losses
from cogmodels.tracking.job import job

with job(snakemake) as log:
    options, gaze, learning, judging = snakemake.params.settings, snakemake.input.get("gaze"), {}, {}
    raw, l_freq = without_gaze_losses(read_raw(Path(snakemake.input.eeg))), options["ica_l_freq"]
    if gaze:
        events = read_tsv(Path(gaze))
        parts = {f"{kind}s": events[events["event"] == kind] for kind in ("saccade", "fixation")}
        learning = {"saccades": parts["saccades"]["onset"].to_numpy(float), "overweight": options["ica_overweight"]}
        judging = parts | {"variance_ratio": options["ica_variance_ratio"]}
        # By gaze alone: what follows the EOG is no reason then.
        raw.pick("eeg", exclude=[])
    ica = fit_ica(raw, method=options["ica_method"], n_components=options["ica_components"], l_freq=l_freq, **learning)
    scores = component_scores(ica, raw, l_freq=l_freq, eog_correlation=options["ica_eog_correlation"], **judging)
    log.info("%d of %d components are the eyes'", (scores["reason"] != "").sum(), len(scores))
    write_ica(Path(snakemake.output.ica), ica)
    write_tsv(Path(snakemake.output.components), scores.replace({"reason": {"": None}}))
