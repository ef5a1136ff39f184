"""Templates, figures inside pages, and how scores are named and printed."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cogmodels.metrics.paired import less_is_better

if TYPE_CHECKING:
    from jinja2 import Environment

METRIC_NAMES = {
    "accuracy": "accuracy",
    "retrieval_top1": "retrieval, top 1",
    "retrieval_top5": "retrieval, top 5",
    "two_way": "two-way identification",
    "pearson": "Pearson r with the features",
    "cosine": "cosine with the features",
    "adaptation_gain": "two-way identification, gain by other subjects",
    **{
        f"joint_gain_over_{name}": f"two-way identification, gain over {name} alone" for name in ("fmri", "eeg", "gaze")
    },
    "brain_retrieval_top1": "retrieval of brains, top 1",
    "brain_retrieval_top5": "retrieval of brains, top 5",
    "retrieval_top1_of_300": "retrieval, top 1 of 300",
    "retrieval_top5_of_300": "retrieval, top 5 of 300",
    "brain_retrieval_top1_of_300": "retrieval of brains, top 1 of 300",
    "brain_retrieval_top5_of_300": "retrieval of brains, top 5 of 300",
    **{f"kappa_{name}": f"kappa, {name}" for name in ("fixation", "saccade", "pso", "pursuit", "blink")},
    **{f"event_f1_{name}": f"event F1, {name}" for name in ("fixation", "saccade", "pso", "pursuit", "blink")},
    "slope_ms_per_item": "search slope, ms an item",
    "asymmetry_index": "asymmetry index",
    "mean_asymmetry_index": "asymmetry index, mean",
    "human_polarity_count": "experiments with people's polarity",
    "slope_correlation": "correlation of slopes with people's",
    "found_rate": "share of targets found",
    "fixations_to_find": "fixations to find the target",
    "auc_performance": "area under cumulative performance",
    "reliability": "reliability, r with the others' mean",
    "noise_ceiling": "noise ceiling, r with the mean of all",
    "identification_top1": "identification, top 1",
    "identification_two_way": "identification, two-way",
    "inter_subject_correlation": "correlation with the others, held-out stimuli",
    "encoding_r": "encoding, r of held-out stimuli, mean of voxels",
    "encoding_r2": "encoding, R2 of held-out stimuli, mean of voxels",
    "encoding_r_normalised": "encoding, r over its noise ceiling",
    "encoding_r2_normalised": "encoding, R2 over its noise ceiling",
    "searchlight_mean": "searchlight, mean accuracy of spheres",
    "searchlight_peak": "searchlight, largest accuracy of a sphere",
    "onset_error_ms": "saccade onset error, ms",
    "fixation_onset_error_ms": "fixation onset error, ms",
    "largest_time_error_ms": "EEG and gaze: largest error of a time, ms",
    "drift_error_ppm": "EEG and gaze: error of the drift, ppm",
    "saccade_variance_removed": "ICA: share of the eyes' variance removed",
    "evoked_amplitude_kept": "ICA: share of the evoked response kept",
    **{
        f"relative_error{constant}_{kind}_{how}": f"response to {kind}, {how}{text}: relative error"
        for constant, text in (("", ""), ("_with_constant", ", with its constant"))
        for kind in ("fixation", "stimulus")
        for how in ("corrected", "averaged")
    },
}
_DIMENSIONS = ("vector", "direction", "length", "position", "duration")
_SCANPATH_NAMES = {
    **{f"multimatch_{name}": f"MultiMatch, {name}" for name in _DIMENSIONS},
    **{f"multimatch_grouped_{name}": f"MultiMatch grouped, {name}" for name in _DIMENSIONS},
    "scanmatch": "ScanMatch",
    "scanmatch_timed": "ScanMatch with durations",
    "sequence_score": "sequence score",
    "semantic_sequence_score": "semantic sequence score",
    "tfp_auc": "target found, sum over 6 fixations",
    "scanpath_ratio": "scanpath ratio",
    "sequence_score_greedy": "sequence score, likeliest steps",
    "next_object_probability": "probability of the next object (SIM)",
    "behavioural_delta": "behavioural delta",
    "sequence_score_timed": "sequence score with durations",
    "string_edit": "string edit distance, share",
    "dtw": "dynamic time warping, px",
    "frechet": "discrete Fréchet distance, px",
    "hausdorff": "Hausdorff distance, px",
    "mannan": "Mannan distance",
    "tde": "time-delay embedding distance, px",
    "stde": "scaled time-delay embedding similarity",
    "fdiss": "FDISS",
    "cross_recurrence": "cross-recurrence, %",
    "cross_determinism": "cross-recurrence determinism, %",
    "cross_laminarity": "cross-recurrence laminarity, %",
}
METRIC_NAMES |= _SCANPATH_NAMES
METRIC_NAMES |= {f"crps_{metric}": f"CRPS of {name}" for metric, name in _SCANPATH_NAMES.items()}
METRIC_NAMES |= {
    f"{metric}_typical": f"{name}, typical scanpath"
    for metric, name in _SCANPATH_NAMES.items()
    if metric.startswith(("scanmatch", "sequence_score", "semantic", "string_edit"))
}
METRIC_NAMES |= {"balanced_accuracy": "balanced accuracy", "roc_auc": "area under the ROC curve"}
METRIC_NAMES |= {"pixcorr": "PixCorr of decoded images", "ssim": "SSIM of decoded images"}
METRIC_NAMES |= {
    f"image_two_way_{name}": f"decoded images, two-way identification by {what}"
    for name, what in (("pixels", "pixels"), ("early", "early features"), ("late", "late features"))
}
METRIC_NAMES |= {
    "nss": "NSS",
    "auc": "AUC",
    "auc_judd": "AUC-Judd",
    "auc_borji": "AUC-Borji",
    "shuffled_auc": "shuffled AUC",
    "information_gain": "information gain, bits",
    "cc": "CC",
    "sim": "SIM",
    "kld": "KLD",
    "emd": "EMD, cells of 32 px",
    "cnss": "cNSS",
    "cig_bits": "cIG, bits",
    "cauc": "cAUC",
    "log_likelihood_bits": "log-likelihood, bits a fixation over uniform",
    "duration_log_likelihood": "log-likelihood of durations, bits (per s)",
}
LESS = " (less is better)"
METRIC_NAMES = {metric: name + LESS * less_is_better(metric) for metric, name in METRIC_NAMES.items()}


def render(template: str, **values: Any) -> str:
    """A template of this room, filled; everything that comes from data is escaped."""
    return _environment().get_template(template).render(**values)


def embedded(path: Path) -> str:
    """A PNG figure as a data URI, as WebP of the same size, so that a page of many figures stays small."""
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(path) as image:
        image.convert("RGB").save(buffer, "WEBP", quality=82, method=4)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def number(value: float, digits: int = 3) -> str:
    """A score as papers print it; empty where there is none."""
    return "" if value is None or pd.isna(value) else f"{value:.{digits}f}"


def listed(names: Iterable[object]) -> str:
    """a, b and c."""
    names = list(map(str, names))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("cogmodels.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment
