"""What every section of a config shares: strict keys, readable errors."""

from __future__ import annotations

import difflib
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cogmodels.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)


class Section(BaseModel):
    """A part of a config: unknown keys are errors, values are checked, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def read_yaml(path: Path) -> dict[str, Any]:
    """Mapping held by a YAML file (``{}`` for an empty one), loaded safely.

    Raises
    ------
    ConfigError
        The file is missing, is not YAML, or holds something else than a mapping.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError("the file does not exist", where=path, remedy="Check the name and the folder") from None
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f" (line {place.line + 1})" if place else ""
        raise ConfigError(f"this is not valid YAML{line}", where=path, remedy="Mend the line named") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(
            f"a mapping of keys to values is expected, found {type(content).__name__}",
            where=path,
            remedy="Write `key: value` lines",
        )
    return content


def validate(model: type[Model], content: dict[str, Any], where: str | Path) -> Model:
    """Check ``content`` against ``model``; every problem is reported, with the nearest right spelling.

    Raises
    ------
    ConfigError
        One paragraph that names file, key, what was found and what is allowed.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = [_problem(model, item) for item in error.errors(include_url=False)]
        raise ConfigError(
            "; ".join(dict.fromkeys(problems)), where=where, remedy="docs/config.md lists every option"
        ) from None


def suggestion(word: str, known: typing.Iterable[str]) -> str:
    """`` (did you mean X?)``, or the list of what is known when nothing is near."""
    known = sorted(map(str, known))
    near = difflib.get_close_matches(str(word), known, n=1, cutoff=0.6)
    if near:
        return f" (did you mean `{near[0]}`?)"
    return f" (known: {', '.join(known)})" if known else ""


def _problem(model: type[BaseModel], item: dict[str, Any]) -> str:
    """One pydantic error as a clause."""
    location = [str(part) for part in item["loc"]]
    if item["type"] == "extra_forbidden":
        siblings = _keys_at(model, location[:-1])
        return f"unknown key `{'.'.join(location)}`{suggestion(location[-1], siblings)}"
    key = ".".join(location) or "(whole file)"
    if item["type"] == "missing":
        return f"key `{key}` is required"
    found = item.get("input")
    shown = f", found {found!r}" if not isinstance(found, (dict, list)) else ""
    return f"key `{key}`: {item['msg'][0].lower()}{item['msg'][1:]}{shown}"


def _keys_at(model: type[BaseModel], location: list[str]) -> set[str]:
    """Field names of the section(s) that lie at ``location`` below ``model``."""
    here: list[Any] = [model]
    for part in location:
        below: list[Any] = []
        for kind in here:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                if part in kind.model_fields:
                    below += _models_in(kind.model_fields[part].annotation)
                elif part in {_tag(kind)}:
                    below.append(kind)
        # A union's tag or a mapping's key does not change the model.
        here = below or here
    return {name for kind in here for name in getattr(kind, "model_fields", {})}


def _tag(kind: type[BaseModel]) -> str | None:
    """The discriminator value of a member of a tagged union."""
    for name in ("modality", "family", "kind"):
        if name in kind.model_fields:
            return kind.model_fields[name].default
    return None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Models named anywhere in a type annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if isinstance(annotation, types.GenericAlias | types.UnionType) or typing.get_origin(annotation):
        return [model for part in typing.get_args(annotation) for model in _models_in(part)]
    return []
