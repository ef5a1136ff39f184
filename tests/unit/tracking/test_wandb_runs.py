"""What W&B keeps of a run on disk equals the manifest, holds files by the rules, and never a key."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from cogmodels.cli import main
from cogmodels.errors import DataError
from cogmodels.files import digest
from cogmodels.tracking.artifacts import artifact_name
from cogmodels.tracking.manifest import build_manifest, write_manifest
from cogmodels.tracking.secrets import without_secrets
from cogmodels.tracking.sync import BATCH, offline_runs, sync_runs
from cogmodels.tracking.wandb_run import log_run
from tests.unit.tracking.wandb_file import read_run

# No key of anybody's: 40 hex digits, as W&B's are.
FAKE_KEY = "c0ffee" * 6 + "feed"
CONFIG = {"alpha": 1.0, "recipe": {"epochs": 3, "rate": None}, "grid": [1.0, 10.0], "name": "é"}
METRICS = {"accuracy": 0.5, "two_way": 0.75}


@pytest.fixture
def run_folder(tmp_path):
    """A folder as a model run leaves it: model, predictions, metrics, table, manifest; and what the run read."""
    folder = tmp_path / "results" / "s" / "decoding" / "d" / "e" / "fold-all_seed-0"
    folder.mkdir(parents=True)
    (tmp_path / "features.parquet").write_bytes(b"features")
    (tmp_path / "split.csv").write_text("stimulus,split\na,test\n")
    (folder / "model.safetensors").write_bytes(b"m" * 2000)
    (folder / "predictions.parquet").write_bytes(b"p" * 50_000)
    (folder / "metrics.json").write_text(json.dumps({name: {"value": value} for name, value in METRICS.items()}))
    (folder / "choices.csv").write_text("fold,penalty\n1,10\n")
    Image.new("RGB", (8, 8), "red").save(folder.parent / "decoder.png")
    manifest = build_manifest(
        study="s", rule="train_decoder", wildcards={"experiment": "e", "dataset": "d", "fold": "all", "seed": "0"},
        config=CONFIG, inputs=[tmp_path / "features.parquet", tmp_path / "split.csv"],
        outputs=[folder / name for name in ("model.safetensors", "predictions.parquet", "metrics.json")],
        fingerprint="f" * 16, metrics=METRICS, started=0.0, finished=1.5, root=tmp_path,
    )  # fmt: skip
    write_manifest(folder / "manifest.json", manifest)
    return folder, manifest


def track(manifest, place, **options):
    names = {"project": "p", "entity": None, "group": "g", "tags": ["t"], "name": "n"}
    return log_run(manifest, mode="offline", folder=place, **names, **options)


def read_back(place, run_id, wanted):
    """W&B's own process writes the file, and on a busy machine it ends a moment after the run."""
    until = time.monotonic() + 60
    while True:
        found = read_run(place, run_id)
        if wanted <= set(found["summary"]) or time.monotonic() > until:
            return found
        time.sleep(0.2)


def test_an_offline_run_equals_its_manifest(run_folder, tmp_path):
    folder, manifest = run_folder
    curves = pd.DataFrame({"epoch": [1, 2], "validation/loss": [3.5, 2.5]})
    images = {"decoder": folder.parent / "decoder.png"}
    outcome = track(manifest, tmp_path, history=curves, images=images, artifacts="small", artifact_limit_mb=0.01)
    assert outcome == {"logged": True, "mode": "offline", "id": manifest["id"]}
    found = read_back(tmp_path, manifest["id"], set(METRICS))
    about = {"code_fingerprint": "f" * 16, "commit": None, **{name: manifest[name] for name in ("versions", "inputs")}}
    assert {name: value for name, value in found["config"].items() if name != "_wandb"} == {**CONFIG, **about}
    assert {name: found["summary"][name] for name in METRICS} == METRICS
    named = {
        "run_id": manifest["id"],
        "run_group": "g",
        "job_type": "train_decoder",
        "display_name": "n",
        "tags": ["t"],
    }
    assert {name: found[name] for name in named} == named
    steps = [{name: row[name] for name in curves} for row in found["history"] if "epoch" in row]
    assert steps == curves.to_dict("records")
    assert any(row.get("decoder/_type") == "image-file" for row in found["history"])
    # Within the limit the file, above it path and digest; inputs cannot be declared offline, but for the split.
    held = {
        one.type: ([entry.path for entry in one.manifest.contents], json.loads(one.metadata))
        for one in found["artifacts"].values()
    }
    assert {kind: files for kind, (files, _) in held.items()} == {
        "model": ["model.safetensors"], "predictions": ["digest.json"], "split": ["split.csv"],
    }  # fmt: skip
    for kind, name in (("model", folder / "model.safetensors"), ("predictions", folder / "predictions.parquet")):
        assert held[kind][1] == {"path": name.as_posix(), "sha256": digest(name), "bytes": name.stat().st_size}
    # All that an upload needs lies below the study's folder.
    for one in found["artifacts"].values():
        assert all(Path(entry.local_path).is_relative_to(tmp_path) for entry in one.manifest.contents)


