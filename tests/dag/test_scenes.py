"""Search in scenes through the DAG, on a folder of one's own: tables, people, features, what a change runs again."""

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from cogmodels.data.bids import read_json, write_tsv
from cogmodels.data.displays import read_displays
from cogmodels.data.tables import read_features, read_fixations

pytestmark = pytest.mark.slow
SPEC = {
    "name": "rooms", "title": "Rooms", "modalities": ["scanpath", "search"],
    "licence": {"name": "own data", "redistributable": False},
    "source": {"kind": "folder", "path": "mine"},
    "subjects": ["01", "02"], "recordings": [{"modality": "scanpath", "task": "search"}],
    "scenes": {
        "all": {
            "title": "Rooms", "table": "stimuli/scenes.tsv", "size": [96, 64], "px_per_degree": 10.0,
            "most_fixations": 9, "people": True,
        },
        "pieces": {
            "kind": "cutouts", "title": "Pieces (CONSTRUCTED)", "images": "stimuli/room-*.png", "target_px": 24,
            "from_centre_deg": 1.0, "size": [96, 64], "px_per_degree": 10.0, "most_fixations": 9, "limit": 2,
            "note": "The task is CONSTRUCTED.",
        },
    },
}  # fmt: skip
STUDY = {
    "study": "own", "datasets": ["rooms"], "tracking": {"mode": "disabled"},
    "features": {"early": {"dataset": "rooms", "images": "stimuli/room-*.png", "layers": ["block1"], "size": [64, 64]}},
    "text_features": {"said": {"dataset": "rooms", "table": "stimuli/captions.tsv", "stimulus": "image"}},
    "experiments": {
        "match": {"family": "search", "dataset": "rooms", "model": "pixel_match", "bootstrap": 200},
        "network": {
            "family": "search", "dataset": "rooms", "bootstrap": 200, "displays": ["all"], "weighted": False,
            "layers": {
                "low": {"target": "block3_expand", "search": "block3_expand"}, "middle": {"switch": 0,
                "target": "block3_expand", "search": "block3_expand"}, "high": {"switch": 0,
                "target": "block3_expand", "search": "block3_expand"},
            },
        },
    },
}  # fmt: skip

CAPTIONS = "image\tcaption\nroom-1.png\ta room with a noisy patch\nroom-0.png\ta room\nroom-0.png\ta red car\n"


def write_rooms(folder):
    """Five pictures of two sizes, a target in each but the last, and two people who look there on their third look."""
    rng = np.random.default_rng(4)
    (folder / "stimuli").mkdir(parents=True)
    (folder / "stimuli" / "captions.tsv").write_text(CAPTIONS)
    rows, people = [], {"01": [], "02": []}
    for k in range(5):
        height, width = (128, 192) if k % 2 else (120, 160)
        image = rng.integers(90, 140, (height, width, 3)).astype(np.uint8)
        row = {
            "image": f"room-{k}.png",
            "left": "n/a",
            "top": "n/a",
            "right": "n/a",
            "bottom": "n/a",
            "target": f"t{k}",
        }
        if k < 4:
            left, top, side = int(rng.integers(5, 20)), int(rng.integers(5, 60)), (24, 32)[k % 2]
            image[top : top + side, left : left + side] = rng.integers(0, 255, (side, side, 3))
            row |= {"left": left, "top": top, "right": left + side, "bottom": top + side}
            Image.fromarray(image[top : top + side, left : left + side]).save(folder / "stimuli" / f"t{k}.png")
        row["template"] = f"t{min(k, 3)}.png"
        rows.append(row)
        Image.fromarray(image).save(folder / "stimuli" / f"room-{k}.png")
        for subject, path in people.items():
            end = (left + 10, top + 10) if k < 4 else (20, 20)
            places = [(width / 2, height / 2), (width - 20, 30 + 10 * int(subject)), end]
            path += [
                {"trial": k, "stimulus": f"room-{k}.png", "index": i, "onset": "n/a", "duration": "n/a", "x": x, "y": y,
                 "target": f"t{k}", "found": i == 2 and k < 4}
                for i, (x, y) in enumerate(places)
            ]  # fmt: skip
    write_tsv(folder / "stimuli" / "scenes.tsv", pd.DataFrame(rows))
    for subject, path in people.items():
        write_tsv(folder / f"sub-{subject}" / "beh" / f"sub-{subject}_task-search_beh.tsv", pd.DataFrame(path))


