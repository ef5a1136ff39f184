"""Every experiment's score with its interval, chance and ceiling: figures of a family that fit on a screen or two."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from cogmodels.report.compare import TABLE_ONLY, kind_of
from cogmodels.report.html import METRIC_NAMES
from cogmodels.report.style import BLUE, GREY, LIGHT, VERMILLION, house_style, new_figure, score_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches; 2,400 pixels at the resolution of all figures.
TALLEST = 18.4

#: Families that are not written as other words are.
_WRITTEN = {"fmri": "fMRI", "eeg": "EEG"}

#: Scores of scanpaths that tables and comparisons have, and that would only make figures longer.
_REPEATS = {
    "cnss", "cauc", "scanmatch_timed", "crps_scanmatch", "string_edit", "crps_string_edit", "sequence_score_timed",
    "scanmatch_timed_typical", "sequence_score_timed_typical", "string_edit_typical",
    *(f"multimatch_{part}" for part in ("vector", "direction", "length", "position", "duration")),
}  # fmt: skip


def score_figures(
    scores: pd.DataFrame, simulated: Collection[str] = (), made: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Figure]]:
    """Names and figures of all scores: one a family; where that is too long, one a data set, then some metrics each.

    Parameters
    ----------
    scores : DataFrame
        As :func:`cogmodels.report.compare.gather_scores` gives them.
    simulated, made
        As :func:`cogmodels.report.compare.comparison_page` takes them.

    Yields
    ------
    name, figure
        Names are the family's, ``<family>_<data set>`` or ``<family>_<data set>_<number>``; none is taller than
        ``TALLEST``, unless a single metric is.
    """
    shown = scores[~scores["metric"].isin(TABLE_ONLY | _REPEATS)]
    for names, part in _parts(shown):
        family, *rest = names
        title = ": ".join([_WRITTEN.get(family, family.capitalize()), *([", part ".join(rest)] if rest else [])])
        yield "_".join(names), plot_scores(part, simulated, made, title=title)


def plot_scores(
    scores: pd.DataFrame,
    simulated: Collection[str] = (),
    made: Mapping[str, str] | None = None,
    *,
    title: str | None = None,
) -> Figure:
    """Scores with intervals, chance and ceilings, one panel a metric; arguments as in :func:`score_figures`."""
    metrics = list(dict.fromkeys(scores["metric"]))
    counts = [int((scores["metric"] == metric).sum()) for metric in metrics]
    with house_style():
        figure = new_figure(8.6, max(2.2, _height(scores)), title=title)
        panels = figure.subplots(len(metrics), 1, squeeze=False, height_ratios=[c + 1.2 for c in counts])[:, 0]
        for panel, metric in zip(panels, metrics, strict=True):
            mine = scores[scores["metric"] == metric].iloc[::-1].reset_index(drop=True)
            _draw_metric(panel, mine, simulated, made or {})
            panel.set_title(METRIC_NAMES.get(metric, metric))
        score_legend(figure)
        return figure


def _draw_metric(panel: Axes, rows: pd.DataFrame, simulated: Collection[str], made: Mapping[str, str]) -> None:
    for place, row in enumerate(rows.itertuples()):
        colour = BLUE if row.p < 0.05 else GREY
        panel.plot([row.ci_low, row.ci_high], [place, place], color=colour, lw=2.2, solid_capstyle="round")
        panel.plot(row.value, place, "o", color=colour, ms=6.5)
        panel.plot([row.chance] * 2, [place - 0.38, place + 0.38], color=VERMILLION, lw=1.6)
        if pd.notna(row.ceiling):
            panel.plot([row.ceiling] * 2, [place - 0.38, place + 0.38], color="black", lw=1.2, ls=":")
    kinds = [
        kind_of(family, name, simulated, made) for family, name in zip(rows["family"], rows["dataset"], strict=True)
    ]
    # The name is enough, unless one is scored under several protocols.
    several = rows.groupby("experiment")["protocol"].transform("nunique") > 1
    shown = rows["experiment"].where(~several, rows["experiment"] + ", " + rows["protocol"])
    panel.set_yticks(range(len(rows)), [f"{name} ({kind})" for name, kind in zip(shown, kinds, strict=True)])
    panel.set_ylim(-0.7, len(rows) - 0.3)
    panel.grid(axis="x", color=LIGHT, lw=0.7)
    panel.set_axisbelow(True)


def _height(scores: pd.DataFrame) -> float:
    """Inches that a figure of these scores takes."""
    return 1.5 + sum(0.34 * count + 0.75 for count in scores["metric"].value_counts())


def _parts(scores: pd.DataFrame) -> Iterator[tuple[list[str], pd.DataFrame]]:
    """Scores that go into one figure each, with its family and, where they tell it from others, data set and number."""
    for family, mine in scores.groupby("family", sort=False):
        if _height(mine) <= TALLEST:
            yield [str(family)], mine
            continue
        for dataset, some in mine.groupby("dataset", sort=False):
            pieces = list(_pieces(some))
            for number, piece in enumerate(pieces, 1):
                yield [str(family), str(dataset), *([str(number)] if len(pieces) > 1 else [])], piece


def _pieces(scores: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """As many metrics at a time, in their order, as a figure has room for."""
    taken: list[str] = []
    for metric in dict.fromkeys(scores["metric"]):
        if taken and _height(scores[scores["metric"].isin([*taken, metric])]) > TALLEST:
            yield scores[scores["metric"].isin(taken)]
            taken = []
        taken.append(metric)
    if taken:
        yield scores[scores["metric"].isin(taken)]
