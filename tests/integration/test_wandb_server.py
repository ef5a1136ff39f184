"""The real W&B client against a server on loopback: what arrives, what is gone on with, and what a lost server costs.

The server is openwandb (CC BY-NC 4.0, a tool of this test and nothing else) in an environment of its own under
``.bench/``. It keeps neither groups and job types nor the files of artifacts: these are not asked of it.
"""

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request

import pytest

from cogmodels.tracking.sync import is_synced, offline_runs, sync_runs
from tests.unit.tracking.wandb_file import read_run

pytestmark = [pytest.mark.slow, pytest.mark.network]
SERVER = {"requirements": ["openwandb==0.5.25"]}
# The server takes every key: this one is nobody's, and can be looked for.
KEY = "c0ffee" * 6 + "feed"
MANIFEST = {
    "study": "s", "rule": "train_decoder", "wildcards": {"experiment": "e"}, "config": {"alpha": 1.5, "nested": {"a": [1]}},
    "inputs": {}, "outputs": {}, "code_fingerprint": "f" * 16, "commit": None,
}  # fmt: skip


class Server:
    """openwandb on a free port of this machine; it can be killed and begun again."""

    def __init__(self, python, folder):
        self.python, self.folder, self.process = python, folder, None
        with contextlib.closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        command = [str(self.python.parent / "openwandb"), "serve", "--host", "127.0.0.1", "-p", str(self.port)]
        command += ["--data-dir", str(self.folder / "data"), "--base-url", self.url, "--log-level", "warning"]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment())
        until = time.monotonic() + 30
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url, timeout=2):
                return
            time.sleep(0.2)
        raise RuntimeError((self.folder / "log").read_text()[-500:])

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "WANDB_BASE_URL": self.url, "WANDB_API_KEY": KEY}

    def runs(self):
        """Runs of the project, by id."""
        request = urllib.request.Request(
            f"{self.url}/api/v2/projects/default/p/runs", headers={"Authorization": f"Bearer {KEY}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return {run["run_id"]: run for run in json.load(answer)["runs"]}


@pytest.fixture(scope="module")
def server(root, tmp_path_factory):
    spec = importlib.util.spec_from_file_location("bench", root / "benchmarks" / "bench.py")
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    one = None
    try:
        one = Server(bench.environment("openwandb", SERVER), tmp_path_factory.mktemp("server"))
        one.start()
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        if one:
            one.kill()
        pytest.skip(f"openwandb cannot be installed or started ({error}): nothing is sent to a server")
    yield one
    one.kill()


def log(server, folder, manifest, mode="online", before="", timeout_s=30):
    """Log a run in a process of its own, as a job does; returns the outcome."""
    code = f"""
    import json, os, signal, sys
    from pathlib import Path
    import pandas as pd
    from cogmodels.tracking.wandb_run import log_run

    class Curves(pd.DataFrame):
        def to_dict(self, *arguments):
            {before or "pass"}
            return super().to_dict(*arguments)

    curves = Curves({{"epoch": [1, 2], "validation/loss": [3.5, 2.5]}})
    outcome = log_run(
        json.loads(sys.argv[1]), mode={mode!r}, project="p", entity=None, folder=Path({str(folder)!r}), group="g",
        tags=["t"], name="a name", history=curves, timeout_s={timeout_s})
    print(json.dumps(outcome))
    """
    environment = {**server.environment(), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", textwrap.dedent(code), json.dumps(manifest)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else done


def shown(run, *names):
    """Parts of a run as the server has it, without W&B's own."""
    return {name: {key: value for key, value in run[name].items() if not key.startswith("_")} for name in names}


def test_a_run_arrives_whole_and_one_that_was_killed_is_gone_on_with(server, tmp_path):
    manifest = {**MANIFEST, "id": "aaaa00000001", "metrics": {"accuracy": 0.5, "two_way": 0.75}}
    # Killed between its first and its last word.
    assert log(server, tmp_path, manifest, before="os.kill(os.getpid(), signal.SIGKILL)").returncode == -signal.SIGKILL
    assert list(server.runs()) == [manifest["id"]]
    assert log(server, tmp_path, manifest) == {"logged": True, "mode": "online", "id": manifest["id"]}
    (run,) = server.runs().values()
    found = shown(run, "config", "summary")
    about = {"code_fingerprint": "f" * 16, "commit": None}
    assert {key: one["value"] for key, one in found["config"].items()} == {**manifest["config"], **about}
    assert found["summary"] == {**manifest["metrics"], "epoch": 2, "validation/loss": 2.5}
    assert (run["display_name"], run["tags"], run["state"]) == ("a name", ["t"], "finished")
    assert run["latest_metrics"]["validation/loss"]["value"] == 2.5
    # The key is in nothing that the client wrote.
    written = [path for path in [*tmp_path.rglob("*"), *(server.folder / ".cache").rglob("*")] if path.is_file()]
    assert len(written) > 5
    assert [path for path in written if KEY.encode() in path.read_bytes()] == []


def test_a_server_that_is_lost_costs_the_job_nothing_and_sync_brings_the_run_later(server, tmp_path, monkeypatch):
    manifest = {**MANIFEST, "id": "bbbb00000002", "metrics": {"accuracy": 0.25}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    kill = f"os.path.exists('/proc/{server.process.pid}') and os.kill({server.process.pid}, signal.SIGKILL)"
    outcome = log(server, tmp_path, manifest, before=kill, timeout_s=3)
    server.process.wait()
    assert (outcome["logged"], outcome["mode"]) == (True, "offline")
    assert outcome["reason"]
    assert json.loads((tmp_path / "manifest.json").read_text()) == manifest
    found = read_run(tmp_path, manifest["id"])
    assert found["summary"]["accuracy"] == 0.25
    assert [row["validation/loss"] for row in found["history"]] == [3.5, 2.5]
    server.start()
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    runs = offline_runs([tmp_path])
    assert sync_runs(runs) == (runs, [], "")
    assert all(map(is_synced, runs))
    # Again there is nothing to do.
    assert sync_runs(runs) == ([], [], "")
    assert shown(server.runs()[manifest["id"]], "summary")["summary"]["accuracy"] == 0.25