@pytest.fixture(scope="module")
def searched(tmp_path_factory, make_workflow):
    workflow = make_workflow(tmp_path_factory.mktemp("scenes") / "work")
    write_rooms(workflow.folder / "mine")
    (workflow.folder / "data_specs").mkdir()
    (workflow.folder / "data_specs" / "rooms.yaml").write_text(yaml.safe_dump(SPEC))
    (workflow.folder / "own.yaml").write_text(yaml.safe_dump(STUDY))
    workflow("--configfile", "own.yaml", dry=False, timeout=1800)
    return workflow


def test_what_a_search_in_scenes_leaves(searched):
    displays = read_displays(searched.folder / "data/rooms/displays/all")
    assert displays.images.shape == (5, 64, 96, 3)
    assert not (searched.folder / "mine/displays").exists()
    run = searched.folder / "results/own/search/rooms/match/fold-all_seed-0"
    fixations, trials = read_fixations(run / "predictions.parquet"), pd.read_csv(run / "trials.csv")
    assert trials["found"].tolist() == [True] * 4 + [False]
    assert fixations["stimulus"].unique().tolist() == [f"room-{k}.png" for k in range(5)]
    # In px of the pictures as they are: the last fixation lies at the target, by the window.
    scenes = displays.trials.set_index("trial")
    window = displays.about["window_px"] / scenes["factor"].iloc[0]
    last = fixations.groupby("trial").last().loc[range(4)]
    for side, axis, sign in (("left", "x", 1), ("top", "y", 1), ("right", "x", -1), ("bottom", "y", -1)):
        assert (sign * (last[axis] - scenes[f"own_{side}"][:4]) > -window).all()
    assert read_json(run / "manifest.json")["config"]["inhibition"] is None


def test_scores_stand_beside_people_and_chance(searched):
    scores = pd.read_csv(searched.folder / "results/own/compare/scores.csv")
    mine = scores[(scores["experiment"] == "match") & (scores["protocol"] == "all")].set_index("metric")
    assert mine.loc["found_rate", ["value", "ceiling"]].tolist() == [1, 1]
    assert mine.loc["fixations_to_find", "ceiling"] == 2
    assert mine.loc["fixations_to_find", "value"] < mine.loc["fixations_to_find", "chance"]
    assert {"auc_performance", "multimatch_position", "scanmatch", "sequence_score"} <= set(mine.index)
    made_up = scores[(scores["experiment"] == "match") & (scores["protocol"] == "pieces")]
    assert set(made_up["metric"]) == {"found_rate", "fixations_to_find", "auc_performance"}
    assert made_up["ceiling"].isna().all()
    page = (searched.folder / "results/own/report/index.html").read_text()
    assert "scenes constructed" in page
    assert "The task is CONSTRUCTED." in page
    assert "durations not published" not in page  # the gaze section is for gaze


def test_features_of_the_pictures(searched):
    features = read_features(searched.folder / "derivatives/rooms/features/early.parquet")
    assert features.stimuli == [f"room-{k}.png" for k in range(5)]
    assert features.values.shape[0] == 5
    assert np.isfinite(features.values).all()
    assert len(list((searched.folder / "derivatives/rooms/features/cache").rglob("*.npy"))) == 5


def test_captions_of_the_pictures(searched):
    features = read_features(searched.folder / "derivatives/rooms/features/said.parquet")
    assert features.stimuli == ["room-0.png", "room-1.png"]
    assert features.values.shape == (2, 384)
    # A mean of two unit vectors that are not the same is shorter.
    lengths = np.linalg.norm(features.values, axis=1)
    assert lengths[0] < 0.95
    assert abs(lengths[1] - 1) < 1e-5


def test_a_change_runs_what_depends_on_it(searched):
    assert searched("--configfile", "own.yaml").nothing
    ablation = {"experiments": {"slow": {"extends": "match", "window_px": 8}}}
    (searched.folder / "ablation.yaml").write_text(yaml.safe_dump(ablation))
    run = searched("--configfile", "own.yaml", "ablation.yaml")
    assert run.counts == {
        "all": 1, "run_search": 2, "score_scenes": 1, "plot_scenes": 1, "plot_performance": 1, "track_experiment": 1,
        "rank_experiments": 1, "compare_experiments": 1, "track_comparison": 1, "make_report": 1,
    }  # fmt: skip


def test_wrong_specs_are_named(searched):
    for change, expected in (
        ({"modalities": ["scanpath"]}, "the modality `search` goes with"),
        ({"recordings": [], "subjects": None}, "scenes with `people` need `recordings`"),
    ):
        (searched.folder / "data_specs" / "rooms.yaml").write_text(yaml.safe_dump({**SPEC, **change}))
        run = searched("--configfile", "own.yaml", check=False)
        assert run.code != 0
        assert expected in run.text
        assert "Traceback" not in run.text
    (searched.folder / "data_specs" / "rooms.yaml").write_text(yaml.safe_dump(SPEC))
