"""Scanpath models of searches through the DAG, on a folder of one's own: targets, boxes, segments, a shipped split."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from cogmodels.data.bids import write_tsv
from cogmodels.data.tables import read_fixations

pytestmark = pytest.mark.slow
SIZE = (160, 120)
SPEC = {
    "name": "kitchens", "title": "SIMULATED searches", "modalities": ["scanpath"],
    "licence": {"name": "own data", "redistributable": False}, "source": {"kind": "folder", "path": "mine"},
    "subjects": ["01", "02"], "recordings": [{"modality": "scanpath", "task": "search"}],
    "images": {"width_px": 160, "height_px": 120, "pixels_per_degree": 10.0},
}  # fmt: skip
NET = {"width": 16, "heads": 2, "waves": 8, "target": "refuse"}
STUDY = {
    "study": "own", "datasets": ["kitchens"], "human_consistency": False,
    "features": {"fine": {"dataset": "kitchens", "images": "stimuli/*.png", "layers": ["block3"], "grid": [6, 8], "size": [64, 48]}},
    "scanpath_sets": {
        "searches": {
            "dataset": "kitchens", "images": "stimuli/*.png", "by": "shipped", "validation": 2,
            "scenes": "stimuli/scenes.tsv", "segments": "segments",
        }
    },
    "experiments": {
        "net": {
            "family": "scanpath", "dataset": "kitchens", "fixations": "searches", "model": "transformer", "samples": 3,
            "typical_of": 4,
            "features": ["fine"], "transformer": NET, "recipe": {"epochs": 2, "accelerator": "cpu", "schedule": "cosine"}, "bootstrap": 100,
        },
        "centre": {
            "family": "scanpath", "dataset": "kitchens", "fixations": "searches", "model": "centre_bias", "samples": 3,
            "typical_of": 4, "bootstrap": 100,
        },
    },
}  # fmt: skip


def write_kitchens(folder):
    """Ten pictures, a cup at the left and a fork at the right; two people look there after the middle."""
    rng, scenes = np.random.default_rng(4), []
    people = {"01": [], "02": []}
    (folder / "stimuli").mkdir(parents=True)
    (folder / "segments").mkdir()
    segments = np.ones(SIZE[::-1], np.uint8)
    segments[:, 80:] = 2
    for k in range(10):
        name = f"k{k}.png"
        Image.fromarray(rng.integers(0, 255, (*SIZE[::-1], 3), np.uint8)).save(folder / "stimuli" / name)
        Image.fromarray(segments).save(folder / "segments" / f"{name}.png")
        for number, (target, left) in enumerate((("cup", 20), ("fork", 120))):
            box = {"left": left, "top": 40, "right": left + 20, "bottom": 80}
            scenes.append({"image": name, "target": target, **box, "split": "train" if k < 7 else "valid"})
            for rows in people.values():
                places = [(79.5, 59.5), *rng.uniform((10, 20), (150, 100), (k % 2, 2)), (left + 10, 60)]
                for index, (x, y) in enumerate(places):
                    rows.append(
                        (
                            2 * k + number,
                            name,
                            index,
                            "n/a",
                            0.1 + rng.random() / 4,
                            x,
                            y,
                            target,
                            index == len(places) - 1,
                        )
                    )
    write_tsv(folder / "stimuli" / "scenes.tsv", pd.DataFrame(scenes))
    names = ["trial", "stimulus", "index", "onset", "duration", "x", "y", "target", "found"]
    for subject, rows in people.items():
        path = folder / f"sub-{subject}" / "beh" / f"sub-{subject}_task-search_beh.tsv"
        path.parent.mkdir(parents=True)
        write_tsv(path, pd.DataFrame(rows, columns=names))
    (folder / "dataset_description.json").write_text(json.dumps({"Name": "kitchens", "BIDSVersion": "1.11.1"}))


def test_searches_are_learnt_told_their_target_and_scored(workflow):
    write_kitchens(workflow.folder / "mine")
    (workflow.folder / "data_specs").mkdir()
    (workflow.folder / "data_specs" / "kitchens.yaml").write_text(yaml.safe_dump(SPEC))
    (workflow.folder / "own.yaml").write_text(yaml.safe_dump(STUDY))
    place = workflow.folder / "results" / "own" / "scanpath" / "kitchens"
    files = ["net/scores.csv", "net/next-fixations.png", "net/scanpaths.png", "steps.png"]
    wanted = [str((place / name).relative_to(workflow.folder)) for name in files]
    workflow("--configfile", "own.yaml", "--", *wanted, dry=False)
    scores = pd.read_csv(place / "net" / "scores.csv").set_index("metric")
    # The ratio is of those that find the target, which a network of two epochs need not do.
    assert {"semantic_sequence_score", "tfp_auc"} <= set(scores.index)
    # Three test images with two targets each.
    assert scores.loc["tfp_auc", "n"] == 6
    # People find it at the first or second look.
    assert 5 < scores.loc["tfp_auc", "ceiling"] <= 6
    search = pd.read_csv(place / "net" / "search.csv")
    assert set(search["who"]) == {"model", "people", "mismatch"}
    intervals = pd.read_csv(place / "net" / "intervals.csv")
    assert set(intervals["unit"]) == {"image", "person", "person x image"}
    table = read_fixations(place / "net" / "fold-all_seed-0" / "predictions.parquet")
    assert table.groupby(["stimulus", "target"])["subject"].nunique().tolist() == [3] * 6
    assert pd.read_csv(place / "centre" / "search.csv")["who"].nunique() == 3
    for name in files[1:]:
        assert (place / name).stat().st_size > 10_000
