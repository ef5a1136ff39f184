"""Label maps of images: which segment each pixel belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cogmodels.errors import DataError


def read_segments(folder: Path, images: Iterable[str]) -> dict[str, np.ndarray]:
    """Labels (height, width) int64 of images, from ``<its name>.png`` or ``<its stem>.png``, grey, 8 or 16 bit.

    Images without a map are left out.

    Raises
    ------
    DataError
        No image has a map; a map in colour, or one that cannot be read.
    """
    from PIL import Image, UnidentifiedImageError

    found = {}
    for name in images:
        paths = [Path(folder) / f"{stem}.png" for stem in (name, Path(name).stem)]
        path = next((one for one in paths if one.is_file()), None)
        if path is None:
            continue
        try:
            with Image.open(path) as opened:
                labels = np.asarray(opened)
        except (OSError, UnidentifiedImageError) as error:
            raise DataError(f"this map cannot be read ({error})", where=path, remedy="Make it again") from None
        if labels.ndim != 2:
            raise DataError("this map is in colour", where=path, remedy="Write one grey number a segment")
        found[name] = labels.astype(np.int64)
    if not found:
        raise DataError("no image has a map of segments", where=folder, remedy="Write `<name of the image>.png`")
    return found
