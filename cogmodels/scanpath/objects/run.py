"""One run of a model of objects: fitted on the training part, chosen by the validation part, tried on the test part."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.scanpath.objects.layouts import Layouts
from cogmodels.scanpath.objects.model import ObjectModel
from cogmodels.scanpath.objects.registry import make_model
from cogmodels.scanpath.objects.sequences import Sequences, sequence_table, sequences_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ObjectRun:
    """What a run leaves: ``sequences`` (drawn, ``subject`` sample-n, and the likeliest, greedy-001), ``steps``
    (:func:`score_steps`), ``choices`` (what was chosen, or a row an epoch), ``weights``, ``metrics`` (means over test
    steps) and ``speed`` (which no two runs share)."""

    sequences: pd.DataFrame
    steps: pd.DataFrame
    choices: pd.DataFrame
    weights: dict[str, np.ndarray]
    metrics: dict[str, float]
    speed: dict[str, float]

    def fixations(self) -> pd.DataFrame:
        """The sequences as a Fixations table: each fixation in the middle of its object, without durations."""
        return self.sequences.assign(onset=np.nan, duration=np.nan, target=None, found=None)


def run_objects(
    config: Mapping[str, Any],
    layouts: Layouts,
    sequences: pd.DataFrame,
    split: pd.DataFrame,
    *,
    folder: Path | None = None,
) -> ObjectRun:
    """Fit a model, draw sequences for each test scene, and judge people's on them.

    Parameters
    ----------
    config : mapping
        As ``ObjectExperiment.config`` has it, with ``seed``.
    layouts : Layouts
    sequences, split : DataFrame
        As :func:`cogmodels.scanpath.objects.sequences.prepare_objects` gives them.
    folder : path, optional
        Of checkpoints.
    """
    parts, seed = sequences_of(sequences, split, layouts), config["seed"]
    model, started = make_model(config), time.perf_counter()
    choices = model.fit(layouts, parts["train"], parts["validation"], seed=seed, folder=folder)
    fitted = time.perf_counter() - started
    logger.info("fitted in %.1f s", fitted)
    test = parts["test"]
    drawn = draw_sequences(model, layouts, np.unique(test.scene), config["samples"], seed)
    steps = score_steps(model, layouts, test)
    metrics = {
        "next_object_probability": float(steps["probability"].mean()),
        "log_likelihood_bits": float(steps["log_likelihood_bits"].mean()),
        "mean_length": float(drawn[drawn["subject"] != "greedy-001"].groupby(["subject", "stimulus"]).size().mean()),
    }
    return ObjectRun(drawn, steps, choices, model.weights(), metrics, {"fit_seconds": round(fitted, 1)})


def draw_sequences(model: ObjectModel, layouts: Layouts, scenes: np.ndarray, n: int, seed: int) -> pd.DataFrame:
    """``n`` sequences of each scene, and the likeliest where a model has it; they depend on seed and name alone."""
    drawn, likeliest = {}, {}
    for scene in scenes:
        name = layouts.names[scene]
        drawn[name] = model.sample(layouts, int(scene), n, np.random.default_rng([seed, 79, *name.encode()]))
        best = model.greedy(layouts, int(scene))
        likeliest |= {} if best is None else {name: [best]}
    tables = [sequence_table(drawn, layouts, "sample")]
    tables += [sequence_table(likeliest, layouts, "greedy")] if likeliest else []
    return pd.concat(tables, ignore_index=True)


def score_steps(model: ObjectModel, layouts: Layouts, paths: Sequences) -> pd.DataFrame:
    """What a model says of each step of people's sequences, their ends included.

    Returns
    -------
    DataFrame
        ``stimulus, subject, index, probability`` (of the object that was next; NaN of ends), ``log_likelihood_bits``
        (log2 of the probability of what happened, object or end, less that of an even choice).
    """
    log, lengths = model.log_next(layouts, paths), paths.lengths
    rows, steps = np.nonzero(np.arange(log.shape[1]) <= lengths[:, None])
    ends = steps == lengths[rows]
    objects = np.pad(paths.objects, ((0, 0), (0, 1)))[rows, steps]
    found = log[rows, steps, np.where(ends, log.shape[2] - 1, objects)]
    choices = layouts.there.sum(1)[paths.scene[rows]] + (steps > 0)
    return pd.DataFrame(
        {
            "stimulus": np.array(layouts.names, dtype=object)[paths.scene[rows]],
            "subject": np.array(paths.people, dtype=object)[paths.person[rows]], "index": steps,
            "probability": np.where(ends, np.nan, np.exp(found)),
            "log_likelihood_bits": found / np.log(2) + np.log2(choices),
        }
    )  # fmt: skip
