"""Errors that speak: what is wrong, where, and what to do, in one paragraph."""

from __future__ import annotations


class CogmodelsError(Exception):
    """An error that a user can act upon.

    Parameters
    ----------
    what : str
        What is wrong, as a sentence without a final full stop.
    where : object, optional
        File, key, subject or trial.
    remedy : str, optional
        What to do about it.
    """

    def __init__(self, what: str, *, where: object = None, remedy: str | None = None) -> None:
        self.what, self.where, self.remedy = what, where, remedy
        place = f"{where}: " if where is not None else ""
        advice = f" {remedy.rstrip('.')}." if remedy else ""
        super().__init__(f"{place}{what.rstrip('.')}.{advice}")


class ConfigError(CogmodelsError):
    """A study, experiment or data spec that cannot be run as written."""


class DataError(CogmodelsError):
    """A file or table that is missing, damaged, or not what its name promises."""
