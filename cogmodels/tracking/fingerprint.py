"""Code fingerprints: what a script's results depend on inside cogmodels.

Snakemake notices an edited script, but not an edited module that the script imports. Each rule therefore carries, as
a parameter, a digest of the cogmodels modules that its script reaches by import.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cogmodels.errors import ConfigError
from cogmodels.files import whole

PACKAGE = "cogmodels"


class _Source(NamedTuple):
    """What counts of a file: digest of its code, dotted names that it may import from the package."""

    digest: str
    imports: list[str]


def import_closure(script: Path, root: Path) -> dict[str, Path]:
    """Modules of the package that ``script`` imports, directly or not, anywhere in the files; name -> file.

    Parameters
    ----------
    script : path of the Python file that Snakemake runs
    root : folder that holds the package

    Raises
    ------
    ConfigError
        The script does not exist or does not parse.
    """
    found: dict[str, Path] = {}
    waiting = list(_imports(Path(script), root))
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = _module_file(name, root)
        if path is None:
            continue
        found[name] = path
        waiting += _imports(path, root)
        # Importing a module runs the __init__ of every package above it.
        parts = name.split(".")
        waiting += [".".join(parts[:depth]) for depth in range(1, len(parts))]
    return dict(sorted(found.items()))


def code_fingerprint(script: Path, root: Path, extra: tuple[str, ...] = ()) -> str:
    """Digest (16 hex digits) of the code in the import closure of ``script``.

    Comments, docstrings and layout do not count, so that an edited sentence does not rerun a study.

    Parameters
    ----------
    script, root : as in :func:`import_closure`
    extra : names of modules that the script imports by a computed name
    """
    modules = import_closure(script, root)
    for name in extra:
        path = _module_file(name, root)
        if path is None:
            raise ConfigError(f"there is no module `{name}`", where=script, remedy="Correct the name in the data spec")
        modules[name] = path
        modules |= import_closure(path, root)
    total = hashlib.sha256()
    for name, path in sorted(modules.items()):
        total.update(f"{name} {_source(path, root).digest}\n".encode())
    _remember(root)
    return total.hexdigest()[:16]


def _imports(path: Path, root: Path) -> list[str]:
    """Names of package modules that one file imports."""
    return [name for name in _source(path, root).imports if _module_file(name, root)]


@cache
def _module_file(name: str, root: Path) -> Path | None:
    """Where a module lies; most names that are asked for are functions. One process sees one set of files."""
    base = root.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.exists():
            return path
    return None


def _source(path: Path, root: Path) -> _Source:
    """Digest and imports of a file, parsed only where its content is new."""
    if not path.exists():
        raise ConfigError("the file does not exist", where=path, remedy="Restore it, or correct the rule that names it")
    return _source_at(path, root, path.stat().st_mtime_ns)


@cache
def _source_at(path: Path, root: Path, stamp: int) -> _Source:
    """As :func:`_source`; ``stamp`` makes the cache notice an edit."""
    content = path.read_bytes()
    key, known = hashlib.sha256(_own_code() + content).hexdigest(), _remembered(root)
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    if known.get(name, [None])[0] != key:
        known[name] = [key, *_parse(path, content)]
        _NEW.add(root)
    return _Source(*known[name][1:])


def _parse(path: Path, content: bytes) -> _Source:
    """Imports of a file, and digest of its syntax tree without docstrings."""
    try:
        tree = ast.parse(content)
    except SyntaxError as error:
        raise ConfigError(f"line {error.lineno} is not valid Python", where=path, remedy="Mend that line") from None
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        body = getattr(node, "body", None)
        holds = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if holds and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            node.body = body[1:]
    code = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
    return _Source(code, sorted(name for name in names if name.split(".")[0] == PACKAGE))


# What was parsed once is kept beside Python's own compiled files, by content: parsing the package takes seconds, with
# which each call of snakemake would begin. Lost, cut or not writable, it costs those seconds and nothing else.
_NEW: set[Path] = set()


def _store(root: Path) -> Path:
    return root / PACKAGE / "__pycache__" / f"fingerprints.{sys.implementation.cache_tag}.json"


@cache
def _own_code() -> bytes:
    """Another way to fingerprint knows nothing of what this one kept."""
    return Path(__file__).read_bytes()


@cache
def _remembered(root: Path) -> dict[str, list]:
    try:
        return dict(json.loads(_store(root).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _remember(root: Path) -> None:
    if root in _NEW:
        with contextlib.suppress(OSError), whole(_store(root)) as temporary:
            temporary.write_text(json.dumps(_remembered(root)), encoding="utf-8")
        _NEW.discard(root)
