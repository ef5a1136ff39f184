"""One look for all figures, and files that are the same each time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cogmodels.errors import DataError
from cogmodels.files import whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito (2008): told apart with any kind of colour vision.
BLUE, VERMILLION, GREEN, PURPLE, SKY, ORANGE, YELLOW = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#F0E442",
)  # fmt: skip
GREY, LIGHT, INK = "#7F7F7F", "#D9D9D9", "#222222"
PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, SKY, ORANGE, INK, GREY)

# DejaVu Sans comes with matplotlib, so figures do not depend on the fonts of a machine.
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.edgecolor": "#555555",
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "cogmodels",
    "svg.fonttype": "path",
}
DPI = 130
# Dates and versions would make equal figures differ.
_METADATA = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None},
}


def house_style():
    """Context in which figures are made, drawn and saved; nothing outside it changes."""
    import matplotlib

    return matplotlib.rc_context(STYLE)


def new_figure(width: float, height: float, *, title: str | None = None) -> Figure:
    """Empty figure of a size in inches, free of pyplot's state; call it inside :func:`house_style`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.05, wspace=0.03, hspace=0.03)
    if title:
        figure.suptitle(title, fontsize=11.5, fontweight="bold", x=0.012, ha="left")
    return figure


def score_legend(figure: Figure, of: str = "") -> None:
    """Legend below a figure of scores with intervals (``of``: over what), chance and ceilings."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=BLUE, marker="o", lw=2.2, label=f"score and 95 % interval{of}, p < .05"),
        Line2D([], [], color=GREY, marker="o", lw=2.2, label="p >= .05"),
        Line2D([], [], color=VERMILLION, lw=1.6, label="chance"),
        Line2D([], [], color="black", lw=1.2, ls=":", label="ceiling"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)


def say(axes: Axes, message: str) -> None:
    """Write in a panel why it is empty."""
    axes.text(0.5, 0.5, message, transform=axes.transAxes, ha="center", va="center", color=GREY, wrap=True)


def save_figure(figure: Figure, path: Path) -> None:
    """Save a figure as PNG, SVG or PDF; the same figure gives the same bytes.

    Raises
    ------
    DataError
        Another kind of file.
    """
    path = Path(path)
    if path.suffix not in _METADATA:
        raise DataError(f"figures are not saved as `{path.suffix}`", where=path, remedy=f"Use {', '.join(_METADATA)}")
    with house_style(), whole(path) as temporary:
        _settle(figure)
        figure.savefig(temporary, dpi=DPI, metadata=_METADATA[path.suffix])


def _settle(figure: Figure) -> None:
    """Lay the panels out once and round their places: the layout's solver is not exact to the last bit."""
    engine = figure.get_layout_engine()
    if engine is None:
        return
    figure.set_dpi(DPI)
    # The layout alone, and no engine in its place: either would draw the figure once more, to be thrown away.
    engine.execute(figure)
    figure.set_layout_engine(None)
    for axes in figure.axes:
        bounds = [round(value, 6) for value in axes.get_position(original=True).bounds]
        axes.set_position(bounds, which="original")
