"""The study's report: one HTML page that opens without a network."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from cogmodels.eeg.outliers import OUTLIER_RULE
from cogmodels.report.html import METRIC_NAMES, embedded, render
from cogmodels.report.methods import Methods

FAMILIES = {
    "decoding": "Decoders",
    "training": "Training diets",
    "search": "Visual search",
    "fmri": "fMRI",
    "eeg": "EEG",
    "gaze": "Gaze",
    "scanpath": "Scanpaths",
}

# Columns of quality tables whose cells are names, whatever they look like, and those that are empty where all is well.
NAMES = ("subject", "session", "recording")
REMARKS = ("outlier", "outlier_measures")
# Tables of recordings that the page shows.
QUALITY = ("gaze", "eeg", "fmri", "clocks", "responses")


def study_page(
    study: Mapping[str, Any],
    *,
    scores: pd.DataFrame,
    comparison: Sequence[Path],
    figures: Mapping[str, list[Path]],
    quality: Mapping[str, Mapping[str, pd.DataFrame]],
    fixations: Mapping[str, pd.DataFrame],
    consistency: pd.DataFrame,
    provenance: Mapping[str, Any],
    methods: Methods,
    origins: pd.DataFrame,
    eeg_pages: Sequence[str] = (),
) -> str:
    """HTML of the report, figures and styles inside.

    Parameters
    ----------
    study : mapping
        Name, title, data sets, pipelines and experiments, as the workflow gives them.
    scores : DataFrame
        The study's score table.
    comparison : sequence of paths
        Figures of all scores, one a family or a part of it.
    figures : mapping of section -> paths
        Figures in reading order.
    quality : mapping of {"gaze", "eeg", "fmri", "clocks", "responses"} -> mapping of "data set / pipeline" -> DataFrame
        Quality of recordings, clocks of joined ones, errors of simulated responses by cause.
    fixations : mapping of "data set / pipeline" -> DataFrame
        Fixations tables.
    consistency : DataFrame
        Score rows of people against each other.
    provenance : mapping
        ``commit`` and ``versions``.
    methods : Methods
        What the page says of how all this was done.
    origins : DataFrame
        Where files come from, as :func:`cogmodels.report.provenance.file_origins` tells.
    eeg_pages : sequence of str
        Places of the subjects' own pages.
    """
    headline = scores[scores["metric"].isin(("accuracy", "two_way", "balanced_accuracy", "roc_auc"))]
    return render(
        "page.html",
        study=study,
        headline=list(headline.itertuples()),
        scores=list(scores.itertuples()),
        metric_names=METRIC_NAMES,
        comparison=[{"source": embedded(path), "name": path.stem.replace("_", " ")} for path in comparison],
        sections=[
            {
                "name": name,
                "title": title,
                "figures": [{"source": embedded(path), "path": path.as_posix()} for path in figures.get(name, [])],
            }
            for name, title in FAMILIES.items()
            if figures.get(name)
        ],
        eeg_rule=OUTLIER_RULE,
        eeg_pages=list(eeg_pages),
        quality={modality: _quality_tables(quality.get(modality, {})) for modality in QUALITY},
        fixations={name: _fixation_facts(table) for name, table in fixations.items()},
        consistency={name: list(table.itertuples()) for name, table in consistency.groupby("dataset")},
        provenance=provenance,
        methods=methods,
        bibtex_link=f"data:application/x-bibtex;base64,{base64.b64encode(methods.bibtex.encode()).decode()}",
        origins=list(origins.itertuples()),
    )


def _quality_tables(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Quality of each "data set / pipeline": columns and rounded rows, how many of its rows are flagged.

    Columns without any number are named as ``unknown`` and left out.
    Pipelines that read the same recordings alike measure the same: their table comes once, with the names of the
    ``others``.
    """
    found: list[dict[str, Any]] = []
    for name, whole in tables.items():
        dataset, pipeline = name.split(" / ")
        unknown = [column for column in whole if column not in REMARKS and whole[column].isna().all()]
        table = whole.drop(columns=unknown)
        one = {
            "dataset": dataset,
            "unknown": [str(column).replace("_", " ") for column in unknown],
            "columns": [str(column).replace("_", " ") for column in table],
            "rows": [
                [_cell(column, value) for column, value in zip(table, row, strict=True)]
                for row in table.itertuples(index=False)
            ],
            "flagged": sum(str(value) not in ("0", "", "nan", "None") for value in table.get("outlier", [])),
            "runs": len(table),
        }
        like = next((known for known in found if all(known[key] == value for key, value in one.items())), None)
        if like is None:
            found.append(one | {"name": name, "others": []})
        else:
            like["others"].append(pipeline)
    return found


def _cell(column: str, value: Any) -> str:
    """A cell as people read it: four digits of a number that is not whole, also of text; names as they are."""
    if pd.isna(value):
        return "" if column in REMARKS else "n/a"
    if column in NAMES:
        return str(value)
    try:
        number = float(value)
    except ValueError:
        return str(value)
    return f"{number:.0f}" if number.is_integer() else f"{number:.4g}"


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
