"""SIMULATED scanpaths as a BIDS folder, and the process that drew them as a model that none beats."""

import numpy as np
import pandas as pd
import pytest
from bids_validator import BIDSValidator
from PIL import Image

from cogmodels.data.bids import read_json, read_tsv
from cogmodels.data.tables import scanpath_fixations
from cogmodels.errors import ConfigError
from cogmodels.files import digest
from cogmodels.report.scanpath_process import plot_entropy
from cogmodels.report.style import save_figure
from cogmodels.scanpath.models.centre_bias import CentreBias
from cogmodels.scanpath.process import TRUE_PROCESS, KnownProcess, entropy_table, run_process
from cogmodels.scanpath.score import score_steps
from cogmodels.scanpath.tables import paths_of_parts
from cogmodels.scanpath.viewing import split_scanpaths
from cogmodels.simulate.study_scanpaths import read_process, write_simulated_scanpaths

SIZE = (160, 120)
OPTIONS = {
    "size_px": SIZE,
    "seed": 4,
    "images": 24,
    "longest": 12,
    "guidance": 0.5,
    "target_px": 8.0,
    "saccade_px": 20.0,
}


def simulate(root, **changes):
    write_simulated_scanpaths(root, title="SIMULATED", subjects=["01", "02"], **OPTIONS | changes)
    return root


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The folder, its fixations and their split."""
    root = simulate(tmp_path_factory.mktemp("looks"))
    tables = [
        scanpath_fixations(read_tsv(root / f"sub-{s}/beh/sub-{s}_task-freeview_beh.tsv"), s) for s in ("01", "02")
    ]
    fixations = pd.concat(tables, ignore_index=True)
    return root, fixations, split_scanpaths(fixations, by="image", validation=4, test=12)


@pytest.fixture(scope="module")
def judged(study):
    root, fixations, splits = study
    model = KnownProcess(*read_process(root / "sourcedata/truth/scanpaths.json"))
    return model, *run_process(model, fixations, splits, samples=6, typical_of=6)


def test_the_folder_is_bids_and_the_target_is_where_the_image_shows_it(study):
    root, fixations, _ = study
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    validator = BIDSValidator()
    assert [n for n in names if not n.startswith("sourcedata/") and not validator.is_bids(f"/{n}")] == []
    assert "SIMULATED" in (root / "README.md").read_text()
    assert len(set(fixations["stimulus"])) == 24
    for row in read_tsv(root / "sourcedata/truth/targets.tsv").itertuples():
        image = np.asarray(Image.open(root / "stimuli" / row.stimulus)).astype(int)
        assert image.shape == (120, 160, 3)
        y, x = np.nonzero((image[..., 0] > 190) & (image[..., 1] < 60))
        np.testing.assert_allclose([x.mean(), y.mean()], [row.x, row.y], atol=1.0)


def test_the_same_seed_gives_the_same_bytes_and_the_record_tells_another(study, tmp_path):
    root = study[0]
    again, other = simulate(tmp_path / "again"), simulate(tmp_path / "other", seed=5)
    record = "sourcedata/truth/scanpaths.json"
    assert digest(again / record) == digest(root / record)
    digests = read_json(root / record)["sha256"]
    assert all(digest(again / name) == value for name, value in digests.items())
    changed = read_json(other / record)["sha256"]
    assert not set(digests.values()) & {value for name, value in changed.items() if name.endswith((".png", "beh.tsv"))}


def test_what_is_read_is_the_process_that_drew(study, judged):
    root, fixations, _ = study
    model, predictions, _, steps = judged
    assert (model.walk.guidance, model.walk.size_px, model.longest) == (0.5, (160.0, 120.0), 12)
    # Looks at the target lie around it: half of all fixations, most of the rest further off.
    targets = np.stack(fixations["stimulus"].map(model.targets))
    near = np.hypot(*(fixations[["x", "y"]].to_numpy() - targets).T) < 2.5 * 8
    assert 0.5 < near.mean() < 0.75
    assert predictions.groupby("stimulus")["subject"].nunique().tolist() == [6] * 12
    assert steps.notna().all(axis=None) or set(steps.columns[steps.isna().any()]) == {"cig_bits", "cnss", "cauc"}


def test_maps_and_densities_of_the_process_agree(study, judged):
    _, fixations, splits = study
    known = judged[0]
    parts, pictures = paths_of_parts(fixations, splits, SIZE)
    # Cells that are small beside the looks' spread.
    model = KnownProcess(known.walk, known.targets, known.longest, cell_px=2.0)
    model.fit(pictures, parts["train"], parts["validation"])
    few = parts["test"].of(np.arange(4))
    exact = model.log_density(pictures, few)[few.there]
    coarse = super(KnownProcess, model).log_density(pictures, few)[few.there]
    np.testing.assert_allclose(coarse, exact, atol=0.2)


def test_no_model_needs_fewer_bits_and_the_figure_says_simulated(study, judged, tmp_path):
    _, fixations, splits = study
    steps = judged[3]
    parts, pictures = paths_of_parts(fixations, splits, SIZE)
    centre = CentreBias(10.0)
    centre.fit(pictures, parts["train"], parts["validation"])
    tables = {"centre": score_steps(centre, centre, pictures, parts["test"]), TRUE_PROCESS: steps}
    images = {
        name: table.groupby("stimulus")["log_likelihood_bits"].mean().rename("value").reset_index()
        .assign(metric="log_likelihood_bits") for name, table in tables.items()
    }  # fmt: skip
    table = entropy_table(images, SIZE, bootstrap=200).set_index("experiment")
    assert list(table.index) == ["uniform density", "centre", TRUE_PROCESS]
    assert table.loc["uniform density", "bits"] == pytest.approx(np.log2(160 * 120))
    assert table.loc["centre", "p"] < 0.01
    assert table.loc["centre", "above_ci_low"] > 0.2
    assert table.loc[TRUE_PROCESS, ["above", "gap_closed"]].tolist() == [0, 1]
    figure = plot_entropy(table.reset_index(), title="SIMULATED, looks")
    save_figure(figure, tmp_path / "entropy.png")
    assert "the entropy" in figure.axes[0].texts[0].get_text()


def test_the_size_of_images_must_be_given():
    from cogmodels.config.data_spec import DataSpec

    spec = {
        "name": "looks", "title": "t", "modalities": ["scanpath"], "licence": {"name": "n", "redistributable": True},
        "source": {"kind": "scanpath_simulation"}, "subjects": ["01"],
        "recordings": [{"modality": "scanpath", "task": "freeview"}],
    }  # fmt: skip
    with pytest.raises((ConfigError, ValueError), match="give their size as `images`"):
        DataSpec.model_validate(spec)
