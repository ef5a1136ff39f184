"""The study's report: one HTML page that opens without a network."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cogmodels.report.compare import METRIC_NAMES

if TYPE_CHECKING:
    from jinja2 import Environment

FAMILIES = {
    "decoding": "Decoders",
    "fmri": "fMRI",
    "eeg": "EEG",
    "gaze": "Gaze",
}


def study_page(
    study: Mapping[str, Any],
    *,
    scores: pd.DataFrame,
    comparison: Path,
    figures: Mapping[str, list[Path]],
    quality: Mapping[str, pd.DataFrame],
    fixations: Mapping[str, pd.DataFrame],
    provenance: Mapping[str, Any],
) -> str:
    """HTML of the report, figures and styles inside.

    Parameters
    ----------
    study : mapping
        Name, title, data sets, pipelines and experiments, as the workflow gives them.
    scores : DataFrame
        The study's score table.
    comparison : path
        Figure of all scores.
    figures : mapping of section -> paths
        Figures in reading order.
    quality, fixations : mapping of data set -> DataFrame
        Gaze quality and fixations.
    provenance : mapping
        ``commit`` and ``versions``.
    """
    headline = scores[scores["metric"].isin(("accuracy", "two_way"))]
    return render(
        "page.html",
        study=study,
        headline=list(headline.itertuples()),
        scores=list(scores.itertuples()),
        metric_names=METRIC_NAMES,
        comparison=embedded(comparison),
        sections=[
            {
                "name": name,
                "title": title,
                "figures": [{"source": embedded(path), "path": path.as_posix()} for path in figures.get(name, [])],
            }
            for name, title in FAMILIES.items()
            if figures.get(name)
        ],
        quality={name: _gaze_rows(table) for name, table in quality.items()},
        fixations={name: _fixation_facts(table) for name, table in fixations.items()},
        provenance=provenance,
    )


def render(template: str, **values: Any) -> str:
    """A template of this room, filled; everything that comes from data is escaped."""
    return _environment().get_template(template).render(**values)


def embedded(path: Path) -> str:
    """A PNG figure as a data URI, as WebP of the same size, so that a page of many figures stays small."""
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(path) as image:
        image.convert("RGB").save(buffer, "WEBP", quality=82, method=4)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def number(value: float, digits: int = 3) -> str:
    """A score as papers print it; empty where there is none."""
    return "" if value is None or pd.isna(value) else f"{value:.{digits}f}"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("cogmodels.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment


def _gaze_rows(table: pd.DataFrame) -> dict[str, Any]:
    """Quality table with rounded numbers."""
    rows = [
        [f"{value:.4g}" if isinstance(value, float) else str(value) for value in row]
        for row in table.itertuples(index=False)
    ]
    return {"columns": [str(name).replace("_", " ") for name in table], "rows": rows}


def _fixation_facts(table: pd.DataFrame) -> dict[str, Any]:
    """What a reader checks first in a Fixations table."""
    trials = table.groupby(["subject", "trial"]).size()
    return {
        "fixations": len(table),
        "subjects": table["subject"].nunique(),
        "trials": len(trials),
        "per_trial": float(trials.mean()),
        "median_ms": float(table["duration"].median() * 1000),
    }
