"""EEG files of all formats that are read, chosen by their suffix; what is missing is named."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from cogmodels.data.mne_start import start_mne
from cogmodels.errors import DataError

if TYPE_CHECKING:
    import mne

#: Suffix -> format, name of MNE's reader.
FORMATS = {
    ".vhdr": ("BrainVision", "read_raw_brainvision"),
    ".set": ("EEGLAB", "read_raw_eeglab"),
    ".edf": ("EDF", "read_raw_edf"),
    ".bdf": ("BDF", "read_raw_bdf"),
    ".mff": ("EGI", "read_raw_egi"),
    ".raw": ("EGI", "read_raw_egi"),
    ".fif": ("fif", "read_raw_fif"),
}
# Suffixes of parts of a recording, or of formats that are not read -> what to do.
_INSTEAD = {
    ".eeg": "Name the .vhdr file beside it",
    ".vmrk": "Name the .vhdr file beside it",
    ".fdt": "Name the .set file beside it",
    ".xdf": "Convert it to BIDS first, with the converter `eeg_files`",
}
# Packages beyond MNE that a format needs.
_NEEDED = {".mff": "defusedxml"}


def format_of(path: Path) -> str:
    """Format of a file by its suffix.

    Raises
    ------
    DataError
        None that is read; with what to do instead where the file is part of a recording, or an XDF.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        known = ", ".join(f"{ending} ({name})" for ending, (name, _) in FORMATS.items())
        raise DataError(
            f"`{suffix or 'no suffix'}` is no format of EEG that is read; these are: {known}",
            where=path,
            remedy=_INSTEAD.get(suffix, "Export the recording to one of them"),
        )
    return FORMATS[suffix][0]


def open_recording(path: Path) -> mne.io.Raw:
    """Recording in memory, V, of any format in ``FORMATS``, as the file itself describes it.

    Raises
    ------
    DataError
        A missing file or a missing part of it; an unknown, damaged or already epoched file; a package that is not
        installed.
    """
    mne = start_mne()
    path = Path(path)
    suffix = path.suffix.lower()
    format_of(path)
    if not path.exists():
        raise DataError("the file does not exist", where=path, remedy="Restore it, or exclude the subject")
    needed = _NEEDED.get(suffix)
    if needed and find_spec(needed) is None:
        raise DataError(
            f"{FORMATS[suffix][0]} files of this kind are read with the package `{needed}`, which is not installed",
            where=path,
            remedy=f"Install {needed}, or export the recording to EDF or BrainVision",
        )
    for part in _parts(path, suffix):
        if not part.exists():
            raise DataError(
                f"the recording is damaged: its part {part.name} is missing",
                where=path,
                remedy="Restore the file with all its parts (BrainVision has three)",
            )
    try:
        return getattr(mne.io, FORMATS[suffix][1])(path, preload=True, verbose="error")
    except MemoryError:
        raise
    except Exception as error:  # on damaged bytes, readers raise whatever they run into
        if "number of trials" in str(error):
            raise DataError(
                "this file holds epochs, not a continuous recording",
                where=path,
                remedy="Give the recording before it was cut",
            ) from None
        raise DataError(
            f"the recording is damaged, or no {FORMATS[suffix][0]} ({type(error).__name__}: {error})",
            where=path,
            remedy="Restore the file with all its parts",
        ) from None


def _parts(path: Path, suffix: str) -> list[Path]:
    """Other files that a BrainVision header names."""
    if suffix != ".vhdr":
        return []
    text = path.read_bytes().decode("latin-1")
    return [path.with_name(name.strip()) for name in re.findall(r"^(?:DataFile|MarkerFile)=(.+)$", text, re.MULTILINE)]
