"""Eye artefacts taken out by independent components that the gaze points at, or by regression.

Components that vary more in saccades than in fixations are the eyes' (Plöchl, Ossandón & König 2012, Front Hum Neurosci
6, 278), here judged by how they change within 10 ms: an eye at rest does not move, wherever it rests. Training data in
which saccade onsets are given more weight separate the spike potential too (OPTICAT: Dimigen 2020, NeuroImage 207,
116117). MNE does the decomposition.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.eeg.checks import count_eeg, good_samples, recording_name
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne.io import BaseRaw
    from mne.preprocessing import ICA

METHODS = ("picard", "infomax")
# With fewer channels a component is a mixture whatever one does.
MINIMUM_CHANNELS = 16
# Samples for each weight of the unmixing matrix (Onton & Makeig 2006, Prog Brain Res 159, 99-120).
SAMPLES_PER_WEIGHT = 20
# As many as the eyes' separation from the rest wants: with 27 a weight it failed on one of four simulated draws.
ENOUGH_SAMPLES = 60
VARIANCE_RATIO = 1.2
# Components are differenced over so long before their variances are compared, s.
CHANGE_S = 0.01
EOG_CORRELATION = 0.7
# Window of OPTICAT around saccade onsets, s.
SPIKE_WINDOW = (-0.02, 0.01)


def fit_ica(
    raw: BaseRaw,
    *,
    method: str = "picard",
    n_components: int | str | None = None,
    l_freq: float | None = 2.0,
    saccades: np.ndarray | None = None,
    overweight: float = 1.0,
    seed: int = 0,
) -> ICA:
    """Independent components of the good EEG channels.

    Parameters
    ----------
    raw : mne Raw
        Not changed; stretches that annotations call BAD are left out, blinks should not be among them (they are what
        ICA is to learn): mark losses only.
    method : {"picard", "infomax"}
        Both extended, for sources above and below normal kurtosis.
    n_components : int or "enough", optional
        Principal components that are decomposed; all that the rank allows without one, and with "enough" no more than
        have 60 good samples a weight of the unmixing matrix.
    l_freq : float, optional
        High-pass of the training data alone, Hz: slow drifts are not independent. The components are to be applied to
        data of any filter.
    saccades : (n,) float, optional
        Saccade onsets, s from the first sample. Snippets from -20 to 10 ms around them, each channel's mean removed,
        are appended to the training data (OPTICAT).
    overweight : float
        Length of all snippets, repeated as often as needed, as a share of the training data.
    seed : int
        Of the start.

    Returns
    -------
    ica : mne ICA

    Raises
    ------
    DataError
        Fewer than 16 good channels; fewer than 20 good samples for each weight; saccades none of which is in good data;
        an unknown method.
    """
    import mne

    where = recording_name(raw)
    n_eeg = count_eeg(raw)
    if method not in METHODS or not overweight >= 0:
        raise DataError(
            f"method `{method}`, overweight {overweight:g}",
            where=where,
            remedy=f"Use {' or '.join(METHODS)}, and 0 or more",
        )
    if n_eeg < MINIMUM_CHANNELS:
        raise DataError(
            f"{n_eeg} EEG channels do not separate brain from eyes by ICA, {MINIMUM_CHANNELS} are needed",
            where=where,
            remedy="Use regression on the EOG or the gaze (`remove_by_regression`)",
        )
    picks = mne.pick_types(raw.info, eeg=True, exclude="bads")
    training = raw.copy().pick(picks).load_data(verbose="error")
    if l_freq is not None:
        training.filter(l_freq, None, verbose="error")
    good = good_samples(raw)
    data = training.get_data()
    rank = _rank(data[:, good])
    most = int(np.sqrt(good.sum() / ENOUGH_SAMPLES)) if n_components == "enough" else n_components
    components = rank if most is None else min(most, rank)
    needed = SAMPLES_PER_WEIGHT * components**2
    if good.sum() < needed:
        most = int(np.sqrt(good.sum() / SAMPLES_PER_WEIGHT))
        raise DataError(
            f"{int(good.sum())} good samples for {components} components, {needed} are needed",
            where=where,
            remedy=f"Set `n_components` to {most} or fewer, use a longer recording or mark less as BAD",
        )
    parts = [data[:, good]]
    if saccades is not None and overweight > 0:
        snippets = _snippets(data, good, np.asarray(saccades, dtype=float), raw.info["sfreq"], where)
        wanted = round(overweight * good.sum())
        repeats = int(np.ceil(wanted / snippets.shape[1]))
        parts.append(np.tile(snippets, repeats)[:, :wanted])
    weighted = mne.io.RawArray(np.hstack(parts), training.info, verbose="error")
    options = {"ortho": False, "extended": True} if method == "picard" else {"extended": True}
    ica = mne.preprocessing.ICA(
        components, method=method, fit_params=options, max_iter="auto", random_state=seed, verbose="error"
    )
    ica.fit(weighted, picks="eeg", verbose="error")
    return ica


def component_scores(
    ica: ICA,
    raw: BaseRaw,
    *,
    saccades: pd.DataFrame | None = None,
    fixations: pd.DataFrame | None = None,
    tolerance_s: tuple[float, float] = (0.01, 0.0),
    change_s: float = CHANGE_S,
    l_freq: float | None = 2.0,
    variance_ratio: float = VARIANCE_RATIO,
    eog_correlation: float = EOG_CORRELATION,
) -> pd.DataFrame:
    """How much each component is the eyes'.

    Parameters
    ----------
    ica : mne ICA
    raw : mne Raw
        Recording that it is to clean, with its EOG channels where there are any.
    saccades, fixations : DataFrame, optional
        ``onset``, ``duration``, s from the first sample; both or neither.
    tolerance_s : (float, float)
        Saccade windows begin and end by so much earlier and later, s; fixations are what is left of theirs.
    change_s : float
        Components are differenced over so long before their variances are compared, s: where the eye rests would
        otherwise vary more from fixation to fixation than saccades do within themselves, and a high-pass slow enough to
        keep the eyes spreads each saccade over the fixation after it.
    l_freq : float, optional
        High-pass of the copy that is correlated with the EOG, Hz, as in :func:`fit_ica`.
    variance_ratio : float
        A component with a larger ratio of variance in saccades to that in fixations is the eyes'.
    eog_correlation : float
        So is one whose absolute correlation with an EOG channel is larger.

    Returns
    -------
    scores : DataFrame
        One row a component: ``component``, ``variance_ratio`` (NaN without gaze), ``eog_correlation`` (largest over EOG
        channels, NaN without), ``reason`` (saccades, eog, both joined by +, or empty).

    Raises
    ------
    DataError
        Neither gaze nor EOG; one of saccades and fixations alone; less than a second of good samples in either.
    """
    import mne

    where = recording_name(raw)
    eog = mne.pick_types(raw.info, eeg=False, eog=True, exclude="bads")
    if (saccades is None) != (fixations is None) or (saccades is None and not len(eog)):
        raise DataError(
            "components cannot be judged without saccades and fixations, or an EOG channel",
            where=where,
            remedy="Give both tables, set the type of the EOG channels, or leave ICA out",
        )
    judged = raw.copy().load_data(verbose="error")
    if l_freq is not None:
        picks = mne.pick_types(raw.info, eeg=True, eog=True, exclude="bads")
        judged.filter(l_freq, None, picks=picks, verbose="error")
    sources = ica.get_sources(judged).get_data()
    good, rate = good_samples(raw), raw.info["sfreq"]
    ratio = np.full(len(sources), np.nan)
    if saccades is not None:
        moving = inside_events(saccades, rate, raw.n_times, *tolerance_s) & good
        still = inside_events(fixations, rate, raw.n_times, 0.0, 0.0) & good & ~moving
        for name, mask in (("saccades", moving), ("fixations", still)):
            if mask.sum() < rate:
                raise DataError(
                    f"{mask.sum() / rate:.2f} s of {name} in good data, a second is needed",
                    where=where,
                    remedy="Check the synchronisation, the detector, and the BAD annotations",
                )
        changes = _changes(ica.get_sources(raw).get_data(), max(1, round(change_s * rate)))
        ratio = changes[:, moving].var(axis=1) / changes[:, still].var(axis=1)
    correlation = np.full(len(sources), np.nan)
    if len(eog):
        eyes = judged.get_data(picks=eog)[:, good]
        z_eyes = (eyes - eyes.mean(axis=1, keepdims=True)) / np.maximum(eyes.std(axis=1, keepdims=True), 1e-300)
        part = sources[:, good]
        z = (part - part.mean(axis=1, keepdims=True)) / np.maximum(part.std(axis=1, keepdims=True), 1e-300)
        correlation = np.abs(z @ z_eyes.T / good.sum()).max(axis=1)
    by_gaze, by_eog = ratio > variance_ratio, correlation > eog_correlation
    reasons = [
        " + ".join(n for n, w in (("saccades", a), ("eog", b)) if w) for a, b in zip(by_gaze, by_eog, strict=True)
    ]
    return pd.DataFrame(
        {
            "component": np.arange(len(sources)),
            "variance_ratio": ratio,
            "eog_correlation": correlation,
            "reason": reasons,
        }
    )


def remove_components(raw: BaseRaw, ica: ICA, components: Sequence[int]) -> BaseRaw:
    """Recording without some components; a copy, loaded.

    Raises
    ------
    DataError
        All components are to go.
    """
    if len(set(components)) >= ica.n_components_:
        raise DataError(
            f"all {ica.n_components_} components are the eyes'",
            where=recording_name(raw),
            remedy="Raise the limits, and look at the components",
        )
    return ica.apply(raw.copy().load_data(verbose="error"), exclude=[int(k) for k in components], verbose="error")


def remove_by_regression(raw: BaseRaw, *, predictors: Sequence[str] | None = None) -> BaseRaw:
    """EEG without what eye channels predict.

    After Gratton, Coles & Donchin (1983), Electroencephalogr Clin Neurophysiol 55, 468-484: weights are fitted by least
    squares on good samples in which every predictor is known, and taken out everywhere; where a predictor is not known
    (gaze in a blink), nothing of it is taken out.

    Parameters
    ----------
    raw : mne Raw
        Filtered, since slow drifts share no cause.
    predictors : sequence of str, optional
        Channels: EOG, or gaze; all EOG channels without.

    Returns
    -------
    cleaned : mne Raw
        Copy with loaded data.

    Raises
    ------
    DataError
        No such channel; less than 10 s in which all predictors are known.
    """
    import mne

    where = recording_name(raw)
    count_eeg(raw)
    if predictors is None:
        predictors = [raw.ch_names[k] for k in mne.pick_types(raw.info, eeg=False, eog=True, exclude="bads")]
    missing = [name for name in predictors if name not in raw.ch_names]
    if not predictors or missing:
        raise DataError(
            f"there is no channel {missing[0]}" if missing else "there is no EOG channel to regress on",
            where=where,
            remedy="Set the types of the eye channels, or name the predictors",
        )
    cleaned = raw.copy().load_data(verbose="error")
    eyes = cleaned.get_data(picks=list(predictors))
    known = np.isfinite(eyes).all(axis=0) & good_samples(raw)
    if known.sum() < 10 * raw.info["sfreq"]:
        raise DataError(
            f"all predictors are known for {known.sum() / raw.info['sfreq']:.1f} s of good data, 10 s are needed",
            where=where,
            remedy="Check the predictors for losses, and the BAD annotations",
        )
    picks = mne.pick_types(raw.info, eeg=True, exclude=[])
    data = cleaned.get_data(picks=picks)
    centre = eyes[:, known].mean(axis=1, keepdims=True)
    offset = data[:, known].mean(axis=1, keepdims=True)
    weights = np.linalg.lstsq((eyes[:, known] - centre).T, (data[:, known] - offset).T, rcond=None)[0]
    explained = weights.T @ np.nan_to_num(eyes - centre)
    return cleaned.apply_function(lambda block: block - explained, picks=picks, channel_wise=False, verbose="error")


def _rank(data: np.ndarray) -> int:
    """Directions with more than a hundred-millionth of the largest variance: an average reference takes one."""
    values = np.linalg.eigvalsh(np.cov(data))
    return int((values > 1e-8 * values[-1]).sum())


def _snippets(data: np.ndarray, good: np.ndarray, onsets: np.ndarray, rate: float, where: object) -> np.ndarray:
    """Good samples (channels, n) around saccade onsets, the mean of each snippet removed."""
    lags = np.arange(round(SPIKE_WINDOW[0] * rate), round(SPIKE_WINDOW[1] * rate) + 1)
    at = np.rint(onsets * rate).astype(int)[:, None] + lags
    at = at[(at[:, 0] >= 0) & (at[:, -1] < data.shape[1])]
    at = at[good[at].all(axis=1)]
    if not len(at):
        raise DataError(
            f"none of {len(onsets)} saccades is in good data",
            where=where,
            remedy="Check the synchronisation, or set `overweight` to 0",
        )
    parts = data[:, at]
    return (parts - parts.mean(axis=2, keepdims=True)).reshape(len(data), -1)


def _changes(sources: np.ndarray, step: int) -> np.ndarray:
    """Differences over ``step`` samples, in the middle of them; 0 at the ends."""
    changes = np.zeros_like(sources)
    stop = sources.shape[1] - (step - step // 2)
    changes[:, step // 2 : stop] = sources[:, step:] - sources[:, :-step]
    return changes


def inside_events(events: pd.DataFrame, rate: float, n: int, before: float, after: float) -> np.ndarray:
    """(n,) bool: samples within events."""
    edges = np.zeros(n + 1, np.int64)
    starts = np.clip(np.ceil((events["onset"].to_numpy(float) - before) * rate - 1e-6).astype(int), 0, n)
    stops = (events["onset"] + events["duration"]).to_numpy(float) + after
    np.add.at(edges, starts, 1)
    np.add.at(edges, np.maximum(np.clip(np.ceil(stops * rate - 1e-6).astype(int), 0, n), starts), -1)
    return np.cumsum(edges)[:n] > 0
