"""Figures of decoders: what is confused with what, what is retrieved."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.decoding.score import retrieval_matrices
from cogmodels.metrics.classification import confusion_matrix
from cogmodels.report.style import BLUE, PALETTE, VERMILLION, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_confusion(predictions: pd.DataFrame, scores: pd.DataFrame, *, title: str) -> Figure:
    """Confusion matrix (row = true label, share of the row) beside the accuracy of each run.

    Parameters
    ----------
    predictions : DataFrame
        Columns subject, run, label, predicted.
    scores : DataFrame
        Score rows of the experiment.
    title : str
    """
    labels = sorted(set(predictions["label"]))
    counts = confusion_matrix(predictions["label"].to_numpy(), predictions["predicted"].to_numpy(), labels)
    share = counts / counts.sum(axis=1, keepdims=True)
    accuracy = scores[scores["metric"] == "accuracy"].iloc[0]
    with house_style():
        figure = new_figure(10.5, 4.9, title=title)
        left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
        image = left.imshow(share, cmap="viridis", vmin=0, vmax=1)
        for row, column in np.ndindex(share.shape):
            if share[row, column] >= 0.005:
                colour = "black" if share[row, column] > 0.6 else "white"
                left.text(column, row, f"{share[row, column]:.2f}", ha="center", va="center", fontsize=8, color=colour)
        left.set_xticks(range(len(labels)), labels, rotation=45, ha="right")
        left.set_yticks(range(len(labels)), labels)
        left.set(xlabel="decoded", ylabel="shown")
        figure.colorbar(image, ax=left, label="share of the blocks shown", shrink=0.85)
        hit = (predictions["label"] == predictions["predicted"]).astype(float)
        unit = accuracy["unit_of_n"]
        means = hit.groupby(predictions[unit]).mean().sort_index()
        right.bar(range(len(means)), means, color=BLUE, width=0.75)
        right.axhline(accuracy["chance"], color=VERMILLION, lw=1.6, label=f"chance {accuracy['chance']:.3f}")
        right.axhspan(accuracy["ci_low"], accuracy["ci_high"], color=BLUE, alpha=0.15, lw=0)
        right.axhline(
            accuracy["value"],
            color="black",
            lw=1.2,
            label="mean {value:.3f} [{ci_low:.3f}, {ci_high:.3f}], p = {p:.4f}".format(**accuracy),
        )
        # Names of many people would lie over each other.
        letters = sum(len(str(name)) for name in means.index)
        right.set_xticks(range(len(means)), means.index, rotation=90 if letters > 40 else 0)
        right.set(xlabel=unit, ylabel="accuracy", ylim=(0, 1))
        right.legend(loc="upper right")
        return figure


def plot_retrieval(
    predictions: pd.DataFrame, stimuli: list[str], features: np.ndarray, scores: pd.DataFrame, *, title: str
) -> Figure:
    """Similarity of predicted to true features, and where the true stimulus ranks, over subjects.

    Parameters
    ----------
    predictions : DataFrame
        Columns subject, stimulus, run, trial, predicted (vectors).
    stimuli, features
        Names (n_stimuli,) and true vectors (n_stimuli, d).
    scores : DataFrame
        Score rows of the experiment.
    title : str
    """
    with house_style():
        figure = new_figure(10.5, 4.9, title=title)
        left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
        shown, colours = [], cycle(colour for colour in PALETTE if colour != VERMILLION)
        for colour, (subject, mine) in zip(colours, predictions.groupby("subject", sort=True), strict=False):
            names = sorted(set(mine["stimulus"]))
            matrices = retrieval_matrices(mine, names, stimuli, features)
            shown.append(matrices["pearson"])
            ranks = np.sort((1 - np.diagonal(matrices["two_way"])) * (len(names) - 1)) + 1
            share = np.arange(1, len(ranks) + 1) / len(ranks)
            right.step(ranks, share, where="post", lw=1.6, color=colour, label=f"sub-{subject}")
        same = all(matrix.shape == shown[0].shape for matrix in shown)
        matrix = np.mean(shown, axis=0) if same else shown[0]
        limit = np.abs(matrix).max()
        image = left.imshow(matrix, cmap="RdBu_r", vmin=-limit, vmax=limit)
        left.set(xlabel="candidate stimulus", ylabel="decoded stimulus")
        left.set_title("true pairs on the diagonal" + (", mean over subjects" if same else ", first subject"))
        figure.colorbar(image, ax=left, label="Pearson r", shrink=0.85)
        pool = len(matrix)
        right.plot([1, pool], [1 / pool, 1], color=VERMILLION, lw=1.6, label="chance")
        right.set(
            xlabel=f"rank of the true stimulus among {pool}",
            ylabel="share of stimuli",
            xlim=(1, pool),
            ylim=(0, 1.01),
        )
        right.legend(loc="lower right")
        row = scores[scores["metric"] == "two_way"].iloc[0]
        right.set_title(
            f"two-way {row['value']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}], chance .5, p = {row['p']:.4f}",
            fontsize=9,
        )
        return figure
