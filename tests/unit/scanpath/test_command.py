"""Scanpaths of one's own images from the command line: tables, overlays, and what cannot be."""

import json

import numpy as np
import pytest
from PIL import Image

from cogmodels.cli import main
from cogmodels.commands.scanpaths import find_run
from cogmodels.data.predictions import write_weights
from cogmodels.data.tables import read_fixations
from cogmodels.scanpath.network import Transformer
from cogmodels.scanpath.viewing import Pictures

OPTIONS = {"width": 16, "heads": 2, "waves": 8}
MAPS = {
    "backbone": "efficientnet_lite0", "weights": "random", "weights_sha256": None, "preprocessing": None,
    "layers": ["block3"], "grid": [6, 8], "size": [64, 48],
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of a network that has learnt nothing."""
    from cogmodels.data.feature_cache import FeatureCache
    from cogmodels.stimuli.named_features import named_features

    folder = tmp_path_factory.mktemp("run")
    Image.new("RGB", (64, 48)).save(folder / "a.png")
    channels = named_features("fine", MAPS, [folder / "a.png"], FeatureCache(folder / "cache")).values.shape[1] // 48
    model = Transformer(20.0, options=OPTIONS)
    model._build(Pictures(("a",), (160.0, 120.0), (np.zeros((1, channels, 6, 8), np.float32),)), 0, 0)
    model.longest, model.trained_people = 4, np.array([0])
    write_weights(folder / "model.safetensors", model.weights())
    config = {"model": "transformer", "cell_px": 20.0, "options": OPTIONS, "recipe": {}, "features": ["fine"]}
    config |= {"maps": {"fine": MAPS}, "size_px": [160, 120]}
    (folder / "manifest.json").write_text(json.dumps({"config": config}))
    return folder


@pytest.fixture
def images(tmp_path):
    """One in colour, one grey, one of another shape, one that is broken, and something else."""
    folder, rng = tmp_path / "images", np.random.default_rng(0)
    folder.mkdir()
    Image.fromarray(rng.integers(0, 255, (48, 64, 3), np.uint8)).save(folder / "a.png")
    Image.fromarray(rng.integers(0, 255, (48, 64), np.uint8)).save(folder / "a.jpg")
    Image.fromarray(rng.integers(0, 255, (90, 30, 3), np.uint8)).save(folder / "tall.png")
    (folder / "broken.png").write_bytes(b"\x89PNG broken")
    (folder / "notes.txt").write_text("no image")
    return folder


def test_a_folder_of_images_gives_a_table_and_overlays(run, images, tmp_path, caplog, capsys):
    out = tmp_path / "out"
    command = ["scanpaths", "generate", "--images", str(images), "--out", str(out), "--samples", "3"]
    assert main([*command, "--model", str(run)]) == 0
    table = read_fixations(out / "fixations.parquet")
    assert table.groupby("stimulus")["subject"].nunique().to_dict() == {"a.jpg": 3, "a.png": 3, "tall.png": 3}
    tall = table[table["stimulus"] == "tall.png"]
    assert tall["x"].between(-0.5, 29.5).all()
    assert tall["y"].between(-0.5, 89.5).all()
    assert sorted(path.name for path in (out / "overlays").iterdir()) == ["a.jpg.png", "a.png.png", "tall.png"]
    assert "broken.png" in caplog.text
    said = capsys.readouterr()
    assert "3 of 4 images" in said.out
    assert "images" in said.err
    assert find_run(run / "model.safetensors") == find_run(run)


def test_one_typical_scanpath_of_each_image(run, images, tmp_path):
    found = []
    for number in range(2):
        out = tmp_path / str(number)
        command = [
            "scanpaths",
            "generate",
            "--images",
            str(images),
            "--model",
            str(run),
            "--out",
            str(out),
            "--typical",
            "6",
        ]
        assert main(command) == 0
        found.append(read_fixations(out / "fixations.parquet"))
        assert len(list((out / "overlays").iterdir())) == 3
    assert found[0].equals(found[1])
    assert set(found[0]["subject"]) == {"typical"}
    assert (found[0].groupby("stimulus")["index"].value_counts() == 1).all()


def test_what_cannot_be_is_said(run, images, tmp_path, capsys):
    empty = tmp_path / "empty"
    empty.mkdir()
    for where, model, message in (
        (tmp_path / "nowhere", run, "no such folder"),
        (empty, run, "there are no images"),
        (images, empty, "the file does not exist"),
    ):
        assert (
            main(["scanpaths", "generate", "--images", str(where), "--model", str(model), "--out", str(tmp_path / "x")])
            == 1
        )
        assert message in capsys.readouterr().err
    (empty / "one.png").write_bytes(b"")
    assert (
        main(["scanpaths", "generate", "--images", str(empty), "--model", str(run), "--out", str(tmp_path / "x")]) == 1
    )
    assert "none of 1 images can be read" in capsys.readouterr().err
    other = tmp_path / "other"
    other.mkdir()
    (other / "model.safetensors").write_bytes(b"")
    (other / "manifest.json").write_text(json.dumps({"config": {"model": "markov"}}))
    assert (
        main(["scanpaths", "generate", "--images", str(images), "--model", str(other), "--out", str(tmp_path / "x")])
        == 1
    )
    assert "`markov` is no network" in capsys.readouterr().err
    looking = ["scanpaths", "generate", "--images", str(images), "--model", str(run), "--out", str(tmp_path / "x")]
    assert main([*looking, "--target", "cup"]) == 1
    assert "is not told targets" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["scanpaths", "generate", "--images", "a", "--model", "b", "--out", "c", "--samples", "0"])
