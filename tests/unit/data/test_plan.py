"""Plans: what exists, where it lies, what a job waits for."""

import copy

import pytest
import yaml

from cogmodels.config.defaults import DEFAULT_STUDY
from cogmodels.config.load import load_study
from cogmodels.data.plan import Plan
from cogmodels.errors import ConfigError


@pytest.fixture
def own(tmp_path):
    """A BIDS folder of one's own with two runs, and the plan of a study on it."""
    for name in (
        "task-see_bold.json", "sub-01/func/sub-01_task-see_run-1_bold.nii.gz", "sub-01/func/sub-01_task-see_run-1_bold.json",
        "sub-01/func/sub-01_task-see_run-1_events.tsv", "sub-01/func/sub-01_task-see_run-2_bold.nii.gz",
        "sub-01/beh/sub-01_task-look_recording-eye1_physio.tsv.gz", "sub-01/beh/sub-01_task-look_events.json",
    ):  # fmt: skip
        (tmp_path / "bids" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bids" / name).touch()
    spec = {
        "name": "mine", "title": "x", "modalities": ["fmri"], "licence": {"name": "own", "redistributable": False},
        "source": {"kind": "folder", "path": str(tmp_path / "bids")},
    }  # fmt: skip
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(spec))
    study = copy.deepcopy(DEFAULT_STUDY)
    study["datasets"] = ["mine", "sim-study"]
    study["pipelines"]["trial-mean"]["datasets"] = study["pipelines"]["ivt"]["datasets"] = ["mine", "sim-study"]
    return study, tmp_path


def names(paths):
    return [path.rsplit("/", 1)[-1] for path in paths]


def test_a_job_on_own_data_waits_for_events_and_sidecars(own, root):
    study, folder = own
    plan = Plan(load_study(study), folder, root / "data_specs")
    first, second = plan.recordings("mine", "trial-mean")
    assert names(plan.raw_inputs("mine", [first])) == [
        "sub-01_task-see_run-1_bold.nii.gz", "sub-01_task-see_run-1_bold.json", "sub-01_task-see_run-1_events.tsv",
        "task-see_bold.json",
    ]  # fmt: skip
    assert names(plan.raw_inputs("mine", [second])) == ["sub-01_task-see_run-2_bold.nii.gz", "task-see_bold.json"]
    (eye,) = plan.recordings("mine", "ivt")
    assert "sub-01_task-look_events.json" in names(plan.raw_inputs("mine", [eye]))


def test_a_job_on_made_data_waits_for_the_subjects_scans(own, root):
    study, folder = own
    plan = Plan(load_study(study), folder, root / "data_specs")
    runs = plan.recordings("sim-study", "trial-mean", subject="02")
    assert [run.run for run in runs] == ["01", "02", "03", "04"]
    assert plan.raw_inputs("sim-study", runs) == ["data/sim-study/sub-02/sub-02_scans.tsv"]


def test_own_specs_come_first_and_shipped_ones_are_always_there(own, root):
    study, folder = own
    plan = Plan(load_study(study), folder, root / "data_specs")
    assert plan.spec_folders == {"mine": folder, "sim-study": root / "data_specs"}


def test_excluded_subjects_have_no_jobs(own, root):
    study, folder = own
    study["pipelines"]["trial-mean"]["exclude"] = ["03"]
    plan = Plan(load_study(study), folder, root / "data_specs")
    assert plan.subjects("sim-study", "trial-mean") == ["01", "02", "04"]
    assert plan.subjects("sim-study") == ["01", "02", "03", "04"]


def test_folds_and_seeds_make_run_folders(own, root):
    study, folder = own
    study["experiments"]["sim-fmri"] |= {"folds": ["test"], "seeds": [0, 3]}
    plan = Plan(load_study(study), folder, root / "data_specs")
    assert plan.run_folders("sim-fmri") == [
        "results/default/decoding/sim-study/sim-fmri/fold-test_seed-0", "results/default/decoding/sim-study/sim-fmri/fold-test_seed-3",
    ]  # fmt: skip


SCENES = {
    "name": "rooms", "title": "Rooms", "modalities": ["search"], "licence": {"name": "own", "redistributable": False},
    "source": {"kind": "folder", "path": "mine"},
    "scenes": {
        "all": {"title": "Rooms", "table": "scenes.tsv", "size": [96, 64], "px_per_degree": 10.0},
        "pieces": {
            "kind": "cutouts", "title": "Pieces", "images": "*.png", "target_px": 20, "size": [96, 64], "px_per_degree": 10.0,
        },
    },
}  # fmt: skip


def scenes_plan(tmp_path, root, **changes):
    (tmp_path / "rooms.yaml").write_text(yaml.safe_dump({**SCENES, **changes}))
    experiments = {"look": {"family": "search", "dataset": "rooms"}}
    return Plan(load_study({"study": "s", "datasets": ["rooms"], "experiments": experiments}), tmp_path)


def test_scenes_of_a_folder_without_people(tmp_path, root, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.png").touch()
    plan = scenes_plan(tmp_path, root)
    assert plan.recordings("rooms") == plan.subjects("rooms") == []
    assert plan.displays_of("look") == ["all", "pieces"]
    assert (plan.searches(scenes=True), plan.searches(scenes=False)) == (["look"], [])
    assert plan.searched_scenes == ["rooms"]
    assert plan.scenes_kind("rooms") == "constructed"
    assert plan.scene_inputs("rooms", "all") == ["mine/scenes.tsv"]
    assert plan.scene_inputs("rooms", "pieces") == ["mine/a.png"]
    assert plan.scene_root("rooms") == "mine"


def test_scenes_of_files_that_need_no_converter(tmp_path, root):
    plan = scenes_plan(tmp_path, root, source={"kind": "files", "path": "mine"})
    assert plan.scene_inputs("rooms", "all") == ["data/rooms/sourcedata/source.json"]
    assert plan.scene_root("rooms") == "data/rooms/sourcedata"


def test_scenes_and_modalities_go_together(tmp_path, root):
    for change, expected in (
        ({"modalities": ["gaze"]}, "the modality `search` goes with"),
        ({"scenes": {}}, "the modality `search` goes with"),
        ({"source": {"kind": "displays"}}, "`scenes` need images"),
        ({"scenes": {"all": {**SCENES["scenes"]["all"], "people": True}}}, "need `recordings`"),
        ({"scenes": {"all": {**SCENES["scenes"]["all"], "tabel": "x"}}}, "tabel"),
    ):
        with pytest.raises(ConfigError, match=expected):
            scenes_plan(tmp_path, root, **change)
