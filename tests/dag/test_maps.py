"""Regions, encoding models and searchlights of the tiny study, run for one subject."""

import pandas as pd
import pytest
import yaml

from cogmodels.data.bids import read_json
from cogmodels.tracking.manifest import read_manifest
from tests.dag.studies import write_tiny

MODELS = {
    "datasets": ["tiny"],
    "tracking": {"mode": "offline"},
    "pipelines": {
        "trial-mean": {
            "exclude": ["02"],
            "voxels": {"image": "sourcedata/truth/sub-{subject}/bold_mask.nii.gz", "labels": [1]},
        }
    },
    "encodings": {
        "tiny-encoding": {
            "dataset": "tiny",
            "pipeline": "trial-mean",
            "bands": {"first": {"features": "latent", "dimensions": [0, 2]}, "all": {"features": "latent"}},
            "permutations": 99,
        }
    },
    "searchlights": {"tiny-light": {"dataset": "tiny", "pipeline": "trial-mean", "radius_mm": 3.0, "permutations": 99}},
}


@pytest.mark.slow
def test_regions_encoding_and_searchlights_run(workflow):
    write_tiny(workflow.folder)
    (workflow.folder / "models.yaml").write_text(yaml.safe_dump(MODELS))
    folder = "results/tiny/fmri/tiny"
    targets = [
        f"{folder}/{name}"
        for name in (
            "tiny-encoding/scores.csv",
            "tiny-light/scores.csv",
            "tiny-encoding/sub-01/encoding.png",
            "tiny-light/sub-01/searchlight.png",
            "tiny-encoding/sub-01/wandb.json",
        )
    ]
    run = workflow("--configfile", "tiny.yaml", "models.yaml", "--", *targets, dry=False)
    assert run.counts["select_voxels"] == run.counts["fit_encoding"] == run.counts["decode_searchlight"] == 1
    derived = workflow.folder / "derivatives/tiny/trial-mean/sub-01/func"
    table = pd.read_csv(derived / "sub-01_desc-chosen_voxels.tsv", sep="\t")
    n_chosen = int(table["n_chosen"].sum())
    for name in ("tiny-encoding", "tiny-light"):
        place = workflow.folder / folder / name
        assert len(pd.read_csv(place / "sub-01/voxels.tsv", sep="\t")) == n_chosen <= 60
        scores = pd.read_csv(place / "scores.csv")
        assert set(scores["family"]) == {"fmri"}
        assert scores[["value", "ci_low", "ci_high", "chance", "p"]].notna().all(axis=None)
        manifest = read_manifest(place / "sub-01/manifest.json")
        assert "derivatives/tiny/trial-mean/sub-01/func/sub-01_desc-chosen_mask.nii.gz" in manifest["inputs"]
        assert manifest["config"]["permutations"] == 99
        assert manifest["config"]["pipeline"]["voxels"]["labels"] == [1]
    assert (
        read_json(workflow.folder / targets[4])["id"]
        == read_manifest(place.parent / "tiny-encoding/sub-01/manifest.json")["id"]
    )
    for name in targets[2:4]:
        assert (workflow.folder / name).stat().st_size > 10_000