@pytest.mark.parametrize(("which", "predictions"), [("none", None), ("all", ["predictions.parquet"])])
def test_artifacts_are_none_or_all(run_folder, tmp_path, which, predictions):
    _, manifest = run_folder
    track(manifest, tmp_path, artifacts=which, artifact_limit_mb=0.01)
    found = read_back(tmp_path, manifest["id"], set(METRICS))["artifacts"]
    files = {one.type: [entry.path for entry in one.manifest.contents] for one in found.values()}
    assert files.get("predictions") == predictions


def test_a_lost_file_costs_its_artifact_and_no_more(run_folder, tmp_path, caplog):
    folder, manifest = run_folder
    (folder / "model.safetensors").unlink()
    (folder / "predictions.parquet").unlink()
    (folder / "predictions.parquet").mkdir()
    assert track(manifest, tmp_path, artifacts="all")["logged"]
    found = read_back(tmp_path, manifest["id"], set(METRICS))["artifacts"]
    # Of what is gone there is the digest; a folder in its place is warned of.
    files = {one.type: [entry.path for entry in one.manifest.contents] for one in found.values()}
    assert files == {"model": ["digest.json"], "split": ["split.csv"]}
    assert "no artifact of" in caplog.text


def test_names_of_artifacts():
    assert artifact_name("results/s/a b/predictions.parquet") == "results.s.a.b.predictions.parquet"
    assert artifact_name("/tmp/é.csv") == "tmp...csv"
    assert len(artifact_name("x/" * 200)) == 128


def test_keys_are_blacked_out(monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "my-own-form-of-key")
    said = without_secrets(
        f"login with my-own-form-of-key, local-{FAKE_KEY}, {FAKE_KEY} and wandb_v1_abc at /results/keys"
    )
    assert said == "login with ***, ***, *** and *** at /results/keys"


@pytest.mark.slow
def test_a_key_is_in_nothing_that_a_job_writes(run_folder, root, tmp_path):
    """`track_experiment` online with a key that no server takes: two runs are kept offline, and the key nowhere."""
    folder, manifest = run_folder
    second = shutil.copytree(folder, folder.with_name("fold-all_seed-1"))
    write_manifest(second / "manifest.json", {**manifest, "id": "second", "metrics": {"accuracy": 0.25}})
    code = f"""
import runpy, types
from pathlib import Path
folder = Path({str(folder)!r})
wildcards = type("Wildcards", (dict,), {{"__getattr__": dict.__getitem__}})(
    family="decoding", dataset="d", experiment="e")
runs = [folder, Path({str(second)!r})]
manifests, metrics, tables = ([one / name for one in runs] for name in ("manifest.json", "metrics.json", "choices.csv"))
given = types.SimpleNamespace(
    manifests=manifests, metrics=metrics, tables=tables, figures=[folder.parent / "decoder.png"], curves=[])
tracking = dict(mode="online", project="p", entity=None, artifacts="small", artifact_limit_mb=1.0, timeout_s=1.0)
snakemake = types.SimpleNamespace(rule="track_experiment", threads=1, log=[Path({str(tmp_path)!r}) / "logs" / "track.log"],
    input=given, wildcards=wildcards, params=types.SimpleNamespace(tracking=tracking),
    output=types.SimpleNamespace(outcome=folder.parent / "wandb.json"))
runpy.run_path({str(root / "workflow" / "scripts" / "track_experiment.py")!r}, init_globals={{"snakemake": snakemake}})
"""
    home = tmp_path / "home"
    home.mkdir()
    # Port 9 takes nothing: a login fails at once.
    server = {"WANDB_BASE_URL": "http://127.0.0.1:9", "WANDB_API_KEY": FAKE_KEY}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False, cwd=root,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(root), "TMPDIR": str(tmp_path), **server},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    outcomes = json.loads((folder.parent / "wandb.json").read_text())
    assert list(outcomes) == [folder.name, second.name]
    for outcome, accuracy in zip(outcomes.values(), (0.5, 0.25), strict=True):
        assert (outcome["logged"], outcome["mode"]) == (True, "offline"), (tmp_path / "logs" / "track.log").read_text()
        assert outcome["reason"]
        assert read_back(folder.parents[3], outcome["id"], {"accuracy"})["summary"]["accuracy"] == accuracy
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 10
    assert [path for path in written if FAKE_KEY.encode() in path.read_bytes()] == []
    assert FAKE_KEY not in done.stdout + done.stderr


