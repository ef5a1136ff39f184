"""Releases of packages, as pip is set up on this machine, and what lies in their archives."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import stat
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from cogmodels.errors import DataError

_SUFFIXES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_TIMEOUT = 60  # s without an answer


@dataclass(frozen=True)
class Release:
    """One archive of a release: address, digest, and what a request for it needs (login, certificates)."""

    filename: str
    url: str
    sha256: str
    options: Mapping[str, Any]


def is_archive_name(name: str) -> bool:
    """Whether a file of this name can be an archive of a release."""
    return name.endswith(_SUFFIXES)


def without_login(url: str) -> str:
    """The address as it may be shown: without user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


# -- registry --------------------------------------------------------------------------------------------------------


def find_release(package: str, version: str, archive: str, sha256: str | None = None) -> Release:
    """The ``sdist`` or ``wheel`` of a release in the package registry that pip uses on this machine.

    Parameters
    ----------
    sha256 : str, optional
        Digest that the archive must have; without one, that of the registry's first fitting archive holds.

    Raises
    ------
    DataError
        The registry cannot be reached, or has no such release, or none with this digest.
    """
    import requests
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, NoSuchProjectError, PyPISimple, UnsupportedContentTypeError

    where = f"{package} {version} ({archive})"
    endpoint = pip_option("index-url") or PYPI_SIMPLE_ENDPOINT
    try:
        with requests.Session() as session:
            session.verify = pip_option("cert") or True
            page = PyPISimple(endpoint, session=session).get_project_page(package, timeout=_TIMEOUT)
    except NoSuchProjectError:
        raise DataError(
            "the package registry does not have this package", where=where, remedy="Check pip's `index-url`"
        ) from None
    except (requests.RequestException, UnsupportedContentTypeError) as error:
        raise DataError(
            f"the package registry at {without_login(endpoint)} does not answer ({type(error).__name__})",
            where=where,
            remedy="Check the network and pip's `index-url`, or point COGMODELS_MIRROR to a folder that has the files",
        ) from None
    fitting = [item for item in page.packages if item.version == version and item.package_type == archive]
    listed = [(item, item.digests.get("sha256")) for item in fitting]
    for item, found in listed:
        if found and found == (sha256 or found):
            return Release(item.filename, item.url, found, _options(endpoint, item.url))
    if listed:
        digests = ", ".join(str(found) for _, found in listed)
        raise DataError(
            f"the registry lists sha256 {digests}, expected is {sha256}",
            where=where,
            remedy="The release is not the one that the data spec means: correct the spec",
        )
    raise DataError("the registry does not have this release", where=where, remedy="Correct `version` or `archive`")


def pip_option(name: str) -> str | None:
    """A setting of pip on this machine, such as ``index-url``; the environment wins over the config files."""
    given = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if given:
        return given
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    settings = dict(line.partition("=")[::2] for line in listed.splitlines() if "=" in line)
    value = settings.get(f"install.{name}") or settings.get(f"global.{name}")
    return ast.literal_eval(value) if value else None


def _options(endpoint: str, url: str) -> dict[str, Any]:
    """What a request for a file needs beyond its address; a login is given to the registry's own host only."""
    index, file = urlsplit(endpoint), urlsplit(url)
    options: dict[str, Any] = {}
    if index.username and index.hostname == file.hostname:
        options["auth"] = (unquote(index.username), unquote(index.password or ""))
    certificates = pip_option("cert")
    if certificates:
        options["verify"] = certificates
    return options


def installed_files(package: str, version: str, members: Iterable[str]) -> dict[str, Path]:
    """Files of an installed distribution of exactly this version, by member name; empty where it is not installed."""
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return {}
    if distribution.version != version:
        return {}
    places = {member: Path(str(distribution.locate_file(member))) for member in members}
    return {member: place for member, place in places.items() if place.is_file()}


# -- archives --------------------------------------------------------------------------------------------------------


def read_members(archive: Path, patterns: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file in a tar or zip archive whose name fits one of the patterns (as in fnmatch).

    Raises
    ------
    DataError
        The archive is damaged, or a fitting member is a link or a device.
    """
    patterns = list(patterns)

    def fits(name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed:
                for item in packed.infolist():
                    if not item.is_dir() and fits(item.filename):
                        _refuse(stat.S_ISLNK(item.external_attr >> 16), archive, item.filename)
                        yield item.filename, packed.read(item)
        else:
            with tarfile.open(archive) as packed:
                for item in packed:
                    if not item.isdir() and fits(item.name):
                        _refuse(not item.isreg(), archive, item.name)
                        yield item.name, packed.extractfile(item).read()
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"the archive is damaged ({type(error).__name__}: {error})",
            where=archive,
            remedy="Delete it and fetch again",
        ) from None


def _refuse(wrong: bool, archive: Path, name: str) -> None:
    if wrong:
        raise DataError("a link or device is no file", where=f"{archive}, {name}", remedy="Do not use this archive")
