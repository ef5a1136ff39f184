"""Small studies that run in seconds."""

import shutil
from pathlib import Path

import yaml

TINY = {
    "name": "tiny",
    "title": "SIMULATED: two subjects, few trials",
    "modalities": ["fmri", "eeg", "gaze"],
    "licence": {"name": "BSD-3-Clause", "redistributable": True},
    "source": {
        "kind": "simulation", "seed": 5, "subjects": 2, "stimuli": 24, "categories": 3, "latent_dimensions": 4,
        "bold": {"voxels": [60, 80], "grid": [10, 10, 8], "runs": 2, "repeats": 1},
        "eeg": {"repeats": 1},
        "gaze": {"trials": 6},
    },
    "subjects": ["01", "02"],
    # EEG and gaze of one subject: their jobs start slowly, and two subjects of one modality are enough to be told apart.
    "recordings": [
        {"modality": "fmri", "task": "viewing", "runs": ["01", "02"]},
        {"modality": "eeg", "task": "viewing", "subjects": ["01"]},
        {"modality": "gaze", "task": "freeview", "recordings": ["eye1"], "subjects": ["01"]},
    ],
}  # fmt: skip
CONFIG = {
    "study": "tiny",
    "datasets": ["tiny"],
    # Most tests of the tiny study ask nothing of W&B, whose start takes seconds.
    "tracking": {"mode": "disabled"},
    "pipelines": {
        "trial-mean": {"datasets": ["tiny"]},
        "epochs": {"datasets": ["tiny"]},
        "ivt": {"datasets": ["tiny"]},
    },
    "experiments": {
        "tiny-fmri": {"extends": "sim-fmri", "dataset": "tiny", "grid": [1.0, 100.0]},
        "tiny-eeg": {"extends": "sim-eeg", "dataset": "tiny", "grid": [1.0, 100.0]},
    },
}
# At the top alone: `cogmodels/data` is code.
SKIPPED = shutil.ignore_patterns(
    ".git", ".venv", ".venv-*", "data", "derivatives", "results", "logs", ".snakemake", "tests", "*_cache"
)
# What another worker may be writing beside the code.
UNFINISHED = shutil.ignore_patterns("*.tmp.*", "*.pyc.*", ".part-*")


def copy_checkout(root: Path, folder: Path) -> Path:
    """The checkout's code, to be edited; what Python and numba compiled of it comes along, valid by its files' times."""
    shutil.copytree(
        root, folder, ignore=lambda place, names: (SKIPPED if place == str(root) else UNFINISHED)(place, names)
    )
    return folder


def write_tiny(folder: Path) -> None:
    """Config `tiny.yaml` and spec of the tiny study."""
    (folder / "data_specs").mkdir(parents=True, exist_ok=True)
    (folder / "data_specs" / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    (folder / "tiny.yaml").write_text(yaml.safe_dump(CONFIG))
