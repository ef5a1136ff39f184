"""Figure of decoded images beside the true ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.data.reconstructions import Reconstructions
from cogmodels.report.style import GREY, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def evenly_spaced(names: Sequence[str], count: int) -> list[str]:
    """``count`` of the names, evenly spaced in their order, the first and the last among them.

    Names are all that it sees: no image and no score can have a say in what is shown.
    """
    ordered = sorted(set(names))
    count = min(count, len(ordered))
    return [ordered[k] for k in np.rint(np.linspace(0, len(ordered) - 1, count)).astype(int)]


def plot_reconstructions(
    found: Reconstructions,
    truth: Mapping[str, np.ndarray],
    limit: Mapping[str, np.ndarray],
    mean: np.ndarray,
    scores: pd.DataFrame,
    *,
    count: int,
    title: str,
) -> Figure:
    """True images, the same at the resolution that is decoded, what each subject's responses gave, the mean image.

    Parameters
    ----------
    found : Reconstructions
    truth, limit : mapping of stimulus -> (h, w, 3) uint8
        True images, as they are and at the resolution that is decoded.
    mean : (side, side, 3) uint8
        Mean of the images that are not held out.
    scores : DataFrame
        Score rows of the experiment's images.
    count : int
        Stimuli shown, evenly spaced in the order of their names, among those that most subjects saw.
    title : str
    """
    subjects = sorted(set(found.subject))
    images = {(s, n): image for s, n, image in zip(found.subject, found.stimulus, found.images, strict=True)}
    names, seen = np.unique(found.stimulus.astype(str), return_counts=True)
    chosen = evenly_spaced(names[seen == seen.max()].tolist(), count)
    rows = [("true", truth.get), (f"true, {len(mean)} px", limit.get)]
    rows += [(f"sub-{s}", lambda name, s=s: images.get((s, name))) for s in subjects]
    rows += [("mean image", lambda _: mean)]
    with house_style():
        figure = new_figure(1.05 * len(chosen) + 4.2, 1.05 * len(rows) + 0.7, title=title)
        grid = figure.add_gridspec(len(rows), len(chosen) + 1, width_ratios=[1] * len(chosen) + [3.0])
        for i, (label, image) in enumerate(rows):
            for j, name in enumerate(chosen):
                axes = figure.add_subplot(grid[i, j])
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                if (one := image(name)) is None:
                    axes.text(0.5, 0.5, "not seen", transform=axes.transAxes, ha="center", color=GREY, fontsize=7)
                else:
                    axes.imshow(one, interpolation="nearest", aspect="auto")
                    axes.set_box_aspect(1)
                if j == 0:
                    axes.set_ylabel(label, rotation=0, ha="right", va="center")
        said = figure.add_subplot(grid[:, -1])
        said.axis("off")
        said.text(0.02, 1.0, _scores_text(scores), va="top", fontsize=7.5, linespacing=1.5, transform=said.transAxes)
        return figure


def _scores_text(scores: pd.DataFrame) -> str:
    """The scores in words, what stands beside each included."""
    parts = ["images chosen by their place in the order of names"]
    for row in scores.itertuples():
        parts.append(
            f"{row.metric.replace('_', ' ')}\n"
            f"  {row.value:.3f} [{row.ci_low:.3f}, {row.ci_high:.3f}], p = {row.p:.4f}\n"
            f"  another brain {row.shuffled_brain:.3f}, mean image {row.mean_image:.3f}, "
            f"this resolution {row.ceiling:.3f}"
        )
    return "\n\n".join(parts)
