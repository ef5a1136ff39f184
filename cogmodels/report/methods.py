"""What a paper's methods section says of a study, written from its config, with citations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cogmodels.report.citations import Reference, bibtex, cite, references
from cogmodels.report.html import listed
from cogmodels.report.methods_models import experiment_paragraphs


@dataclass(frozen=True)
class Methods:
    """``paragraphs`` (heading, text as a page shows it), ``markdown`` (citations as ``[@key]``, as Pandoc reads them),
    ``references`` in the order of their names, and ``bibtex``."""

    paragraphs: list[tuple[str, str]]
    markdown: str
    references: list[Reference]
    bibtex: str


def study_methods(study: Mapping[str, Any], versions: Mapping[str, str]) -> Methods:
    """The methods of a study.

    Parameters
    ----------
    study : mapping
        As :func:`cogmodels.report.page.study_page` takes it: ``datasets``, ``pipelines``, ``experiments`` by name.
    versions : mapping
        Of the packages, by name.
    """
    written = [("Data", _data(study["datasets"]))]
    for name, options in study["pipelines"].items():
        sentences = _PIPELINES[options["modality"]](options)
        written.append((f"Preprocessing: {name} ({options['modality']})", " ".join(sentences)))
    written += experiment_paragraphs(study["experiments"])
    written.append(("Statistics", _STATISTICS + _COMPARED * _comparable(study["experiments"])))
    written.append(("Software", _software(study, versions)))
    shown, keys = [], []
    for heading, text in written:
        text, found = cite(text)
        shown.append((heading, text))
        keys += found
    cited = [references()[key] for key in sorted(set(keys))]
    markdown = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in written) + "\n\n## References\n"
    return Methods(shown, markdown, cited, bibtex(keys))


def _data(datasets: Mapping[str, Mapping[str, Any]]) -> str:
    sentences = []
    for name, facts in datasets.items():
        kind = "SIMULATED data" if facts["kind"] == "simulation" else "data"
        # Displays have none.
        people = f", {facts['subjects']} subject{'s' if facts['subjects'] != 1 else ''}" if facts["subjects"] else ""
        sentences.append(f"{facts['title']} ({kind}, `{name}`{people}; {', '.join(facts['modalities'])}).")
    return " ".join([*sentences, "Recordings were organised as BIDS [@gorgolewski2016]."])


def _fmri(options: Mapping[str, Any]) -> list[str]:
    prepared = options["source"] == "fmriprep"
    said = ["Runs preprocessed by fMRIPrep [@esteban2019] were taken." if prepared else "Raw runs were taken."]
    if options["slice_timing"]:
        said.append("Slices were brought to one moment of each volume.")
    if options["realign"]:
        said.append("Volumes were brought to the mean of their run by rigid motion.")
    if options["smoothing_fwhm_mm"]:
        said.append(f"Volumes were smoothed inside the mask by a Gaussian of {options['smoothing_fwhm_mm']:g} mm FWHM.")
    out = []
    if options["high_pass_s"] is None:
        out.append(f"a polynomial of order {options['detrend_order']}")
    else:
        out.append(f"cosines of periods above {options['high_pass_s']:g} s")
    if options["motion_regressors"]:
        cited = " [@friston1996]" if options["motion_regressors"] == 24 else ""
        out.append(f"{options['motion_regressors']} motion regressors{cited}")
    if options["confounds"]:
        cited = " [@behzadi2007]" if {"acompcor", "tcompcor"} & set(options["confounds"]) else ""
        out.append(f"the confounds {listed(options['confounds'])}{cited}")
    together = ", in one projection" if len(out) > 1 else ""
    said.append(f"From each run {listed(out)} {'were' if len(out) > 1 else 'was'} regressed out{together}.")
    if options["low_pass_hz"]:
        said.append(f"Frequencies above {options['low_pass_hz']:g} Hz were removed.")
    if options["standardize"]:
        said.append("Each voxel was z-scored within its run.")
    said.append(_BETAS[options["responses"]](options))
    voxels = options["voxels"]
    if voxels["image"] or voxels["atlas"]:
        said.append(f"Responses were kept in {voxels['atlas'] or 'a mask'}.")
    if voxels["reliability"] != "none":
        said.append("Voxels were chosen by their reliability over repeats of stimuli in training trials.")
    return said


def _window(options: Mapping[str, Any]) -> str:
    length = "for the event's length" if options["window_s"] is None else f"for {options['window_s']:g} s"
    return f"A trial's response is the mean from {options['delay_s']:g} s after its onset on, {length}."


_GLMSINGLE = "Single-trial responses were estimated as GLMsingle does [@prince2022]: a response function a voxel{more}."
_BETAS = {
    "window_mean": _window,
    "lsa": lambda options: "Single-trial responses were estimated in one model with a regressor a trial.",
    "lss": lambda options: "Single-trial responses were estimated in a model a trial [@mumford2012].",
    "B": lambda options: _GLMSINGLE.format(more=""),
    "C": lambda options: _GLMSINGLE.format(more=", noise components"),
    "D": lambda options: _GLMSINGLE.format(more=", noise components, ridge regression"),
}


def _eeg(options: Mapping[str, Any]) -> list[str]:
    said = []
    if options["bad_channels"]:
        said.append(f"Bad channels were found by {listed(options['bad_channels'])} criteria [@bigdelyshamlo2015].")
    low, high = options["l_freq"], options["h_freq"]
    if low is not None or high is not None:
        edges = [f"{edge:g} Hz ({way})" for edge, way in ((low, "high-pass"), (high, "low-pass")) if edge is not None]
        said.append(f"EEG was filtered at {listed(edges)} with MNE-Python [@gramfort2013].")
    if options["notch_hz"]:
        said.append(f"Line noise of {options['notch_hz']:g} Hz and its harmonics were filtered out.")
    reference = options["reference"]
    if reference == "average":
        said.append("Channels were re-referenced to the average of the good ones.")
    elif reference != "keep":
        said.append(f"Channels were re-referenced to {listed(reference)}.")
    said += _eyes(options)
    if options["synchronise"]:
        said.append(
            f"Gaze (`{options['synchronise']['gaze']}`) was brought to the EEG's clock by a robust line through shared "
            "triggers."
        )
    if options["deconvolve"]:
        said.append(
            f"Overlapping responses to {listed(options['deconvolve']['types'])} were separated by time-expanded "
            "regression [@ehinger2019]."
        )
    said.append(f"Epochs last from {options['tmin']:g} to {options['tmax']:g} s{_baseline(options)}.")
    if options["interpolate_bads"]:
        said.append("Bad channels were interpolated by spherical splines [@perrin1989].")
    if options["reject_uv"]:
        said.append(f"Epochs with more than {options['reject_uv']:g} uV peak to peak were rejected.")
    if options["autoreject"] != "none":
        said.append(f"Epochs were repaired or rejected by autoreject ({options['autoreject']}) [@jas2017].")
    if options["resample_hz"]:
        said.append(f"They were resampled to {options['resample_hz']:g} Hz.")
    if options["current_source_density"]:
        said.append("They became current source densities [@perrin1989].")
    if options["whitening"] != "none":
        said.append(
            "Responses were whitened by the noise covariance of training trials [@guggenmos2018], with Ledoit and "
            "Wolf's shrinkage [@ledoit2004]."
        )
    if options["time_decoding"]:
        generalised = any(one["generalise"] for one in options["time_decoding"].values())
        more = " and at all others [@king2014]" if generalised else ""
        said.append(
            f"Conditions were told apart at each time{more}, with cluster permutation tests over people [@maris2007]."
        )
    return said


def _eyes(options: Mapping[str, Any]) -> list[str]:
    if options["eyes"] == "none":
        return []
    if options["eyes"] == "regression":
        return ["What EOG channels predict was regressed out."]
    if options["eyes"] == "iclabel":
        return [
            f"Independent components that ICLabel [@piontonachini2019] calls {listed(options['iclabel_classes'])} with "
            f"p >= {options['iclabel_probability']:g} were removed."
        ]
    method = "picard [@ablin2018]" if options["ica_method"] == "picard" else "extended infomax [@lee1999]"
    if options["ica_guide"] == "eog":
        judged = f"correlate with an EOG channel by more than {options['ica_eog_correlation']:g}"
    else:
        judged = (
            f"vary {options['ica_variance_ratio']:g} times as much in saccades as in fixations [@plochl2012], with "
            "saccade onsets overweighted [@dimigen2020],"
        )
    return [f"Independent components ({method}) that {judged} were removed."]


def _baseline(options: Mapping[str, Any]) -> str:
    if not options["baseline"]:
        return ", without baseline"
    start, end = options["baseline_window"] or (options["tmin"], 0.0)
    return f", less the mean from {start:g} to {end:g} s"


def _gaze(options: Mapping[str, Any]) -> list[str]:
    said = []
    if options["spike_filter"]:
        said.append("Impulses of one sample were filtered out [@stampe1993].")
    said.append(
        f"Samples within {1000 * options['padding_s']:g} ms of a loss of {1000 * options['padded_from_s']:g} ms or "
        f"more were dropped, as was gaze more than {options['off_screen_margin_deg']:g} degrees off the screen."
    )
    if options["resample_hz"]:
        said.append(f"Samples were brought to {options['resample_hz']:g} Hz.")
    said.append(f"Events were detected by {_DETECTORS[options['detector']]}{_detector_numbers(options)}.")
    return said


_DETECTORS = {
    "ivt": "a velocity threshold, I-VT [@salvucci2000]",
    "idt": "a dispersion threshold, I-DT [@salvucci2000]",
    "ihmm": "a hidden Markov model of velocity, I-HMM [@salvucci2000]",
    "engbert_kliegl": "Engbert and Kliegl's algorithm [@engbert2003]",
    "nystrom_holmqvist": "Nyström and Holmqvist's algorithm [@nystrom2010]",
    "remodnav": "REMoDNaV [@dar2021]",
    "i2mc": "I2MC [@hessels2017]",
    "relative_velocity": "velocity relative to a running median, an algorithm of cogmodels",
}


def _detector_numbers(options: Mapping[str, Any]) -> str:
    mine = options[options["detector"]]
    if options["detector"] == "ivt":
        return (
            f": saccades from {mine['velocity_threshold']:g} deg/s, fixations from "
            f"{1000 * mine['minimum_fixation_s']:g} ms"
        )
    if options["detector"] == "idt":
        return f": {mine['dispersion_threshold_deg']:g} degrees, from {1000 * mine['minimum_fixation_s']:g} ms"
    return ""


def _betas(options: Mapping[str, Any]) -> list[str]:
    said = ["Single-trial responses were taken as published."]
    if options["zscore"] == "session":
        said.append("Each voxel was z-scored within its session by mean and standard deviation of training trials.")
    return said


_PIPELINES = {"fmri": _fmri, "eeg": _eeg, "gaze": _gaze, "betas": _betas}

_STATISTICS = (
    "Scores come with 95 % percentile bootstrap intervals [@efron1993] over the unit that the tables name (of decoders "
    "in two stages: subjects or folds, and trials or stimuli within them), and with one-sided p-values of permutation "
    "tests, never 0 [@phipson2010]. Chance is named beside each score; ceilings, where there are any, are the same "
    "score between people, or what the noise of measurement allows [@kay2024]."
)

_COMPARED = (
    " Experiments were compared in pairs on the units that both have, by two-sided tests that flip the signs of the "
    "units' differences, corrected by Holm's method [@holm1979] over all pairs of a family, data set and metric; where "
    "three or more had five shared units or more, also by Friedman's test of their ranks and Nemenyi's critical "
    "difference [@demsar2006]."
)


def _comparable(experiments: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether any two experiments share family and data set."""
    kinds = [(options["family"], options["dataset"]) for options in experiments.values()]
    return len(set(kinds)) < len(kinds)


def _software(study: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    workflow = (
        f"The study ran in cogmodels {versions.get('cogmodels', '')}".rstrip() + ", a Snakemake workflow [@molder2021]"
    )
    used = [
        ("torch", "PyTorch", "paszke2019"),
        ("scikit-learn", "scikit-learn", "pedregosa2011"),
        ("numba", "Numba", "lam2015"),
    ]
    if any(options["modality"] == "eeg" for options in study["pipelines"].values()):
        used.append(("mne", "MNE-Python", "gramfort2013"))
    named = [f"{title} {versions[name]} [@{key}]" for name, title, key in used if name in versions]
    return workflow + (f", with {listed(named)}." if named else ".")
