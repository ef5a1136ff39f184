"""Manifests say what a run was; W&B is a view that never breaks it."""

import errno
import hashlib
import os
import subprocess
import sys
import textwrap
import time
import types

import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.tracking.job import job
from cogmodels.tracking.manifest import build_manifest, read_manifest, run_id, write_manifest
from cogmodels.tracking.wandb_run import log_run


@pytest.fixture
def manifest(tmp_path):
    (tmp_path / "in.txt").write_text("in")
    return build_manifest(
        study="s", rule="train_decoder", wildcards={"experiment": "e", "dataset": "d"}, config={"alpha": 1.0},
        inputs=[tmp_path / "in.txt"], outputs=[], fingerprint="f" * 16, metrics={"accuracy": 0.5},
        started=0.0, finished=1.5, root=tmp_path,
    )  # fmt: skip


def track(manifest, tmp_path, mode):
    return log_run(
        manifest, mode=mode, project="p", entity=None, folder=tmp_path, group="g", tags=["t"], name="n",
        tables={"scores": pd.DataFrame({"metric": ["accuracy"], "value": [0.5]})},
    )  # fmt: skip


def test_manifest_survives_writing(manifest, tmp_path):
    write_manifest(tmp_path / "m.json", manifest)
    assert read_manifest(tmp_path / "m.json") == manifest
    assert manifest["seconds"] == 1.5
    assert manifest["commit"] is None
    assert list(manifest["inputs"].values()) == [hashlib.sha256(b"in").hexdigest()]


def test_run_id_depends_on_rule_wildcards_and_config_only():
    base = run_id("r", {"a": 1, "b": 2}, {"x": 1})
    assert base == run_id("r", {"b": 2, "a": 1}, {"x": 1})
    assert len({base, run_id("q", {"a": 1, "b": 2}, {"x": 1}), run_id("r", {"a": 1, "b": 2}, {"x": 2})}) == 3


def test_damaged_manifests_are_refused(tmp_path):
    (tmp_path / "m.json").write_text('{"id": 1')
    with pytest.raises(DataError, match="no run manifest"):
        read_manifest(tmp_path / "m.json")


def test_offline_run_holds_config_and_summary(manifest, tmp_path):
    assert track(manifest, tmp_path, "offline")["logged"] is True
    files = list(tmp_path.glob(f"wandb/offline-run-*-{manifest['id']}/run-{manifest['id']}.wandb"))
    assert len(files) == 1
    # W&B's own process writes the file, and on a busy machine it ends a moment after the run.
    parts, until = (b"alpha", b"accuracy", b"train_decoder", b"code_fingerprint"), time.monotonic() + 60
    while time.monotonic() < until and not all(part in files[0].read_bytes() for part in parts):
        time.sleep(0.2)
    assert [part for part in parts if part not in files[0].read_bytes()] == []


def test_learning_curves_are_steps_of_the_run(manifest, tmp_path):
    curves = pd.DataFrame({"epoch": [1, 2, 3], "validation_accuracy": [0.25, 0.5, 0.75]})
    outcome = log_run(
        manifest, mode="offline", project="p", entity=None, folder=tmp_path, group="g", tags=[], name="n", history=curves
    )  # fmt: skip
    assert outcome["logged"] is True
    file = next(iter(tmp_path.glob("wandb/offline-run-*/run-*.wandb")))
    until = time.monotonic() + 60
    while time.monotonic() < until and file.read_bytes().count(b"validation_accuracy") < 3:
        time.sleep(0.2)
    assert file.read_bytes().count(b"validation_accuracy") >= 3


def test_a_rerun_replaces_its_offline_run(manifest, tmp_path):
    for _ in range(2):
        track(manifest, tmp_path, "offline")
    assert len(list(tmp_path.glob("wandb/offline-run-*"))) == 1


def test_disabled_writes_nothing(manifest, tmp_path):
    assert track(manifest, tmp_path, "disabled")["reason"] == "W&B is disabled"
    assert not (tmp_path / "wandb").exists()


def test_a_failing_wandb_does_not_fail_the_run(manifest, tmp_path, monkeypatch, caplog):
    broken = types.ModuleType("wandb")
    broken.Settings = lambda **options: None

    def init(**options):
        raise RuntimeError("server gone")

    broken.init = init
    monkeypatch.setitem(sys.modules, "wandb", broken)
    assert "server gone" in track(manifest, tmp_path, "online")["reason"]
    assert "server gone" in caplog.text


def test_online_without_a_key_goes_on(manifest, tmp_path):
    script = (
        "import sys, json, pathlib; from cogmodels.tracking.wandb_run import log_run\n"
        f"m = {dict(manifest)!r}\n"
        f"print(log_run(m, mode='online', project='p', entity=None, folder=pathlib.Path({str(tmp_path)!r}), "
        "group='g', tags=[], name='n')['mode'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "WANDB_BASE_URL": "http://127.0.0.1:9"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("offline")
    assert len(list(tmp_path.glob(f"wandb/offline-run-*-{manifest['id']}"))) == 1


def fake_snakemake(tmp_path):
    return types.SimpleNamespace(
        log=[str(tmp_path / "logs" / "x.log")], rule="r", wildcards={"subject": "01"}, threads=1
    )


def test_job_shows_one_paragraph_and_keeps_the_traceback_in_the_log(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught, job(fake_snakemake(tmp_path)):
        print("working")
        raise DataError("the file ends early", where="a.edf", remedy="Fetch it again")
    assert caught.value.code == 1
    shown = capsys.readouterr().err.strip()
    assert shown.startswith("r [subject=01]: a.edf: the file ends early. Fetch it again.")
    assert "Traceback" not in shown
    log = (tmp_path / "logs" / "x.log").read_text()
    assert "working" in log
    assert "Traceback" in log


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_job_tells_of_a_full_disk_in_one_paragraph(tmp_path, capsys, number):
    with pytest.raises(SystemExit), job(fake_snakemake(tmp_path)):
        raise OSError(number, os.strerror(number), "a.nii.gz")
    shown = capsys.readouterr().err.strip()
    assert shown.startswith("r [subject=01]: no room for what it writes")
    assert "a.nii.gz" in shown
    assert "Traceback" not in shown
    with pytest.raises(FileNotFoundError), job(fake_snakemake(tmp_path)):
        (tmp_path / "nothing").read_text()


def test_job_passes_other_errors_on(tmp_path):
    with pytest.raises(ZeroDivisionError), job(fake_snakemake(tmp_path)):
        1 / 0  # noqa: B018
    assert "ZeroDivisionError" in (tmp_path / "logs" / "x.log").read_text()


def test_job_grants_threads_even_after_a_parallel_loop(tmp_path):
    """In a process of its own: what numba's pool is like depends on what ran before."""
    code = textwrap.dedent(
        f"""
        import types
        import numba
        from pathlib import Path
        from cogmodels.tracking.job import job

        @numba.njit(parallel=True)
        def total(n):
            found = 0
            for i in numba.prange(n):
                found += i
            return found

        assert total(10) == 45
        snakemake = types.SimpleNamespace(log=[Path({str(tmp_path)!r}) / "x.log"], rule="r", wildcards={{}}, threads=1)
        with job(snakemake):
            assert numba.get_num_threads() == 1
        assert numba.njit(parallel=True)(total.py_func)(4) == 6
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"NUMBA_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
