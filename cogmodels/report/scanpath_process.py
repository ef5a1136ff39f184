"""Figure of models of simulated scanpaths beside the process that drew them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cogmodels.report.style import BLUE, GREEN, LIGHT, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_entropy(entropy: pd.DataFrame, *, title: str) -> Figure:
    """Bits a fixation that every model needs, with intervals, and the entropy, below which none can come.

    Parameters
    ----------
    entropy : DataFrame
        As :func:`cogmodels.scanpath.process.entropy_table` gives it; the last row is the process.
    title : str
    """
    rows = entropy.reset_index(drop=True)
    truth = rows.loc[rows["above"].abs().idxmin()]
    with house_style():
        figure = new_figure(9.0, 1.5 + 0.36 * len(rows), title=title)
        figure.get_layout_engine().set(rect=(0, 0, 0.66, 1))
        panel = figure.subplots()
        for place, row in enumerate(rows.iloc[::-1].itertuples()):
            known = row.experiment == truth["experiment"]
            colour = GREEN if known else VERMILLION if row.ci_low == row.ci_high else BLUE
            panel.plot([row.ci_low, row.ci_high], [place, place], color=colour, lw=2.4, solid_capstyle="round")
            panel.plot(row.bits, place, "o", color=colour, ms=5.5)
            more = f"+{row.above:.2f} [{row.above_ci_low:.2f}, {row.above_ci_high:.2f}], {row.above_percent:.1f} % more"
            stated = f"{row.bits:.2f} bits, " + ("the entropy" if known else more)
            panel.text(1.03, place, stated, transform=panel.get_yaxis_transform(), va="center", fontsize=7.5,
                       in_layout=False)  # fmt: skip
        panel.axvline(truth["bits"], color=GREEN, lw=1.2, ls=":")
        panel.set(yticks=range(len(rows)), ylim=(-0.6, len(rows) - 0.4))
        panel.set_yticklabels(rows["experiment"].iloc[::-1])
        panel.set_xlabel(f"bits a fixation (less is better); 95 % interval over {int(truth['n'])} test images")
        panel.grid(axis="x", color=LIGHT, lw=0.7)
        panel.set_axisbelow(True)
        from matplotlib.lines import Line2D

        legend = [
            Line2D([], [], color=VERMILLION, marker="o", lw=0, label="chance: anywhere"),
            Line2D([], [], color=BLUE, marker="o", lw=2.4, label="models"),
            Line2D([], [], color=GREEN, marker="o", lw=1.2, ls=":", label="entropy of the process: the bound"),
        ]
        figure.legend(handles=legend, loc="outside lower left", ncols=3)
        return figure
