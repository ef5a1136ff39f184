"""A small SIMULATED folder of fMRIPrep's derivatives beside a BIDS folder, through the DAG to responses and a score:
volumes, surfaces and grayordinates by the same door. Raw runs with interleaved slices, through their step."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml

from cogmodels.data.bids import bids_path, read_json, write_json, write_tsv
from cogmodels.data.bold import read_bold, read_mask, write_bold
from cogmodels.data.tables import read_responses
from tests.dag.test_faults import paragraphs

pytestmark = pytest.mark.slow
SHAPE, VOLUMES, TR, SUBJECTS, RUNS = (6, 6, 4), 60, 2.0, ("01",), ("1", "2", "3")
ONSETS = 8 + 18.0 * np.arange(6)
# Voxels that answer to one of two categories; a corner that the mask holds and nothing was measured in.
MASK = np.zeros(SHAPE, bool)
MASK[1:5, 1:5, :] = True
CATEGORY = {"face": np.zeros(SHAPE, bool), "house": np.zeros(SHAPE, bool)}
CATEGORY["face"][1:3, 1:5, 1:3] = CATEGORY["house"][3:5, 1:5, 1:3] = True
EMPTY = (1, 1, 0)
MINE = {
    "name": "mine", "title": "My study (SIMULATED)", "modalities": ["fmri"],
    "licence": {"name": "own data", "redistributable": False}, "source": {"kind": "folder", "path": "bids"},
    "fmriprep": "prepared",
}  # fmt: skip
PIPELINE = {
    "modality": "fmri", "datasets": ["mine"], "source": "fmriprep", "high_pass_s": 128.0, "motion_regressors": 6,
    "confounds": ["tissue"],
}  # fmt: skip
STUDY = {
    "study": "own", "datasets": ["mine"],
    "pipelines": {
        "volumes": {**PIPELINE, "space": "MNI152NLin2009cAsym", "figures": True},
        "surfaces": {**PIPELINE, "space": "fsaverage5"},
        "dense": {**PIPELINE, "space": "fsLR", "responses": "lss"},
    },
    "experiments": {"categories": {
        "family": "decoding", "dataset": "mine", "pipeline": "volumes", "protocol": "leave_one_run_out",
        "permutations": 100, "bootstrap": 100,
    }},
}  # fmt: skip


def design(run):
    """Category of each block of a run, and volumes in which one is answered to (5 to 15 s after its start)."""
    names = np.array(["face", "house"] * 3)[np.random.default_rng(int(run)).permutation(6)]
    time = TR * np.arange(VOLUMES)[:, None] - ONSETS
    return names, (time >= 5) & (time < 15)


def series(subject, run):
    """(6, 6, 4, 60): a mean, noise, 2 % for the category of a block, 5 % of a confound, a first volume not steady."""
    rng = np.random.default_rng(100 * int(subject) + int(run))
    names, answered = design(run)
    data = 1000 + 3 * rng.standard_normal((*SHAPE, VOLUMES))
    for name, voxels in CATEGORY.items():
        data[voxels] += 20 * answered[:, names == name].any(axis=1)
    fluid = rng.standard_normal(VOLUMES)
    data += 50 * fluid
    data[..., 0] += 3000
    data[EMPTY] = 0
    data[~MASK] = 5
    return data.astype(np.float32), fluid


def write_confounds(path, fluid, old):
    """As fMRIPrep writes them, under names of today or of 1.0: gaps in the first row, a volume that is not steady."""
    rng = np.random.default_rng(len(fluid))
    names = ["X", "Y", "Z", "RotX", "RotY", "RotZ"] if old else [f"{k}_{a}" for k in ("trans", "rot") for a in "xyz"]
    table = pd.DataFrame({name: np.cumsum(rng.normal(0, 1e-3, VOLUMES)) for name in names})
    table["CSF" if old else "csf"] = fluid
    table["WhiteMatter" if old else "white_matter"] = rng.standard_normal(VOLUMES)
    table["FramewiseDisplacement" if old else "framewise_displacement"] = [np.nan, *np.full(VOLUMES - 1, 0.1)]
    table["non_steady_state_outlier00"] = (np.arange(VOLUMES) == 0).astype(float)
    write_tsv(path, table)


def write_surfaces(func, stem, data):
    """The same voxels as left and right surfaces, one place without values, and as grayordinates."""
    places = data[MASK].T
    half = places.shape[1] // 2
    for side, part in (("L", places[:, :half].copy()), ("R", places[:, half:].copy())):
        part[:, 3] = np.nan
        meta = nib.gifti.GiftiMetaData({"AnatomicalStructurePrimary": {"L": "CortexLeft", "R": "CortexRight"}[side]})
        arrays = [nib.gifti.GiftiDataArray(row, meta={"TimeStep": f"{1000 * TR:g}"}) for row in part]
        path = func / f"{stem}_hemi-{side}_space-fsaverage5_bold.func.gii"
        nib.save(nib.gifti.GiftiImage(meta=meta, darrays=arrays), path)
    models = [
        nib.cifti2.BrainModelAxis.from_mask(np.ones(count, bool), name=f"CIFTI_STRUCTURE_CORTEX_{side}")
        for count, side in ((half, "LEFT"), (places.shape[1] - half, "RIGHT"))
    ]
    axes = (nib.cifti2.SeriesAxis(0, TR, VOLUMES, "SECOND"), models[0] + models[1])
    nib.save(nib.Cifti2Image(places, axes), func / f"{stem}_space-fsLR_den-91k_bold.dtseries.nii")


def write_derivatives(root):
    """BIDS folder (raw images are not read: text) and derivatives."""
    for subject in SUBJECTS:
        for run in RUNS:
            names = {"subject": subject, "task": "see", "run": run}
            raw = bids_path(root / "bids", "func", suffix="bold", extension=".nii.gz", **names)
            raw.parent.mkdir(parents=True, exist_ok=True)
            raw.write_text("not read")
            events = pd.DataFrame({"onset": ONSETS, "duration": 10.0, "trial_type": design(run)[0]})
            write_tsv(bids_path(root / "bids", "func", suffix="events", extension=".tsv", **names), events)
            func = root / "prepared" / f"sub-{subject}" / "func"
            func.mkdir(parents=True, exist_ok=True)
            stem = f"sub-{subject}_task-see_run-{run}"
            data, fluid = series(subject, run)
            for space in ("MNI152NLin2009cAsym_res-2", "T1w"):
                base = f"{stem}_space-{space}_desc"
                write_bold(func / f"{base}-preproc_bold.nii.gz", data, np.diag([3.0, 3.0, 3.0, 1.0]), TR)
                nib.save(nib.Nifti1Image(MASK.astype(np.uint8), np.eye(4)), func / f"{base}-brain_mask.nii.gz")
            write_surfaces(func, stem, data)
            old = run == "3"
            kind = "regressors" if old else "timeseries"
            write_confounds(func / f"{stem}_desc-confounds_{kind}.tsv", fluid, old)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, make_workflow):
    workflow = make_workflow(tmp_path_factory.mktemp("prepared") / "work")
    write_derivatives(workflow.folder)
    (workflow.folder / "data_specs").mkdir()
    (workflow.folder / "data_specs" / "mine.yaml").write_text(yaml.safe_dump(MINE))
    (workflow.folder / "own.yaml").write_text(yaml.safe_dump(STUDY))
    made = [f"{place}/sub-01_responses.parquet" for place in ("surfaces/sub-01", "dense/sub-01")]
    made += ["sub-01_bold.png", "quality"]
    made = [name if "/" in name else f"volumes/sub-01/figures/{name}" for name in made]
    targets = ["results/own/decoding/mine/categories/scores.csv", *(f"derivatives/mine/{name}" for name in made)]
    workflow("--configfile", "own.yaml", "--", *targets, dry=False)
    return workflow.folder


def responses_of(folder, pipeline):
    return read_responses(folder / f"derivatives/mine/{pipeline}/sub-01/sub-01_responses.parquet")


def test_categories_are_told_apart_from_prepared_volumes(prepared):
    scores = pd.read_csv(prepared / "results/own/decoding/mine/categories/scores.csv")
    (score,) = scores[scores["metric"] == "accuracy"].to_dict("records")
    assert score["value"] > 0.9
    assert score["chance"] == 0.5
    assert len(responses_of(prepared, "volumes").trials) == len(RUNS) * len(ONSETS)


@pytest.mark.parametrize("run", ["1", "3"])
def test_confounds_under_old_and_new_names_and_volumes_that_are_not_steady_are_gone(prepared, run):
    func = prepared / "derivatives/mine/volumes/sub-01/func"
    mask, _ = read_mask(func / "sub-01_desc-brain_mask.nii.gz")
    expected = MASK.copy()
    expected[EMPTY] = False
    np.testing.assert_array_equal(mask, expected)
    clean = read_bold(func / f"sub-01_task-see_run-{run}_desc-clean_bold.nii.gz").data[mask].astype(float)
    _, fluid = series("01", run)
    assert np.abs(clean @ (fluid - fluid.mean()) / VOLUMES).max() < 1e-5
    assert np.abs(clean[:, 0]).max() < 1e-4
    assert clean.std(axis=1) == pytest.approx(1, abs=1e-5)


def quality_table(prepared):
    return prepared / "derivatives/mine/volumes/sub-01/func/sub-01_task-see_run-3_desc-quality_timeseries.tsv"


def test_the_head_moves_as_fmriprep_says(prepared):
    quality = read_json(prepared / "derivatives/mine/volumes/sub-01/func/sub-01_desc-quality_bold.json")[
        "sub-01_task-see_run-3"
    ]
    assert 0 < quality["mean_fd_mm"] < 1
    assert quality["n_voxels"] == MASK.sum() - 1
    # The first volume is 3000 brighter, and not steady: it does not count.
    volumes = pd.read_csv(quality_table(prepared), sep="\t")
    assert pd.to_numeric(volumes["std_dvars"], errors="coerce")[:1].isna().all()
    assert quality["mean_std_dvars"] == pytest.approx(1, abs=0.3)


def test_surfaces_give_the_responses_of_the_same_places_as_volumes(prepared):
    inside = np.flatnonzero(MASK.ravel())
    half = len(inside) // 2
    lost = {inside[3], inside[half + 3], np.ravel_multi_index(EMPTY, SHAPE)}
    order = [place for place in inside if place != np.ravel_multi_index(EMPTY, SHAPE)]
    kept = [place not in lost for place in order]
    volumes, surfaces = responses_of(prepared, "volumes"), responses_of(prepared, "surfaces")
    pd.testing.assert_frame_equal(volumes.trials, surfaces.trials)
    np.testing.assert_allclose(surfaces.values, volumes.values[:, kept], atol=1e-5)
    about = read_json(prepared / "derivatives/mine/surfaces/sub-01/func/sub-01_task-see_run-1_desc-gathered_bold.json")
    assert about["Structures"] == {"CortexLeft": [0, half], "CortexRight": [half, 2 * half]}


def test_grayordinates_answer_to_their_category(prepared):
    dense = responses_of(prepared, "dense")
    face = CATEGORY["face"][MASK][np.flatnonzero(MASK.ravel()) != np.ravel_multi_index(EMPTY, SHAPE)]
    shown = (dense.trials["label"] == "face").to_numpy()
    # Betas in percent: two where a category is shown, none for the other.
    assert dense.values[shown][:, face].mean() == pytest.approx(2, abs=0.6)
    assert abs(dense.values[~shown][:, face].mean()) < 0.6


# -- raw runs with slices one after another ----------------------------------------------------------------------------

SLICES = np.array([0.0, 1.0, 0.5, 1.5])


TIMES = {"01": SLICES.tolist(), "02": None, "03": [0, 0.5, 1.0]}


def write_sliced(root):
    """A sine in every voxel of a run a subject, each slice at its own time; interleaved slices. The steps' outputs."""
    (root / "data_specs").mkdir(exist_ok=True)
    for subject, times in TIMES.items():
        path = bids_path(
            root / "bids", "func", suffix="bold", extension=".nii.gz", subject=subject, task="see", run="1"
        )
        taken = TR * np.arange(80) + SLICES[:, None]
        data = np.broadcast_to(1000 + 50 * np.sin(2 * np.pi * 0.2 * taken), (3, 3, 4, 80)).astype(np.float32)
        write_bold(path, data, np.diag([3.0, 3.0, 3.0, 1.0]), TR, {"SliceTiming": times} if times else {})
        events = pd.DataFrame({"onset": [10.0, 50.0], "duration": 10.0, "trial_type": ["a", "b"]})
        write_tsv(path.with_name(path.name.replace("_bold.nii.gz", "_events.tsv")), events)
    write_json(root / "bids" / "dataset_description.json", {"Name": "SIMULATED", "BIDSVersion": "1.11.0"})
    spec = {name: value for name, value in MINE.items() if name != "fmriprep"}
    (root / "data_specs" / "mine.yaml").write_text(yaml.safe_dump(spec))
    pipeline = {"modality": "fmri", "datasets": ["mine"], "slice_timing": True}
    (root / "own.yaml").write_text(yaml.safe_dump({"study": "o", "datasets": ["mine"], "pipelines": {"p": pipeline}}))
    name = "derivatives/mine/p/sub-{0}/func/sub-{0}_task-see_run-1_desc-slicetimed_bold.nii.gz"
    return [name.format(subject) for subject in TIMES]


def test_interleaved_slices_come_to_one_moment_and_bad_slice_times_stop_their_run(workflow):
    targets = write_sliced(workflow.folder)
    run = workflow("--configfile", "own.yaml", "--keep-going", "--", *targets, dry=False, check=False)
    corrected = read_bold(workflow.folder / targets[0])
    assert corrected.timing == {"SliceTimingCorrected": True, "StartTime": 0.75}
    expected = 1000 + 50 * np.sin(2 * np.pi * 0.2 * (TR * np.arange(80) + 0.75))
    # Where the kernel is whole. The sine has .4 cycles a volume; 1 % of a volume late would be 1.3 of its 50.
    np.testing.assert_allclose(
        corrected.data[..., 17:-17], np.broadcast_to(expected, (3, 3, 4, 80))[..., 17:-17], atol=0.3
    )
    assert run.code != 0
    for subject, message in (("02", "there are no slice times"), ("03", "3 slice times for 4 slices")):
        (paragraph,) = [p for p in paragraphs(run.text, "correct_slice_timing") if f"subject={subject}" in p]
        assert message in paragraph
    assert [(workflow.folder / target).exists() for target in targets] == [True, False, False]
