"""Files of weights: on disk, at an address, in torch hub's cache; the digest is checked wherever one is known."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from cogmodels.errors import DataError
from cogmodels.files import digest

#: Folder of fetched weights; without it that of the user's caches.
CACHE = "COGMODELS_CACHE"
_MIRROR = "COGMODELS_MIRROR"
#: Folder of the mirror that has weights.
_MIRRORED = "weights"


def weights_file(weights: str | Path, sha256: str | None = None, *, hub: Path | None = None) -> Path:
    """File of weights that a config names.

    Parameters
    ----------
    weights : str or path
        A path; an http(s) address, fetched once into a folder of caches (that of the user, or ``COGMODELS_CACHE``),
        unless ``COGMODELS_MIRROR`` has it as ``weights/<file>``; or ``hub:<file>``, a file in torch hub's cache.
    sha256 : str, optional
        Of the file; an address needs it. Without it, a name such as ``vgg16-397923af.pth`` of a hub file is held to its
        digits, as torch hub does.
    hub : path, optional
        Folder of torch hub's checkpoints.

    Raises
    ------
    DataError
        The file is missing, cannot be fetched, or has another digest.
    """
    text = str(weights)
    if text.startswith("hub:"):
        return _hub_file(text.removeprefix("hub:"), sha256, hub)
    if urlsplit(text).scheme in ("http", "https"):
        return _fetched(text, sha256)
    path = Path(weights)
    if not path.is_file():
        raise DataError("no such file of weights", where=path, remedy="Correct the path, or fetch the file first")
    _check(path, sha256 or "", "Correct `weights_sha256`, or fetch the file again")
    return path


def _fetched(url: str, sha256: str | None) -> Path:
    import pooch

    if sha256 is None:
        raise DataError("weights at an address need their sha256", where=url, remedy="Give `weights_sha256`")
    name = Path(urlsplit(url).path).name
    mirror = os.environ.get(_MIRROR)
    mirrored = Path(mirror) / _MIRRORED / name if mirror else None
    if mirrored is not None and mirrored.is_file():
        _check(mirrored, sha256, "The mirror is stale or damaged: delete or renew this file there")
        return mirrored
    folder = Path(os.environ.get(CACHE) or pooch.os_cache("cogmodels")) / _MIRRORED
    try:
        # A file of another digest in the cache is fetched again; one that comes with another is refused.
        return Path(pooch.retrieve(url, f"sha256:{sha256}", fname=f"{sha256[:12]}-{name}", path=folder))
    except ValueError:
        raise DataError(
            f"what the address gives has not the sha256 {sha256}", where=url, remedy="Correct `weights_sha256`"
        ) from None
    except OSError as error:
        raise DataError(
            f"these weights cannot be fetched ({type(error).__name__})",
            where=url,
            remedy=f"Check the network, or put the file into {_MIRRORED}/{name} of the folder that {_MIRROR} names",
        ) from None


def _hub_file(name: str, sha256: str | None, hub: Path | None) -> Path:
    if hub is None or Path(name).name != name:
        raise DataError(f"`hub:{name}` is no file of torch hub's cache", where="weights", remedy="Give `hub:<file>`")
    path = hub / name
    if not path.is_file():
        there = sorted(file.name for file in hub.glob("*") if file.is_file()) if hub.is_dir() else []
        raise DataError(
            f"torch hub's cache has no such file; it has {', '.join(there) or 'none'}",
            where=path,
            remedy="Load the model once with torch hub, or correct the name",
        )
    named = re.search(r"-([0-9a-f]{8,64})\.", name)
    _check(path, sha256 or (named[1] if named else ""), "Delete the file and load the model with torch hub again")
    return path


def _check(path: Path, beginning: str, remedy: str) -> None:
    """Raise unless the file's sha256 begins so."""
    if beginning and not (found := digest(path)).startswith(beginning):
        raise DataError(f"the sha256 is {found}, expected is {beginning}", where=path, remedy=remedy)
