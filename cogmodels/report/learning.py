"""Learning curves of all networks of a study, laid over each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from cogmodels.report.compare import kind_of
from cogmodels.report.style import LIGHT, PALETTE, house_style, new_figure, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVE_COLUMNS = ["family", "dataset", "experiment", "run", "training", "stage", "epoch", "quantity", "value"]
_VALIDATION = "validation_"
#: More experiments than colours: the line changes too.
_LINES = ("-", "--", ":", "-.")


def gather_curves(tables: Iterable[tuple[Mapping[str, str], pd.DataFrame]]) -> pd.DataFrame:
    """What each training reached on its validation examples, epoch by epoch, tidy, in the columns of ``CURVE_COLUMNS``.

    Parameters
    ----------
    tables : pairs
        ``family, dataset, experiment, run`` of a run, and its table: a row an epoch of a training, with ``epoch``,
        ``validation_<quantity>``, and fold, draw and stage where there are several. A table without such columns (of a
        model that is not trained so) adds nothing.

    Returns
    -------
    DataFrame
        ``training`` tells the folds and draws of a run apart.
    """
    frames = []
    for names, table in tables:
        quantities = [name for name in table if name.startswith(_VALIDATION)]
        if "epoch" not in table or not quantities:
            continue
        lead = [name for name in ("fold", "draw") if name in table]
        training = table[lead].astype(str).agg("/".join, axis=1) if lead else "all"
        stage = table.get("stage", "train")
        tidy = table.assign(training=training, stage=stage, **names).melt(
            CURVE_COLUMNS[:7], quantities, var_name="quantity"
        )
        frames.append(tidy.assign(quantity=tidy["quantity"].str.removeprefix(_VALIDATION)).dropna(subset=["value"]))
    if not frames:
        return pd.DataFrame(columns=CURVE_COLUMNS)
    return pd.concat(frames, ignore_index=True)[CURVE_COLUMNS]


def epochs_of(curves: pd.DataFrame) -> pd.DataFrame | None:
    """Curves of one run, a row an epoch and a column a training, stage and quantity; None where there are none."""
    if curves.empty:
        return None
    names = ["training", "stage", "quantity"]
    shown = [name for name in names if name == "quantity" or curves[name].nunique() > 1]
    wide = curves.pivot_table(index="epoch", columns=shown, values="value", sort=False)
    wide.columns = ["/".join(key) if isinstance(key, tuple) else key for key in wide.columns]
    return wide.rename(columns="validation/{}".format).sort_index().reset_index()


def plot_learning(curves: pd.DataFrame, simulated: Collection[str] = ()) -> Figure:
    """Validation scores by epoch, a panel a data set, stage and quantity, a colour an experiment.

    Thin lines are trainings (folds, draws, seeds); the thick one is their mean as far as all of them went. A loss is
    drawn only where a training has no other score: losses of different networks are not comparable.
    """
    groups = []
    for (family, dataset, stage), mine in curves.groupby(["family", "dataset", "stage"], sort=True):
        scores = mine[mine["quantity"] != "loss"]
        for quantity, some in (scores if len(scores) else mine).groupby("quantity", sort=True):
            kind = kind_of(family, dataset, simulated, {})
            then = ", adapted to the new subject" if stage == "adapt" else ""
            groups.append((f"{family}: {dataset} ({kind}){then}", quantity.replace("_", " "), some))
    with house_style():
        columns = min(2, max(1, len(groups)))
        rows = -(-max(1, len(groups)) // columns)
        figure = new_figure(5.2 * columns, 3.1 * rows)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        if not groups:
            say(panels[0], "no experiment is trained epoch by epoch")
        for panel in panels[max(1, len(groups)) :]:
            panel.axis("off")
        for panel, (title, quantity, mine) in zip(panels, groups, strict=False):
            for place, (name, one) in enumerate(mine.groupby("experiment", sort=False)):
                look = {"color": PALETTE[place % len(PALETTE)], "ls": _LINES[place // len(PALETTE) % len(_LINES)]}
                wide = one.pivot_table(index="epoch", columns=["run", "training"], values="value")
                panel.plot(wide.index, wide, lw=0.5, alpha=0.35, **look)
                mean = wide.dropna().mean(axis=1)
                panel.plot(mean.index, mean, lw=1.8, label=f"{name} ({wide.shape[1]})", **look)
            panel.set_title(title)
            panel.set_xlabel("epoch")
            panel.set_ylabel(f"validation {quantity}")
            panel.grid(color=LIGHT, lw=0.5)
            panel.legend(fontsize=7, title="mean (trainings)", title_fontsize=7)
    return figure
