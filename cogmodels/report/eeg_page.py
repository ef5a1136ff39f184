"""An HTML page of one subject's EEG, made by MNE."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.eeg.checks import good_samples
from cogmodels.report.eeg import plot_evoked
from cogmodels.report.style import BLUE, GREY, house_style, new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mne import BaseEpochs, Report
    from mne.io import BaseRaw


def subject_report(
    title: str,
    raws: Sequence[BaseRaw],
    cleaned: Sequence[BaseRaw],
    epochs: BaseEpochs,
    *,
    quality: Mapping[str, Any],
    channels: Sequence[pd.DataFrame] = (),
    components: Sequence[pd.DataFrame] = (),
    evoked: Path | None = None,
) -> Report:
    """What was done to one subject's data and what they look like.

    Parameters
    ----------
    title : str
        It says where data are simulated.
    raws, cleaned : sequences of mne Raw
        Recordings as they came, and after the last step before epochs.
    epochs : mne Epochs
        Those that are used.
    quality : mapping
        Measures of the quality table.
    channels, components : sequences of DataFrame
        Tables of bad channels and of components of each recording, where the pipeline makes them.
    evoked : path, optional
        The figure of evoked responses (:func:`cogmodels.report.eeg.plot_evoked`) where it was saved; else it is drawn.

    Returns
    -------
    report : mne Report
    """
    import mne

    report = mne.Report(title=title, verbose="error")
    measures = pd.DataFrame([{"measure": key, "value": _number(value)} for key, value in quality.items()])
    report.add_html(measures.to_html(index=False), title="Quality", tags=("quality",))
    for number, (raw, clean) in enumerate(zip(raws, cleaned, strict=True), start=1):
        which = f" of recording {number}" if len(raws) > 1 else ""
        bads = clean.info["bads"]
        if len(channels):
            table = channels[number - 1]
            table = table[table["status"] == "bad"][["name", "status_description"]]
            bads = table.to_html(index=False) if len(table) else "<p>None was found.</p>"
        else:
            bads = f"<p>{escape(', '.join(bads)) or 'None is marked'}.</p>"
        report.add_html(bads, title=f"Bad channels{which}", tags=("channels",))
        if len(components):
            rows = components[number - 1].fillna("").to_html(index=False, float_format="{:.3f}".format)
            report.add_html(rows, title=f"Components{which}: removed where a reason is given", tags=("ica",))
        _add_figure(report, plot_spectra(raw, clean), title=f"Spectra{which}", tags=("spectra",))
    if evoked is None:
        _add_figure(report, plot_evoked(epochs, title=title), title="Evoked responses", tags=("evoked",))
    else:
        report.add_image(evoked, title="Evoked responses", tags=("evoked",))
    return report


def _add_figure(report: Report, figure: Figure, **about: Any) -> None:
    """Add a figure as others are saved: MNE would draw it twice, for its layout and for its picture."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.png"
        save_figure(figure, path)
        report.add_image(path, **about)


def plot_spectra(raw: BaseRaw, clean: BaseRaw) -> Figure:
    """Power of each good EEG channel before and after cleaning."""
    import mne
    from scipy.signal import welch

    with house_style():
        figure = new_figure(9.0, 3.4)
        for column, (name, one, colour) in enumerate((("as recorded", raw, GREY), ("after cleaning", clean, BLUE))):
            picks = mne.pick_types(one.info, eeg=True, exclude="bads")
            rate, axes = one.info["sfreq"], figure.add_subplot(1, 2, column + 1)
            data = np.nan_to_num(one.get_data(picks=picks)[:, good_samples(one)] * 1e6)
            # Seconds that do not overlap: joined epochs of a second are taken one by one.
            frequencies, power = welch(data, rate, nperseg=min(round(rate), data.shape[1]), noverlap=0, axis=1)
            decibel = 10 * np.log10(np.maximum(power[:, 1:], 1e-12))
            axes.plot(frequencies[1:], decibel.T, color=colour, lw=0.5, alpha=0.5)
            axes.set_title(f"{name}, {len(picks)} good channels")
            axes.set(xlabel="frequency (Hz)", ylabel="power (dB of 1 µV²/Hz)")
    return figure


def _number(value: object) -> str:
    if value is None:
        return "n/a"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
