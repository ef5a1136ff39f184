"""Independent components named by ICLabel, a network that people's judgements trained.

Pion-Tonachini, Kreutz-Delgado & Makeig (2019), NeuroImage 198, 181-197; run by ``mne-icalabel`` (Li et al. 2022, J Open
Source Softw 7, 4484), an extra. The network knows components of extended infomax, of EEG from 1 to 100 Hz with an
average reference and placed channels: anything else is refused rather than named wrongly.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.eeg.checks import count_eeg, recording_name
from cogmodels.eeg.ica import MINIMUM_CHANNELS
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne.io import BaseRaw
    from mne.preprocessing import ICA

#: Names of the seven classes, in the network's order.
CLASSES = ("brain", "muscle", "eye", "heart", "line", "channel", "other")
#: Pass band that the network was trained on, Hz.
BAND_HZ = (1.0, 100.0)


def band_for_iclabel(raw: BaseRaw) -> BaseRaw:
    """Copy of the EEG from 1 to 100 Hz, which components are to be fitted on and named by.

    Raises
    ------
    DataError
        A rate of 200 Hz and below; what was low-passed below 100 Hz or high-passed above 1 Hz; no average reference;
        fewer than 16 good channels, or one without a position.
    """
    import mne

    where, info = recording_name(raw), raw.info
    count = count_eeg(raw)
    picks = mne.pick_types(info, eeg=True, exclude="bads")
    places = np.array([info["chs"][pick]["loc"][:3] for pick in picks])
    unknown = np.flatnonzero(~np.isfinite(places).all(axis=1) | (np.abs(places).sum(axis=1) == 0))
    wrong = [
        (count < MINIMUM_CHANNELS, f"{count} channels are too few, {MINIMUM_CHANNELS} are needed"),
        (len(unknown) > 0, f"channel {raw.ch_names[picks[unknown[0]]] if len(unknown) else ''} has no position"),
        (info["sfreq"] <= 2 * BAND_HZ[1], f"{info['sfreq']:g} Hz do not hold frequencies up to 100 Hz"),
        (info["lowpass"] < BAND_HZ[1], f"the recording ends at {info['lowpass']:g} Hz, 100 Hz are needed"),
        (info["highpass"] > BAND_HZ[0], f"the recording begins at {info['highpass']:g} Hz, 1 Hz is needed"),
        (not info["custom_ref_applied"], "the recording has no average reference"),
    ]
    reasons = [reason for refused, reason in wrong if refused]
    if reasons:
        raise DataError(
            f"ICLabel does not know such data: {reasons[0]}",
            where=where,
            remedy="Set `reference: average`, `h_freq: 100` or more and `l_freq: 1` or less, or use `eyes: ica`",
        )
    banded = raw.copy().load_data(verbose="error")
    signals = mne.pick_types(info, eeg=True, eog=True, exclude=[])
    return banded.filter(*BAND_HZ, picks=signals, verbose="error")


def label_components(
    ica: ICA, raw: BaseRaw, *, classes: tuple[str, ...] = ("eye",), probability: float = 0.8
) -> pd.DataFrame:
    """What each component is, and which are to go.

    Parameters
    ----------
    ica : mne ICA
        Extended infomax, or picard of the same model (extended, not orthogonal), fitted on ``raw``.
    raw : mne Raw
        What :func:`band_for_iclabel` gave.
    classes : tuple of str
        Of ``CLASSES``: components of these go, where their probability is at least ``probability``.

    Returns
    -------
    labels : DataFrame
        One row a component: ``component``, ``label``, ``probability``, one column a class (``p_<class>``), and
        ``reason`` (the label of a component that goes, else empty).

    Raises
    ------
    DataError
        ``mne-icalabel``, or torch or onnxruntime, is not installed; an ICA of another kind; an unknown class.
    """
    where = recording_name(raw)
    runtimes = any(find_spec(name) for name in ("torch", "onnxruntime"))
    if find_spec("mne_icalabel") is None or not runtimes:
        raise DataError(
            "ICLabel needs the packages `mne-icalabel`, and `torch` or `onnxruntime`",
            where=where,
            remedy="Install them (`pip install 'cogmodels[icalabel]'`), or use `eyes: ica`",
        )
    unknown = [name for name in classes if name not in CLASSES]
    if unknown or not classes:
        raise DataError(
            f"class `{unknown[0] if unknown else ''}` is unknown", where=where, remedy=f"Use {', '.join(CLASSES)}"
        )
    extended = bool((ica.fit_params or {}).get("extended"))
    if ica.method not in ("infomax", "picard") or not extended or (ica.fit_params or {}).get("ortho"):
        raise DataError(
            f"ICLabel does not know components of {ica.method}{'' if extended else ', not extended'}",
            where=where,
            remedy="Fit extended infomax or picard",
        )
    from mne_icalabel.iclabel import iclabel_label_components

    shares = np.asarray(iclabel_label_components(raw, ica, inplace=False))
    best = shares.argmax(axis=1)
    labels = [CLASSES[k] for k in best]
    highest = shares[np.arange(len(shares)), best]
    table = {"component": np.arange(len(shares)), "label": labels, "probability": highest}
    table |= {f"p_{name}": shares[:, k] for k, name in enumerate(CLASSES)}
    goes = [label in classes and p >= probability for label, p in zip(labels, highest, strict=True)]
    table["reason"] = [label if gone else "" for label, gone in zip(labels, goes, strict=True)]
    return pd.DataFrame(table)
