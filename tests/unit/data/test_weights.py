"""Weights from a path, an address and torch hub's cache; digests are held wherever one is known."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cogmodels.config.base import validate
from cogmodels.config.search import SearchExperiment
from cogmodels.data.weights import weights_file
from cogmodels.errors import ConfigError, DataError

CONTENT = b"some weights"
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A loopback server with one file; asked counts what was asked of it."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "net.pth").write_bytes(CONTENT)
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def do_GET(self):
            asked.append(self.path)
            super().do_GET()

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("COGMODELS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COGMODELS_MIRROR", raising=False)
    yield f"http://127.0.0.1:{server.server_port}/net.pth", asked
    server.shutdown()
    server.server_close()


def test_an_address_is_fetched_once(served, tmp_path):
    url, asked = served
    path = weights_file(url, SHA)
    assert path.read_bytes() == CONTENT
    assert path.is_relative_to(tmp_path / "cache")
    assert weights_file(url, SHA) == path
    assert len(asked) == 1
    # A file that was damaged in the cache is fetched again.
    path.write_bytes(b"damaged")
    assert weights_file(url, SHA).read_bytes() == CONTENT
    assert len(asked) == 2


def test_a_wrong_digest_leaves_nothing(served, tmp_path):
    url, _ = served
    with pytest.raises(DataError, match="has not the sha256 0000"):
        weights_file(url, "0" * 64)
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    with pytest.raises(DataError, match="need their sha256"):
        weights_file(url)


def test_without_network_the_remedy_is_named(served):
    with pytest.raises(DataError, match="cannot be fetched") as caught:
        weights_file("http://127.0.0.1:9/net.pth", SHA)
    assert "weights/net.pth" in str(caught.value)
    with pytest.raises(DataError, match="cannot be fetched"):
        weights_file(served[0].replace("net", "other"), SHA)


def test_a_mirror_is_used_instead(served, tmp_path, monkeypatch):
    url, asked = served
    (tmp_path / "mirror" / "weights").mkdir(parents=True)
    (tmp_path / "mirror" / "weights" / "net.pth").write_bytes(CONTENT)
    monkeypatch.setenv("COGMODELS_MIRROR", str(tmp_path / "mirror"))
    assert weights_file(url, SHA) == tmp_path / "mirror" / "weights" / "net.pth"
    assert not asked
    with pytest.raises(DataError, match="mirror is stale"):
        weights_file(url, "1" * 64)


def test_the_hubs_cache(tmp_path):
    named = f"net-{SHA[:8]}.pth"
    (tmp_path / named).write_bytes(CONTENT)
    (tmp_path / "plain.pth").write_bytes(CONTENT)
    assert weights_file(f"hub:{named}", hub=tmp_path) == tmp_path / named
    assert weights_file("hub:plain.pth", SHA, hub=tmp_path) == tmp_path / "plain.pth"
    with pytest.raises(DataError, match="the sha256 is"):
        weights_file("hub:plain.pth", "1" * 64, hub=tmp_path)
    (tmp_path / named).write_bytes(b"cut")
    with pytest.raises(DataError, match=f"expected is {SHA[:8]}"):
        weights_file(f"hub:{named}", hub=tmp_path)
    with pytest.raises(DataError, match=r"it has net-.*, plain\.pth"):
        weights_file("hub:other.pth", hub=tmp_path)
    with pytest.raises(DataError, match="no file of torch hub"):
        weights_file("hub:../secret", hub=tmp_path)


def test_a_path(tmp_path):
    (tmp_path / "w.pth").write_bytes(CONTENT)
    assert weights_file(tmp_path / "w.pth") == tmp_path / "w.pth"
    assert weights_file(str(tmp_path / "w.pth"), SHA) == tmp_path / "w.pth"
    with pytest.raises(DataError, match="the sha256 is"):
        weights_file(tmp_path / "w.pth", "1" * 64)
    with pytest.raises(DataError, match="no such file"):
        weights_file(tmp_path / "x.pth")


def test_config_refuses_an_address_without_digest():
    with pytest.raises(ConfigError, match="need `weights_sha256`"):
        validate(SearchExperiment, {"dataset": "d", "weights": "https://example.org/net.pth"}, "x")
    found = validate(
        SearchExperiment, {"dataset": "d", "weights": "https://example.org/net.pth", "weights_sha256": SHA}, "x"
    )
    assert found.network()["weights_sha256"] == SHA
