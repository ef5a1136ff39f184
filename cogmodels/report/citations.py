"""The literature that the report cites: entries of `references.bib`, as a page and as BibTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cogmodels.errors import DataError

_ENTRY = re.compile(r"@(?P<kind>\w+)\{(?P<key>[a-z]+\d{4}),\n(?P<fields>(?:  \w+ = \{.*\},\n)+)\}", re.MULTILINE)
_FIELD = re.compile(r"^  (\w+) = \{(.*)\},$", re.MULTILINE)
_CITED = re.compile(r"\[(@[a-z]+\d{4}(?:; @[a-z]+\d{4})*)\]")
_LETTERS = {
    r"{\"o}": "ö",
    r"{\"u}": "ü",
    r"{\'e}": "é",
    r"{\'o}": "ó",
    r"{\^o}": "ô",
    r"{\v s}": "š",
    r"\&": "&",
    "--": "-",
}


@dataclass(frozen=True)
class Reference:
    """An entry: its ``key``, its ``bibtex``, and ``short`` (in the text) and ``full`` (in the list) forms."""

    key: str
    bibtex: str
    short: str
    full: str
    doi: str | None


@cache
def references() -> dict[str, Reference]:
    """Every entry of ``references.bib`` by key."""
    text = Path(__file__).with_name("references.bib").read_text(encoding="utf-8")
    found = {}
    for entry in _ENTRY.finditer(text):
        fields = {name: _plain(value) for name, value in _FIELD.findall(entry["fields"])}
        found[entry["key"]] = Reference(
            entry["key"], entry[0], _short(fields), _full(fields), fields.get("doi")
        )  # fmt: skip
    return found


def cite(text: str) -> tuple[str, list[str]]:
    """Text whose ``[@key]`` and ``[@key; @other]`` became names and years, and the keys in the order of the text.

    Raises
    ------
    DataError
        A key that ``references.bib`` lacks.
    """
    known, keys = references(), []

    def named(match: re.Match[str]) -> str:
        mine = [part.removeprefix("@") for part in match[1].split("; ")]
        for key in mine:
            if key not in known:
                raise DataError(f"no reference `{key}`", where="references.bib", remedy="Add it there")
        keys.extend(mine)
        return "(" + "; ".join(known[key].short for key in mine) + ")"

    return _CITED.sub(named, text), keys


def bibtex(keys: Iterable[str]) -> str:
    """The entries of ``keys``, each once, in the order of their names."""
    known = references()
    return "\n\n".join(known[key].bibtex for key in sorted(set(keys))) + "\n"


def _plain(value: str) -> str:
    for written, letter in _LETTERS.items():
        value = value.replace(written, letter)
    return value


def _short(fields: dict[str, str]) -> str:
    surnames = [one.split(",")[0] for one in fields["author"].split(" and ")]
    if len(surnames) > 2:
        return f"{surnames[0]} et al., {fields['year']}"
    return f"{' and '.join(surnames)}, {fields['year']}"


def _full(fields: dict[str, str]) -> str:
    authors = fields["author"].replace(" and others", ", et al.").replace(" and ", ", ")
    where = next(fields[name] for name in ("journal", "booktitle", "publisher", "howpublished") if name in fields)
    place = " ".join(part for part in (where, fields.get("volume")) if part)
    pages = f", {fields['pages']}" if "pages" in fields else ""
    return f"{authors} ({fields['year']}). {fields['title']}. {place}{pages}."
