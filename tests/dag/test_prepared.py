"""A small SIMULATED folder of fMRIPrep's derivatives beside a BIDS folder, through the DAG to responses and a score:
volumes, surfaces and grayordinates by the same door. Raw runs with interleaved slices, through their step."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml

from cogmodels.data.bids import bids_path, read_json, read_tsv, write_json, write_tsv
from cogmodels.data.bold import read_bold, read_mask, write_bold
from cogmodels.data.tables import read_responses

pytestmark = pytest.mark.slow
SHAPE, VOLUMES, TR, SUBJECTS, RUNS = (6, 6, 4), 60, 2.0, ("01", "02"), ("1", "2", "3")
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
    "experiments": {
        f"categories-{name}": {
            "family": "decoding", "dataset": "mine", "pipeline": name, "protocol": "leave_one_run_out",
            "permutations": 100, "bootstrap": 100,
        } for name in ("volumes", "surfaces", "dense")
    },
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
        meta = nib.gifti.GiftiMetaData({"AnatomicalStructurePrimary": f"Cortex{side}"})
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
    scores = [f"results/own/decoding/mine/{name}/scores.csv" for name in STUDY["experiments"]]
    more = ["quality.tsv", "sub-01/figures/sub-01_bold.png", "sub-01/figures/sub-01_task-see_run-1_quality.png"]
    more = [f"derivatives/mine/volumes/{name}" for name in more]
    workflow("--configfile", "own.yaml", "--", *scores, *more, dry=False)
    return workflow.folder


@pytest.mark.parametrize("pipeline", ["volumes", "surfaces", "dense"])
def test_categories_are_told_apart_from_prepared_runs(prepared, pipeline):
    responses = read_responses(prepared / f"derivatives/mine/{pipeline}/sub-01/sub-01_responses.parquet")
    scores = pd.read_csv(prepared / f"results/own/decoding/mine/categories-{pipeline}/scores.csv")
    (score,) = scores[scores["metric"] == "accuracy"].to_dict("records")
    assert len(responses.trials) == 3 * 6
    assert score["value"] > 0.9
    assert score["chance"] == 0.5
