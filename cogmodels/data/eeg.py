"""EEG recordings: BrainVision out, whatever MNE reads in."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import find_sidecar, read_tsv, write_json, write_tsv
from cogmodels.data.eeg_formats import open_recording
from cogmodels.data.electrodes import read_positions
from cogmodels.data.mne_start import start_mne
from cogmodels.errors import DataError
from cogmodels.files import whole

if TYPE_CHECKING:
    import mne

_TYPES = {
    "EEG": "eeg",
    "EOG": "eog",
    "HEOG": "eog",
    "VEOG": "eog",
    "ECG": "ecg",
    "EMG": "emg",
    "TRIG": "stim",
    "STIM": "stim",
    "MISC": "misc",
}


def write_eeg(
    path: Path,
    data: np.ndarray,
    *,
    sampling_rate: float,
    channel_names: list[str],
    channel_types: list[str],
    events: pd.DataFrame,
    sidecar: Mapping[str, Any],
    events_sidecar: Mapping[str, Any] | None = None,
    bads: Sequence[str] = (),
) -> list[Path]:
    """BrainVision file in float32 with its BIDS sidecars; same data, same bytes.

    Parameters
    ----------
    path : path
        ``.._eeg.vhdr``; all other files lie beside it.
    data : array (n_channels, n_samples)
        In V.
    sampling_rate : float
        Hz.
    channel_names, channel_types : lists
        Types as in BIDS: EEG, EOG, MISC, ...
    events : DataFrame
        ``onset``, ``duration`` (s), ``trial_type`` and more.
    sidecar : mapping
        Fields of ``_eeg.json`` beside those known here.
    bads : sequence of str
        Channels that ``_channels.tsv`` calls bad; without any it has no ``status``.

    Returns
    -------
    list of the files written.
    """
    import pybv

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.asarray(data, dtype=np.float64)
    if data.shape[0] != len(channel_names) or len(channel_names) != len(channel_types):
        raise DataError(
            f"{data.shape[0]} rows of data for {len(channel_names)} names and {len(channel_types)} types", where=path
        )
    stem = path.name.removesuffix(".vhdr")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as folder:
        pybv.write_brainvision(
            data=data,
            sfreq=sampling_rate,
            ch_names=channel_names,
            fname_base=stem,
            folder_out=folder,
            resolution=0.1,
            unit="µV",
            fmt="binary_float32",
            meas_date=None,
        )
        files = [part.replace(path.with_name(part.name)) for part in sorted(Path(folder).iterdir())]
    beside = path.name.removesuffix("_eeg.vhdr")
    json_file, channels, events_file = (
        path.with_name(f"{beside}_{tail}") for tail in ("eeg.json", "channels.tsv", "events.tsv")
    )
    write_json(
        json_file,
        {
            "SamplingFrequency": float(sampling_rate),
            "EEGChannelCount": channel_types.count("EEG"),
            "EOGChannelCount": sum(kind.endswith("EOG") for kind in channel_types),
            "RecordingType": "continuous",
            "RecordingDuration": data.shape[1] / sampling_rate,
            "SoftwareFilters": "n/a",
            **sidecar,
        },
    )
    table = pd.DataFrame({"name": channel_names, "type": channel_types, "units": "V"})
    if bads:
        table["status"] = ["bad" if name in bads else "good" for name in channel_names]
    write_tsv(channels, table)
    write_tsv(events_file, events)
    files += [json_file, channels, events_file]
    if events_sidecar:
        files.append(events_file.with_suffix(".json"))
        write_json(files[-1], events_sidecar)
    return files


def read_eeg(path: Path) -> mne.io.Raw:
    """Recording of any format (:func:`~cogmodels.data.eeg_formats.open_recording`) in memory, with its BIDS sidecars.

    Channel types and ``status`` are those of ``_channels.tsv``. Positions are those of ``_electrodes.tsv`` where it
    tells them in a head's frame, then a fif's own where it has them all, else those of the 10-05 system by name.

    Where the sidecar says ``RecordingType: epoched``, an ``EDGE`` annotation stands at each border of epochs, so that
    filters do not run across it.

    Raises
    ------
    DataError
        Missing or damaged file, or a format that is not read.
    """
    mne = start_mne()
    path = Path(path)
    raw = open_recording(path)
    channels = path.with_name(path.name.rsplit("_", 1)[0] + "_channels.tsv")
    if channels.exists():
        table = read_tsv(channels)
        types = {name: _TYPES[kind] for name, kind in zip(table["name"], table["type"], strict=True) if kind in _TYPES}
        raw.set_channel_types({name: kind for name, kind in types.items() if name in raw.ch_names}, verbose="error")
        raw.info["bads"] = _bad_names(table, raw.ch_names)
    sidecar = find_sidecar(path)
    if sidecar.get("RecordingType") == "epoched" and sidecar.get("EpochLength"):
        borders = np.arange(1, round(raw.duration / sidecar["EpochLength"])) * sidecar["EpochLength"]
        edges = mne.Annotations(borders, 0.0, "EDGE boundary", orig_time=raw.annotations.orig_time)
        raw.set_annotations(raw.annotations + edges, verbose="error")
    own = read_positions(path)
    if own is not None:
        raw.set_montage(own, on_missing="ignore", verbose="error")
    elif path.suffix != ".fif" or not _placed(raw):
        montage = mne.channels.make_standard_montage("colin27_1005")
        if {name.lower() for name in montage.ch_names} & {name.lower() for name in raw.ch_names}:
            raw.set_montage(montage, match_case=False, on_missing="ignore", verbose="error")
    return raw


def events_path(path: Path) -> Path:
    """``_events.tsv`` beside a recording of any format."""
    path = Path(path)
    return path.with_name(path.name.rsplit("_", 1)[0] + "_events.tsv")


def _placed(raw: mne.io.Raw) -> bool:
    """Whether all EEG channels have positions."""
    import mne

    places = np.array(
        [raw.info["chs"][k]["loc"][:3] for k in mne.pick_types(raw.info, meg=False, eeg=True, exclude=[])]
    )
    return bool(len(places) and np.isfinite(places).all() and np.abs(places).sum(axis=1).all())


def _bad_names(table: pd.DataFrame, names: list[str]) -> list[str]:
    """Channels of a recording whose ``status`` is bad."""
    if "status" not in table:
        return []
    return [name for name in table["name"][table["status"].str.lower() == "bad"] if name in names]


def write_bad_channels(path: Path, raw: mne.io.Raw, bads: pd.DataFrame) -> None:
    """BIDS ``_channels.tsv`` of a recording: all channels, ``status``, and why it is bad.

    ``bads`` has the columns ``channel``, ``reason``, ``value``, ``limit``; those marked in the recording are bad too.
    """
    kinds = {kind: name for name, kind in reversed(_TYPES.items())}
    table = pd.DataFrame(
        {"name": raw.ch_names, "type": [kinds.get(kind, "MISC") for kind in raw.get_channel_types()], "units": "V"}
    )
    reasons = dict.fromkeys(raw.info["bads"], "marked in the recording")
    for row in bads.itertuples():
        reasons[row.channel] = f"{row.reason}: {row.value:.3g}, limit {row.limit:g}"
    table["status"] = ["bad" if name in reasons else "good" for name in table["name"]]
    table["status_description"] = [reasons.get(name) for name in table["name"]]
    write_tsv(path, table)


def read_bad_channels(path: Path) -> list[str]:
    """Names of the bad channels of :func:`write_bad_channels`."""
    table = read_tsv(path)
    return list(table["name"][table["status"] == "bad"])


def write_ica(path: Path, ica: mne.preprocessing.ICA) -> None:
    """Components as fif."""
    with whole(path) as temporary:
        ica.save(temporary, overwrite=True, verbose="error")


def read_ica(path: Path) -> mne.preprocessing.ICA:
    """What :func:`write_ica` wrote."""
    return start_mne().preprocessing.read_ica(path, verbose="error")


def write_raw(path: Path, raw: mne.io.Raw) -> None:
    """Processed recording as fif."""
    with whole(path) as temporary:
        raw.save(temporary, overwrite=True, verbose="error")


def read_raw(path: Path) -> mne.io.Raw:
    """What :func:`write_raw` wrote, in memory."""
    return start_mne().io.read_raw_fif(path, preload=True, verbose="error")


def as_saved(raw: mne.io.Raw) -> mne.io.Raw:
    """What :func:`read_raw` reads of what :func:`write_raw` writes, in single precision, without a file that stays."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "saved_eeg.fif"
        write_raw(path, raw)
        saved = read_raw(path)
    # Messages name the recording.
    saved.filenames = raw.filenames
    return saved


def write_epochs(path: Path, epochs: mne.Epochs) -> None:
    """Epochs with their metadata as fif."""
    with whole(path) as temporary:
        epochs.save(temporary, overwrite=True, verbose="error")


def read_epochs(path: Path) -> mne.Epochs:
    """What :func:`write_epochs` wrote, in memory."""
    return start_mne().read_epochs(path, preload=True, verbose="error")


def write_evoked(path: Path, evoked: list[mne.Evoked]) -> None:
    """Evoked responses as fif."""
    import mne

    with whole(path) as temporary:
        mne.write_evokeds(temporary, evoked, overwrite=True, verbose="error")


def read_evoked(path: Path) -> list[mne.Evoked]:
    """What :func:`write_evoked` wrote."""
    return start_mne().read_evokeds(path, verbose="error")
