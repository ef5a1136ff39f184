"""What all subjects of a simulated study share: stimuli, split, latent vectors, points of interest.

A simulated study is a BIDS folder with its truth inside::

    dataset_description.json, README.md, participants.tsv, task-viewing_events.json
    stimuli/stimuli.tsv                     stimulus_id, category, split: what an experimenter would know
    sourcedata/truth/truth.json             seed, subjects
    sourcedata/truth/stimuli.tsv            stimulus, category, split, latent_00 ...
    sourcedata/truth/hotspots.tsv           stimulus, x, y (degrees), weight: points of interest
    sourcedata/truth/sub-<label>/           truth of one subject, see `cogmodels.simulate.study`

Nothing under ``sourcedata`` may be read by preprocessing or by a model, except the latent vectors as a
target.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import read_json, read_tsv, write_description, write_json, write_tsv
from cogmodels.errors import DataError
from cogmodels.files import whole
from cogmodels.simulate.gaze import draw_hotspots

TRUTH_FOLDER = Path("sourcedata") / "truth"
NOTE = "SIMULATED by cogmodels.simulate; no person was measured"
SHARED_STREAM = 0
HOTSPOTS = 5
CATEGORY_SHARE = 0.5
DECIMALS = 6
EVENT_COLUMNS = {
    "trial_type": {"Description": "Category of the stimulus"},
    "stimulus_id": {"Description": "Stimulus shown, as in stimuli/stimuli.tsv"},
    "trial": {"Description": "Number of the trial within the run, from 1"},
    "split": {
        "Description": "Part of the study that the stimulus belongs to",
        "Levels": {"train": "models may be fitted on it", "test": "held out"},
    },
}


@dataclass(frozen=True)
class Truth:
    """What the subjects share.

    ``stimuli``: columns stimulus, category, split, one row a stimulus; the first n rows are balanced over
    categories and split for every n that is a multiple of twice the number of categories. ``latent``
    (stimuli, dimensions): mean 0 and variance 1 over stimuli. ``hotspots`` (stimuli, points, 3): x, y in
    degrees, weight. ``subjects``: labels. ``images``: stimuli are images, and latent vectors of their features
    (`image_truth`): variances differ over dimensions, and only train and test are balanced as asked for.
    """

    stimuli: pd.DataFrame
    latent: np.ndarray
    hotspots: np.ndarray
    seed: int
    subjects: list[str]
    images: bool = False

    def number(self, subject: str) -> int:
        """Position of a subject, which numbers its random streams."""
        if subject not in self.subjects:
            raise DataError(
                f"there is no simulated subject `{subject}`",
                where="simulation",
                remedy=f"Choose one of {', '.join(self.subjects)}, or raise `subjects`",
            )
        return self.subjects.index(subject)


def simulate_truth(*, seed: int, subjects: int, stimuli: int, categories: int, latent_dimensions: int) -> Truth:
    """Draw stimuli, split and latent vectors.

    Half of a latent vector's variance lies between categories, half within. Within each category stimuli go
    to ``train`` and ``test`` in turn.

    Parameters
    ----------
    seed : int
        Of the whole study, 0 or more.
    subjects, stimuli, categories, latent_dimensions : int
        How many of each.

    Returns
    -------
    Truth

    Raises
    ------
    DataError
        Too few of something.
    """
    if min(subjects, categories, latent_dimensions) < 1 or seed < 0:
        raise DataError(
            f"seed {seed}, {subjects} subjects, {categories} categories, {latent_dimensions} dimensions make no study",
            where="simulation",
            remedy="Give at least one of each and a seed of 0 or more",
        )
    if stimuli < 2 * categories:
        raise DataError(
            f"{stimuli} stimuli cannot put a train and a test stimulus into each of {categories} categories",
            where="simulation",
            remedy=f"Simulate at least {2 * categories} stimuli",
        )
    rng = np.random.default_rng([seed, SHARED_STREAM])
    index = np.arange(stimuli)
    category = index % categories
    split = np.where((index // categories + category) % 2 == 0, "train", "test")
    means = rng.standard_normal((categories, latent_dimensions))
    within = rng.standard_normal((stimuli, latent_dimensions))
    latent = np.sqrt(CATEGORY_SHARE) * means[category] + np.sqrt(1 - CATEGORY_SHARE) * within
    latent = (latent - latent.mean(axis=0)) / latent.std(axis=0)
    width, places = max(3, len(str(stimuli))), max(2, len(str(categories)))
    table = pd.DataFrame(
        {
            "stimulus": [f"stim{i + 1:0{width}d}" for i in index],
            "category": [f"category{c + 1:0{places}d}" for c in category],
            "split": split,
        }
    )
    labels = [f"{i + 1:0{max(2, len(str(subjects)))}d}" for i in range(subjects)]
    # Rounded, so that the text on disk holds the very numbers that subjects are simulated from.
    hotspots = draw_hotspots(stimuli, HOTSPOTS, rng).round(DECIMALS)
    return Truth(table, latent.round(DECIMALS), hotspots, seed, labels)


def write_truth(root: Path, truth: Truth, title: str) -> Path:
    """Write everything of a simulated study that belongs to no subject; `dataset_description.json` last.

    Parameters
    ----------
    root : path
        BIDS folder.
    truth : Truth
    title : str
        Name of the data set; "(SIMULATED)" is added where the word is missing.

    Returns
    -------
    folder : Path
        ``<root>/sourcedata/truth``.
    """
    folder = Path(root) / TRUTH_FOLDER
    latent = pd.DataFrame(truth.latent, columns=[f"latent_{d:02d}" for d in range(truth.latent.shape[1])])
    shown = {"images": True} if truth.images else {}
    write_json(folder / "truth.json", {"simulated": True, "seed": truth.seed, "subjects": truth.subjects, **shown})
    write_tsv(folder / "stimuli.tsv", pd.concat([truth.stimuli, latent], axis=1))
    points = truth.hotspots.shape[1]
    hotspots = pd.DataFrame(truth.hotspots.reshape(-1, 3), columns=["x", "y", "weight"])
    hotspots.insert(0, "stimulus", np.repeat(truth.stimuli["stimulus"].to_numpy(), points))
    write_tsv(folder / "hotspots.tsv", hotspots)
    shown = truth.stimuli.rename(columns={"stimulus": "stimulus_id"})
    write_tsv(Path(root) / "stimuli" / "stimuli.tsv", shown)
    write_json(
        Path(root) / "stimuli" / "stimuli.json",
        {
            "stimulus_id": {
                "Description": "Image, in the folder stimuli"
                if truth.images
                else "Name of the (SIMULATED) stimulus; there is no image"
            },
            "category": {"Description": "Category of the stimulus"},
            "split": EVENT_COLUMNS["split"],
        },
    )
    write_json(Path(root) / "task-viewing_events.json", EVENT_COLUMNS)
    name = title if "SIMULATED" in title else f"{title} (SIMULATED)"
    write_description(
        Path(root),
        name=name,
        authors=("cogmodels.simulate (no person was measured)",),
        license="CC0",
        participants=pd.DataFrame({"participant_id": [f"sub-{label}" for label in truth.subjects]}),
        readme=_readme(name, truth),
    )
    return folder


def read_truth(root: Path) -> Truth:
    """Read what `write_truth` wrote.

    Raises
    ------
    DataError
        The folder holds no simulated study.
    """
    folder = Path(root) / TRUTH_FOLDER
    if not (folder / "truth.json").exists():
        raise DataError(
            "there is no truth of a simulated study",
            where=folder,
            remedy="Simulate the study first; measured data sets have no truth",
        )
    record, table = read_json(folder / "truth.json"), read_tsv(folder / "stimuli.tsv")
    latent = table.filter(regex=r"^latent_\d+$").to_numpy(float)
    hotspots = read_tsv(folder / "hotspots.tsv")[["x", "y", "weight"]].to_numpy(float)
    return Truth(
        stimuli=table[["stimulus", "category", "split"]],
        latent=latent.round(DECIMALS),
        hotspots=hotspots.reshape(len(table), -1, 3).round(DECIMALS),
        seed=int(record["seed"]),
        subjects=[str(label) for label in record["subjects"]],
        images=bool(record.get("images", False)),
    )


def write_array(path: Path, values: np.ndarray) -> None:
    """``.npy`` file: the same values give the same bytes, which ``.npz`` does not promise."""
    with whole(path) as temporary:
        np.save(temporary, values)


def _readme(name: str, truth: Truth) -> str:
    categories, dimensions = truth.stimuli["category"].nunique(), truth.latent.shape[1]
    return f"""# {name}

**SIMULATED data: no person was measured.** Drawn by `cogmodels.simulate` with seed {truth.seed}:
{len(truth.subjects)} subjects and {len(truth.stimuli)} stimuli in {categories} categories, each with a
latent vector of {dimensions} dimensions that the subjects' brain responses follow. `sourcedata/truth/` holds
what a real study would never know: latent vectors, mixing matrices, noise-free responses, head motion, and
every gaze event. Scores on these data show that the code works; they say nothing about brains or people.
"""
