"""MNE, started as fast as it can be."""

from __future__ import annotations

from types import ModuleType


def start_mne() -> ModuleType:
    """``mne``, whose time axes then do not start numba for a division.

    MNE 1.13 makes each time axis with a compiled loop. Loading numba and that loop takes 0.6 to 0.9 s of each process,
    more than most steps of EEG; MNE's own fallback gives the same bits. A MNE without these names is left as it is.
    """
    import mne
    from mne.utils import numerics

    fallback = getattr(numerics, "_arange_div_fallback", None)
    if fallback is not None and hasattr(numerics, "_arange_div_impl"):
        numerics._arange_div_impl = fallback
    return mne
