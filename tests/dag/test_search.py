"""Search through the DAG on displays of one's own: what is written, and what an ablation runs again."""

import pandas as pd
import pytest
import yaml

from cogmodels.data.bids import read_json
from cogmodels.data.displays import read_displays
from cogmodels.data.tables import read_fixations

pytestmark = pytest.mark.slow
BAR = {"shape": "bar", "length": 20, "width": 5}
SPEC = {
    "name": "own-displays", "title": "Bars", "modalities": ["search"],
    "licence": {"name": "CC0-1.0", "redistributable": True},
    "source": {
        "kind": "displays", "published": [],
        "own": {
            "bars": {
                "title": "Bars", "display_px": 96, "cell_px": 32, "grid": [3, 3], "item_px": 26, "background": 255,
                "set_sizes": [2, 6], "repeats": 3,
                "conditions": [
                    {"name": "tilted", "target": [{**BAR, "angle": 30.0}], "distractors": [BAR]},
                    {"name": "upright", "target": [BAR], "distractors": [{**BAR, "angle": 30.0}]},
                ],
            }
        },
    },
}  # fmt: skip
STUDY = {
    "study": "own", "datasets": ["own-displays"],
    "experiments": {
        "eccnet": {"dataset": "own-displays", "bootstrap": 200},
        "search-chance": {"dataset": "own-displays", "bootstrap": 200},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def searched(tmp_path_factory, make_workflow):
    workflow = make_workflow(tmp_path_factory.mktemp("search") / "work")
    (workflow.folder / "data_specs").mkdir()
    (workflow.folder / "data_specs" / "own-displays.yaml").write_text(yaml.safe_dump(SPEC))
    (workflow.folder / "own.yaml").write_text(yaml.safe_dump(STUDY))
    workflow("--configfile", "own.yaml", dry=False)
    return workflow


def test_what_a_search_leaves(searched):
    displays = read_displays(searched.folder / "data/own-displays/displays/bars")
    assert displays.images.shape == (12, 96, 96)
    run = searched.folder / "results/own/search/own-displays/eccnet/fold-bars_seed-0"
    fixations = read_fixations(run / "predictions.parquet")
    trials = pd.read_csv(run / "trials.csv")
    assert fixations["trial"].nunique() == len(trials) == 12
    # Each path starts in the middle, and ends where the target was found.
    assert (fixations.groupby("trial")[["x", "y"]].first() == 48).all().all()
    assert (fixations.groupby("trial")["found"].last().to_numpy() == trials["found"].to_numpy()).all()
    last = fixations.groupby("trial")["index"].last().to_numpy()
    found = trials["found"].to_numpy()
    assert (trials["n_fixations"].to_numpy()[found] == last[found]).all()
    assert read_json(run / "manifest.json")["metrics"]["fixations_per_second"] > 0
    assert read_json(run.parent / "wandb.json")["fold-bars_seed-0"]["logged"]


def test_scores_name_chance_and_people(searched):
    scores = pd.read_csv(searched.folder / "results/own/compare/scores.csv")
    assert set(scores["family"]) == {"search"}
    assert set(scores["metric"]) == {
        "slope_ms_per_item", "asymmetry_index", "mean_asymmetry_index", "found_rate", "auc_performance",
    }  # fmt: skip
    # Nobody has measured people on these displays.
    assert scores.loc[scores["metric"] == "slope_ms_per_item", "ceiling"].isna().all()
    assert scores.loc[scores["metric"] == "found_rate", "value"].eq(1).all()
    page = (searched.folder / "results/own/report/index.html").read_text()
    assert "Visual search" in page


def test_an_ablation_of_three_lines_runs_itself_alone(searched):
    assert searched("--configfile", "own.yaml").nothing
    ablation = {"experiments": {"no-middle": {"extends": "eccnet", "layers": {"middle": {"switch": 0}}}}}
    (searched.folder / "ablation.yaml").write_text(yaml.safe_dump(ablation))
    run = searched("--configfile", "own.yaml", "ablation.yaml")
    assert run.counts == {
        "all": 1, "run_search": 1, "score_search": 1, "plot_search": 1, "track_experiment": 1,
        "compare_searches": 1, "rank_experiments": 1, "compare_experiments": 1, "track_comparison": 1, "make_report": 1,
    }  # fmt: skip


def test_wrong_search_configs_are_named(searched):
    for change, expected in (
        ({"displays": ["stars"]}, "has no displays stars"),
        ({"layers": {"low": {"switch": 0}, "middle": {"switch": 0}, "high": {"switch": 0}}}, "switched off"),
        ({"model": "eccnet"}, "model"),
    ):
        (searched.folder / "wrong.yaml").write_text(yaml.safe_dump({"experiments": {"eccnet": change}}))
        run = searched("--configfile", "own.yaml", "wrong.yaml", check=False)
        assert run.code != 0
        assert expected in run.text
        assert "Traceback" not in run.text
