"""Learning curves of decoders across subjects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from cogmodels.report.style import BLUE, GREY, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STAGES = {"train": "trained on all subjects", "adapt": "adapted to the new subject"}


def plot_curves(curves: Sequence[pd.DataFrame], choices: Sequence[pd.DataFrame], *, title: str) -> Figure:
    """Loss and cosine (of classes: accuracy) of each epoch, a row a stage, a line a fold, draw and seed.

    A dot lies at the epoch that was kept.

    Parameters
    ----------
    curves, choices : sequences of DataFrame
        Of :func:`cogmodels.decoding.cross_subject.train_cross_subject` or ``train_epochs``, one a run (fold or seed).
    title : str
    """
    stages = [name for name in _STAGES if any((table["stage"] == name).any() for table in curves)]
    keys = ["fold", "draw", "stage"]
    measure = "cosine" if any("train_cosine" in table for table in curves) else "accuracy"
    with house_style():
        figure = new_figure(10.5, 3.0 * len(stages) + 0.3, title=title)
        panels = figure.subplots(len(stages), 2, squeeze=False)
        for (loss, score), stage in zip(panels, stages, strict=True):
            for table, chosen in zip(curves, choices, strict=True):
                kept = chosen.set_index(keys)["epoch"]
                for key, mine in table[table["stage"] == stage].groupby(keys):
                    for panel, name in ((loss, "loss"), (score, measure)):
                        panel.plot(mine["epoch"], mine[f"train_{name}"], color=GREY, lw=0.9)
                        panel.plot(mine["epoch"], mine[f"validation_{name}"], color=BLUE, lw=1.1)
                        best = mine[mine["epoch"] == kept[key]]
                        panel.plot(best["epoch"], best[f"validation_{name}"], "o", color=VERMILLION, ms=4.5, zorder=3)
            loss.set_title(f"loss, {_STAGES[stage]}")
            what = "cosine of decoded and true vectors" if measure == "cosine" else "share of trials decoded"
            score.set_title(f"{what}, {_STAGES[stage]}")
            for panel in (loss, score):
                panel.set_xlabel("epoch")
            loss.set_yscale("log")
            score.plot([], [], color=GREY, label="training, with dropout")
            score.plot([], [], color=BLUE, label="validation")
            score.plot([], [], "o", color=VERMILLION, ms=4.5, label="epoch that was kept")
            score.legend(fontsize=7, loc="best")
    return figure
