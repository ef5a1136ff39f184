"""Corrects what is read from docstrings: the default of each parameter where several share a line."""

from __future__ import annotations

from typing import Any

from griffe import DocstringSectionKind, Extension, Module


class Defaults(Extension):
    """Griffe gives ``a, b : float`` the default of ``a`` throughout; each parameter has its own in the signature."""

    def on_package(self, *, pkg: Module, **_: Any) -> None:
        """Go through all that the package defines."""
        _correct(pkg)


def _correct(part: Any) -> None:
    """The parameters of a function, or of all functions and classes within."""
    for member in part.members.values():
        if not member.is_alias:
            _correct(member)
    if (part.is_function or part.is_class) and part.docstring:
        for section in part.docstring.parsed:
            for named in section.value if section.kind is DocstringSectionKind.parameters else []:
                if named.name in part.parameters:
                    named.value = part.parameters[named.name].default