def fake_wandb(folder, body):
    """A command that stands in for W&B's."""
    path = folder / "fake_wandb.py"
    path.write_text("import pathlib, sys\nruns = sys.argv[2:]\n" + body)
    return [sys.executable, str(path)]


MARKS = "[pathlib.Path(run, f'run-{run[-2:]}.wandb.synced').touch() for run in runs]\n"


def test_sync_uploads_each_run_once(tmp_path):
    for place in range(BATCH + 2):
        run = tmp_path / "s" / "wandb" / f"offline-run-2026_1-{place:02d}"
        run.mkdir(parents=True)
        (run / f"run-{place:02d}.wandb").touch()
    runs = offline_runs([tmp_path])
    assert len(runs) == BATCH + 2
    counted = fake_wandb(tmp_path, f"open({str(tmp_path / 'calls')!r}, 'a').write(f'{{len(runs)}} ')\n" + MARKS)
    assert [len(part) for part in sync_runs(runs, command=counted)] == [BATCH + 2, 0, 0]
    assert [len(part) for part in sync_runs(runs, command=counted)] == [0, 0, 0]
    assert (tmp_path / "calls").read_text() == f"{BATCH} 2 "


def test_sync_says_why_and_keeps_keys_to_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", FAKE_KEY)
    for name in ("01", "02"):
        (tmp_path / "wandb" / f"offline-run-x-{name}").mkdir(parents=True)
        (tmp_path / "wandb" / f"offline-run-x-{name}" / f"run-{name}.wandb").touch()
    half = fake_wandb(tmp_path, f"runs = runs[:1]\n{MARKS}\nsys.exit('Error: {FAKE_KEY} was refused')")
    uploaded, failed, said = sync_runs(offline_runs([tmp_path]), command=half)
    assert [path.name[-2:] for path in uploaded + failed] == ["01", "02"]
    assert said == "Error: *** was refused"
    slow = fake_wandb(tmp_path, "import time\ntime.sleep(60)")
    assert sync_runs(offline_runs([tmp_path]), command=slow, timeout_s=0.3)[2] == "no answer within 0.3 s"
    with pytest.raises(DataError, match="there is no offline run"):
        offline_runs([tmp_path / "wandb" / "offline-run-x-01"])
    with pytest.raises(DataError, match="no such folder"):
        offline_runs([tmp_path / "nowhere"])


def test_the_command_tells_what_is_left(tmp_path, capsys, monkeypatch):
    run = tmp_path / "wandb" / "offline-run-x-01"
    run.mkdir(parents=True)
    (run / "run-01.wandb").touch()
    for failed, status, said in (
        ([], 0, "0 uploaded, 1 uploaded before"),
        ([run], 1, "left 1: no key. Log in (`wandb login`)"),
    ):
        monkeypatch.setattr("cogmodels.tracking.sync.sync_runs", lambda runs, failed=failed: ([], failed, "no key"))
        assert main(["sync", str(tmp_path)]) == status
        assert said in "".join(capsys.readouterr())
