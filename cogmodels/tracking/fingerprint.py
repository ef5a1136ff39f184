"""Code fingerprints: what a script's results depend on inside cogmodels.

Snakemake notices an edited script, but not an edited module that the script imports. Each rule therefore carries, as
a parameter, a digest of the cogmodels modules that its script reaches by import.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

from cogmodels.errors import ConfigError

PACKAGE = "cogmodels"


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
        total.update(f"{name} {_code_digest(path, path.stat().st_mtime_ns)}\n".encode())
    return total.hexdigest()[:16]


def _imports(path: Path, root: Path) -> set[str]:
    """Names of package modules that one file imports."""
    return _imports_at(path, root, path.stat().st_mtime_ns) if path.exists() else _missing(path)


def _missing(path: Path) -> set[str]:
    raise ConfigError("the file does not exist", where=path, remedy="Restore it, or correct the rule that names it")


@cache
def _imports_at(path: Path, root: Path, stamp: int) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(_parse(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] == PACKAGE and _module_file(name, root)}


def _module_file(name: str, root: Path) -> Path | None:
    base = root.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.exists():
            return path
    return None


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise ConfigError(f"line {error.lineno} is not valid Python", where=path, remedy="Mend that line") from None


@cache
def _code_digest(path: Path, stamp: int) -> str:
    """Digest of a file's syntax tree without docstrings; ``stamp`` makes the cache notice an edit."""
    tree = _parse(path)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        holds = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if holds and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            node.body = body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()
