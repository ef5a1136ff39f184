"""What every step of the EEG room asks of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne.io import BaseRaw


def recording_name(raw: BaseRaw) -> str:
    """File of a recording, for messages."""
    names = [str(name) for name in getattr(raw, "filenames", ()) if name]
    return names[0] if names else "EEG recording"


def count_eeg(raw: BaseRaw) -> int:
    """Number of EEG channels that are not marked bad.

    Raises
    ------
    DataError
        There is none.
    """
    import mne

    count = len(mne.pick_types(raw.info, eeg=True, exclude="bads"))
    if count == 0:
        types = ", ".join(sorted(set(raw.get_channel_types())))
        raise DataError(
            f"there is no EEG channel that is not marked bad; types are {types}",
            where=recording_name(raw),
            remedy="Give the channels type EEG in channels.tsv, and mark fewer of them bad",
        )
    return count
