"""Named sections of a config: overlays, `extends:` and `sweep:`."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

from cogmodels.config.base import suggestion
from cogmodels.errors import ConfigError


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """``base`` overlaid with ``over``: mappings merge key by key, lists and single values replace."""
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def resolve_extends(named: dict[str, Any], kind: str, where: str | Path = "config") -> dict[str, dict[str, Any]]:
    """Expand ``extends:`` among named sections; entries set to null are dropped.

    Raises
    ------
    ConfigError
        The parent is unknown, or the chain returns to itself.
    """
    named = {name: section for name, section in named.items() if section is not None}
    resolved: dict[str, dict[str, Any]] = {}

    def expand(name: str, chain: tuple[str, ...]) -> dict[str, Any]:
        if name in chain:
            raise ConfigError(
                f"`extends` runs in a circle: {' -> '.join((*chain, name))}",
                where=f"{where}, {kind}.{name}",
                remedy="Let one of them stand on its own",
            )
        if name in resolved:
            return resolved[name]
        section = named[name]
        if not isinstance(section, dict):
            raise ConfigError(
                f"a mapping is expected, found {section!r}",
                where=f"{where}, {kind}.{name}",
                remedy="Write its options as `key: value` lines",
            )
        section = dict(section)
        parent = section.pop("extends", None)
        if parent is not None:
            if parent not in named:
                raise ConfigError(
                    f"extends unknown `{parent}`{suggestion(parent, set(named) - {name})}",
                    where=f"{where}, {kind}.{name}",
                    remedy=f"Name one of the {kind}",
                )
            section = merge(expand(parent, (*chain, name)), section)
        resolved[name] = section
        return section

    return {name: expand(name, ()) for name in named}


def expand_sweeps(named: dict[str, Any], kind: str, where: str | Path = "config") -> dict[str, Any]:
    """Replace each section that has ``sweep:`` by one section for every combination of its values.

    ``sweep`` maps options, inner ones with dots (``recipe.learning_rate``), to lists of values, or to mappings of
    labels to values. The sections are called ``<name>-<label>``, with one label an option in the order written; the
    label of a value is itself, in letters, digits and hyphens (0.001 is ``0p001``). A section that is written under
    such a name is laid over it, wherever it stands; null drops it.

    Raises
    ------
    ConfigError
        A sweep that is no such mapping, is empty, or whose labels clash; a value that needs a label and has none.
    """
    expanded: dict[str, Any] = {}
    swept: set[str] = set()
    for name, section in named.items():
        if not isinstance(section, dict) or "sweep" not in section:
            if name not in swept:
                expanded[name] = section
            continue
        place = f"{where}, {kind}.{name}.sweep"
        base = {key: value for key, value in section.items() if key != "sweep"}
        axes = _axes(section["sweep"], place)
        for chosen in itertools.product(*axes.values()):
            one, told = base, []
            for option, (label, value) in zip(axes, chosen, strict=True):
                one = merge(one, _nested(option.split("."), value))
                told.append(f"{option.split('.')[-1]} {label}")
            child = "-".join([name, *(label for label, _ in chosen)])
            if child in swept:
                raise ConfigError(
                    f"two sections would be called `{child}`",
                    where=place,
                    remedy="Give the values labels of their own, as a mapping of labels to values",
                )
            swept.add(child)
            described = [base["description"]] if base.get("description") else []
            one = one | {"description": ": ".join([*described, ", ".join(told)])}
            written = named.get(child, {})
            expanded[child] = merge(one, written) if written is not None else None
    return expanded


def _axes(sweep: Any, place: str) -> dict[str, list[tuple[str, Any]]]:
    """Option -> (label, value) of each of its values."""
    if not isinstance(sweep, dict) or not sweep or not all(isinstance(v, list | dict) and v for v in sweep.values()):
        raise ConfigError(
            f"a sweep maps options to lists of values, found {sweep!r}",
            where=place,
            remedy="Write `option: [value, value]`, or `option: {label: value}`",
        )
    axes = {}
    for option, values in sweep.items():
        if isinstance(values, dict):
            pairs = [(str(label), value) for label, value in values.items()]
        else:
            wrong = [value for value in values if isinstance(value, list | dict)]
            if wrong:
                raise ConfigError(
                    f"value {wrong[0]!r} of `{option}` has no name",
                    where=place,
                    remedy="Give each value a label: `option: {label: value}`",
                )
            pairs = [(_label(value), value) for value in values]
        unfit = [label for label, _ in pairs if not re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", label)]
        if unfit:
            raise ConfigError(
                f"`{unfit[0]}` cannot be part of a name",
                where=place,
                remedy="Use letters, digits and hyphens in labels: `option: {label: value}`",
            )
        axes[option] = pairs
    return axes


def _label(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}".replace("-", "m").replace("+", "").replace(".", "p")
    return str(value).replace("_", "-")


def _nested(keys: list[str], value: Any) -> dict[str, Any]:
    return {keys[0]: value if len(keys) == 1 else _nested(keys[1:], value)}
