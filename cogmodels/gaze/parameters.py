"""Parameters of the event detectors: checked, and refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from cogmodels.errors import DataError

T = TypeVar("T")


def read_parameters(kind: type[T], parameters: Mapping[str, Any], detector: str) -> T:
    """The dataclass ``kind`` with ``parameters`` set.

    Raises
    ------
    DataError
        A parameter is unknown, or ``kind`` refuses its value.
    """
    known = [field.name for field in fields(kind)]
    unknown = [name for name in parameters if name not in known]
    if unknown:
        raise DataError(
            f"there is no parameter `{unknown[0]}`", where=f"detector {detector}", remedy=f"Use {', '.join(known)}"
        )
    return kind(**parameters)


def check_not_negative(options: Any, detector: str, *, positive: tuple[str, ...] = ()) -> None:
    """Refuse a number of a dataclass that is negative or NaN, or 0 where it is named in ``positive``."""
    for field in fields(options):
        value = getattr(options, field.name)
        if isinstance(value, (str, bool, tuple)):
            continue
        if not value >= 0 or (field.name in positive and value == 0):
            bound = "a value above 0" if field.name in positive else "0 or more"
            raise DataError(f"`{field.name}` is {value}", where=f"detector {detector}", remedy=f"Give {bound}")


def check_choice(value: str, choices: tuple[str, ...], name: str, detector: str) -> None:
    """Refuse a word that is not among ``choices``."""
    if value not in choices:
        raise DataError(f"`{name}` is {value}", where=f"detector {detector}", remedy=f"Use one of {', '.join(choices)}")
