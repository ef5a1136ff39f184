"""MNE and scipy.signal, started as fast as they can be."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any


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


def start_signal() -> ModuleType:
    """``scipy.signal``, started in half the time; call it before MNE filters.

    SciPy 1.17 loads all of scipy.stats (0.6 s of each process, as much as a filter and its recording take) for the
    percentile that ``find_peaks_cwt`` alone asks for, and writes a table of array libraries into each docstring
    (0.3 s). Here that percentile loads scipy.stats when it is called, and docstrings stay as they are in the source.
    A SciPy that is built otherwise is imported as it is.
    """
    if not {"scipy.signal", "scipy.stats"} & sys.modules.keys():
        with contextlib.suppress(ImportError), _stand_ins():
            import_module("scipy.signal")
    return import_module("scipy.signal")


@contextlib.contextmanager
def _stand_ins() -> Iterator[None]:
    """What scipy.signal asks for at its start and does not use."""
    array_api = import_module("scipy._lib._array_api")
    notes = getattr(array_api, "xp_capabilities", None)
    stats = ModuleType("scipy.stats")
    stats.scoreatpercentile = _percentile
    sys.modules["scipy.stats"] = stats
    if notes is not None:
        array_api.xp_capabilities = lambda **_: lambda function: function
    try:
        yield
    finally:
        del sys.modules["scipy.stats"]
        if notes is not None:
            array_api.xp_capabilities = notes


def _percentile(*args: Any, **options: Any) -> Any:
    """``scipy.stats.scoreatpercentile``, loaded here."""
    from scipy.stats import scoreatpercentile

    return scoreatpercentile(*args, **options)
