"""The study's report: one HTML page that opens without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from cogmodels.eeg.outliers import OUTLIER_RULE
from cogmodels.report.html import METRIC_NAMES, embedded, render

FAMILIES = {
    "decoding": "Decoders",
    "training": "Training diets",
    "search": "Visual search",
    "fmri": "fMRI",
    "eeg": "EEG",
    "gaze": "Gaze",
    "scanpath": "Scanpaths",
}


def study_page(
    study: Mapping[str, Any],
    *,
    scores: pd.DataFrame,
    comparison: Path,
    figures: Mapping[str, list[Path]],
    quality: Mapping[str, pd.DataFrame],
    bold_quality: Mapping[str, pd.DataFrame] | None = None,
    fixations: Mapping[str, pd.DataFrame],
    consistency: pd.DataFrame,
    provenance: Mapping[str, Any],
    eeg_quality: Mapping[str, pd.DataFrame] | None = None,
    eeg_pages: Sequence[str] = (),
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
    bold_quality : mapping of "data set/pipeline" -> DataFrame, optional
        Quality of BOLD runs.
    consistency : DataFrame
        Score rows of people against each other.
    provenance : mapping
        ``commit`` and ``versions``.
    eeg_quality : mapping of "data set / pipeline" -> DataFrame, optional
        EEG quality of its subjects.
    eeg_pages : sequence of str
        Places of the subjects' own pages.
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
        eeg_quality={name: _eeg_rows(table) for name, table in (eeg_quality or {}).items()},
        eeg_rule=OUTLIER_RULE,
        eeg_pages=list(eeg_pages),
        quality={name: _quality_rows(table) for name, table in quality.items()},
        bold_quality=[
            {"dataset": name.split("/")[0], "pipeline": name.split("/")[-1], **_quality_rows(table)}
            | {"flagged": int(table["outlier"].sum()), "runs": len(table)}
            for name, table in (bold_quality or {}).items()
        ],
        fixations={name: _fixation_facts(table) for name, table in fixations.items()},
        consistency={name: list(table.itertuples()) for name, table in consistency.groupby("dataset")},
        provenance=provenance,
    )


def _quality_rows(table: pd.DataFrame) -> dict[str, Any]:
    """Quality table with rounded numbers."""
    rows = [
        ["n/a" if pd.isna(value) else f"{value:.4g}" if isinstance(value, float) else str(value) for value in row]
        for row in table.itertuples(index=False)
    ]
    return {"columns": [str(name).replace("_", " ") for name in table], "rows": rows}


def _eeg_rows(table: pd.DataFrame) -> dict[str, Any]:
    """Quality table with rounded numbers, which a file holds as text."""
    numbers = table.apply(lambda column: pd.to_numeric(column, errors="coerce"))
    rows = [
        [
            str(text)
            if not pd.isna(text) and (pd.isna(value) or name == "subject")
            else ""
            if pd.isna(text)
            else f"{value:.4g}"
            for name, text, value in zip(table, texts, values, strict=True)
        ]
        for texts, values in zip(table.itertuples(index=False), numbers.itertuples(index=False), strict=True)
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
