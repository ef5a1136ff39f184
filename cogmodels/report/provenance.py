"""Where every file that a report shows comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cogmodels.files import digest

COLUMNS = ["file", "rule", "code", "commit", "sha256"]


def file_origins(
    producers: Mapping[str, Mapping[str, str]], manifests: Iterable[Mapping[str, Any]], commit: str | None
) -> pd.DataFrame:
    """A row a file: the rule that made it, the fingerprint of that rule's code, the commit, and what it holds.

    Parameters
    ----------
    producers : mapping of path -> {"rule", "code"}
        Files that the page shows.
    manifests : iterable of mapping
        Of model runs, whose outputs are listed too: at the commit where they were made.
    commit : str or None
        Of the checkout that makes the page. A file whose code differs from it would have been made again, so its
        fingerprint is that of this commit.

    Returns
    -------
    origins : DataFrame
        ``file, rule, code, commit, sha256``; files of runs first.
    """
    rows = [
        (file, manifest["rule"], manifest["code_fingerprint"], manifest["commit"], held)
        for manifest in manifests
        for file, held in manifest["outputs"].items()
    ]
    listed = {row[0] for row in rows}
    rows += [
        (file, made["rule"], made["code"], commit, digest(Path(file)))
        for file, made in producers.items()
        if file not in listed
    ]
    return pd.DataFrame(rows, columns=COLUMNS).fillna({"commit": "no checkout"})
