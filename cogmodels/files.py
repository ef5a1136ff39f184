"""Files that are whole or absent, and their digests."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

# Read once: it can only be read by setting it, which threads would see.
_UMASK = os.umask(0o022)
os.umask(_UMASK)


def digest(path: Path) -> str:
    """sha256 of a file, 64 hex digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unfolded(paths: Iterable[Path | str]) -> list[Path]:
    """The paths, in place of each folder the files in it by name: a job that makes one file a run leaves a folder."""
    found = []
    for path in map(Path, paths):
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        # What lies hidden is a file that was cut off, or Snakemake's own.
        found += [file for file in inside if not file.name.startswith(".")]
    return found


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Temporary path beside ``path`` that replaces it when the block ends well, and vanishes when it does not."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The full suffix is kept, because writers choose the format by it.
    suffix = "".join(path.suffixes[-2:])
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-", suffix=suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_UMASK)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def link(source: Path, target: Path) -> None:
    """Hard link where the file system has it, else a copy; an old target is replaced."""
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and target.samefile(source):
        return
    with whole(target) as temporary:
        temporary.unlink()
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)
