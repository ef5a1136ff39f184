"""Fetching: mirror, addresses, packages; digests, escapes and broken transfers."""

import hashlib
import io
import json
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cogmodels.data import archives, sources
from cogmodels.data.sources import SourceFile, fetch_source, read_source_record, write_source_record
from cogmodels.errors import DataError


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Site:
    """A web site on this machine: pages by path, failures to come, and what was asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.failures: dict[str, list[int]] = {}
        self.asked: list[str] = []
        self.logins: list[str | None] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                site.logins.append(self.headers.get("Authorization"))
                codes = site.failures.get(self.path, [])
                code = codes.pop(0) if codes else 200 if self.path in site.pages else 404
                body = site.pages.get(self.path, b"") if code == 200 else b"no"
                self.send_response(code)
                self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/octet-stream")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def site(monkeypatch):
    site = Site()
    monkeypatch.setenv("PIP_INDEX_URL", f"{site.url}/simple/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(sources.time, "sleep", lambda seconds: None)
    yield site
    site.server.shutdown()
    site.server.server_close()


def manifest(folder, rows):
    lines = ["path\tbytes\tsha256\turl"]
    lines += [f"{path}\t{len(content)}\t{sha(content)}\t{url}" for path, content, url in rows]
    (folder / "files.tsv").write_text("\n".join(lines) + "\n")
    return {"kind": "url", "manifest": "files.tsv"}


def fetch(source, folder, **options):
    options = {"spec_folder": folder, "progress": False, **options}
    return fetch_source("set", source, folder / "there", **options)


def leftovers(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# -- addresses -------------------------------------------------------------------------------------------------------


def test_urls_are_fetched_once(site, tmp_path):
    site.pages = {"/a.txt": b"alpha", "/b.bin": b"beta"}
    source = manifest(tmp_path, [("x/b.bin", b"beta", f"{site.url}/b.bin"), ("a.txt", b"alpha", f"{site.url}/a.txt")])
    files = fetch(source, tmp_path)
    assert [(file.path, file.origin, file.bytes) for file in files] == [("a.txt", "url", 5), ("x/b.bin", "url", 4)]
    assert (tmp_path / "there/x/b.bin").read_bytes() == b"beta"
    assert sorted(site.asked) == ["/a.txt", "/b.bin"]
    assert [file.origin for file in fetch(source, tmp_path)] == ["present", "present"]
    write_source_record(tmp_path / "there", files)
    assert fetch(source, tmp_path) == files
    assert len(site.asked) == 2


def test_only_damaged_files_are_fetched_again(site, tmp_path):
    site.pages = {"/a": b"alpha", "/b": b"beta"}
    source = manifest(tmp_path, [("a", b"alpha", f"{site.url}/a"), ("b", b"beta", f"{site.url}/b")])
    fetch(source, tmp_path)
    (tmp_path / "there/b").write_bytes(b"bet")
    fetch(source, tmp_path)
    assert site.asked.count("/a") == 1
    assert site.asked.count("/b") == 2
    assert (tmp_path / "there/b").read_bytes() == b"beta"


def test_wrong_digest_names_both_and_leaves_nothing(site, tmp_path):
    site.pages = {"/a": b"other"}
    source = manifest(tmp_path, [("a", b"alpha", f"{site.url}/a")])
    with pytest.raises(DataError) as caught:
        fetch(source, tmp_path)
    assert sha(b"other") in str(caught.value)
    assert sha(b"alpha") in str(caught.value)
    assert "/a" in str(caught.value)
    assert leftovers(tmp_path / "there") == []


def test_mirror_is_used_before_the_network(site, tmp_path):
    (tmp_path / "mirror/set/x").mkdir(parents=True)
    (tmp_path / "mirror/set/x/a").write_bytes(b"alpha")
    site.pages = {"/b": b"beta"}
    source = manifest(tmp_path, [("x/a", b"alpha", f"{site.url}/a"), ("b", b"beta", f"{site.url}/b")])
    files = fetch(source, tmp_path, mirror=tmp_path / "mirror")
    assert {file.path: file.origin for file in files} == {"x/a": "mirror", "b": "url"}
    assert site.asked == ["/b"]


def test_stale_mirror_is_an_error_not_a_silent_download(site, tmp_path):
    (tmp_path / "mirror/set").mkdir(parents=True)
    (tmp_path / "mirror/set/a").write_bytes(b"old")
    site.pages = {"/a": b"alpha"}
    source = manifest(tmp_path, [("a", b"alpha", f"{site.url}/a")])
    with pytest.raises(DataError, match="mirror is stale") as caught:
        fetch(source, tmp_path, mirror=tmp_path / "mirror")
    assert sha(b"old") in str(caught.value)
    assert str(tmp_path / "mirror/set/a") in str(caught.value)
    assert leftovers(tmp_path / "there") == []
    assert site.asked == []


def test_server_errors_are_tried_again_and_refusals_are_not(site, tmp_path):
    site.pages = {"/a": b"alpha"}
    site.failures = {"/a": [503, 500], "/down": [500] * 9}
    fetch(manifest(tmp_path, [("a", b"alpha", f"{site.url}/a")]), tmp_path)
    assert site.asked == ["/a"] * 3
    with pytest.raises(DataError, match="cannot be fetched"):
        fetch(manifest(tmp_path, [("gone", b"x", f"{site.url}/gone")]), tmp_path)
    assert site.asked.count("/gone") == 1
    with pytest.raises(DataError, match="COGMODELS_MIRROR"):
        fetch(manifest(tmp_path, [("down", b"x", f"{site.url}/down")]), tmp_path)
    assert site.asked.count("/down") == 3
    assert leftovers(tmp_path / "there") == ["a"]


@pytest.mark.parametrize("path", ["../a", "/a", "x/../../a", "c:/a", "x\\..\\a"])
def test_manifest_paths_stay_inside(tmp_path, path):
    with pytest.raises(DataError, match="leave its folder"):
        fetch(manifest(tmp_path, [(path, b"", "http://127.0.0.1:9/a")]), tmp_path)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a", "file:///etc/hosts", "a", "http:///a"])
def test_only_http_addresses(tmp_path, url):
    with pytest.raises(DataError, match=r"http\(s\)"):
        fetch(manifest(tmp_path, [("a", b"", url)]), tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path\tbytes\tsha256\na\t1\tb\n", "lacks url"),
        ("path\tbytes\tsha256\turl\n", "lacks rows"),
        ("path\tbytes\tsha256\turl\na\t1\tabc\thttp://h/a\n", "no sha256"),
        ("path\tbytes\tsha256\turl\n" + f"a\t1\t{'0' * 64}\thttp://h/a\n" * 2, "listed twice"),
    ],
)
def test_broken_manifests(tmp_path, text, said):
    (tmp_path / "files.tsv").write_text(text)
    with pytest.raises(DataError, match=said):
        fetch({"kind": "url", "manifest": "files.tsv"}, tmp_path)


# -- packages --------------------------------------------------------------------------------------------------------


def tarball(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        for name, content in members.items():
            item = tarfile.TarInfo(name)
            if isinstance(content, str):
                item.type, item.linkname = tarfile.SYMTYPE, content
                packed.addfile(item)
            else:
                item.size = len(content)
                packed.addfile(item, io.BytesIO(content))
    return buffer.getvalue()


def publish(site, archive, name="demo-1.0.tar.gz", listed=None):
    site.pages["/simple/demo/"] = f'<a href="../../f/{name}#sha256={listed or sha(archive)}">{name}</a>'.encode()
    site.pages[f"/f/{name}"] = archive


def package(content=None, **changes):
    source = {"kind": "package", "package": "demo", "version": "1.0", "archive": "sdist", "sha256": None}
    source |= {"members": ["demo-1.0/data/*"], "strip": "demo-1.0/data/", "files": []}
    return source | ({"sha256": sha(content)} if content else {}) | changes


MEMBERS = {"demo-1.0/setup.py": b"exit(1)", "demo-1.0/data/a.txt": b"alpha", "demo-1.0/data/sub/b.txt": b"beta"}


def test_sdist_members(site, tmp_path):
    archive = tarball(MEMBERS)
    publish(site, archive)
    files = fetch(package(archive), tmp_path)
    assert [(file.path, file.sha256, file.origin) for file in files] == [
        ("a.txt", sha(b"alpha"), "registry"),
        ("sub/b.txt", sha(b"beta"), "registry"),
    ]
    assert leftovers(tmp_path / "there") == ["a.txt", "archive/demo-1.0.tar.gz", "sub/b.txt"]
    # The archive that is there is used: nothing is asked again, and a lost member comes back.
    asked = len(site.asked)
    (tmp_path / "there/a.txt").unlink()
    assert fetch(package(archive), tmp_path) == files
    assert len(site.asked) == asked


def test_wheel_members_and_listed_files(site, tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("demo/data/a.txt", b"alpha")
        packed.writestr("demo/data/c.txt", b"gamma")
    publish(site, buffer.getvalue(), "demo-1.0-py3-none-any.whl")
    source = package(archive="wheel", members=["demo/data/*"], strip="demo/data/")
    source["files"] = [{"path": "a.txt", "sha256": sha(b"alpha")}]
    assert [file.path for file in fetch(source, tmp_path)] == ["a.txt"]
    source["files"] = [{"path": "c.txt", "sha256": sha(b"delta")}]
    with pytest.raises(DataError, match=sha(b"delta")) as caught:
        fetch(source, tmp_path)
    assert sha(b"gamma") in str(caught.value)
    assert not (tmp_path / "there/c.txt").exists()
    source["files"] = [{"path": "d.txt", "sha256": sha(b"")}]
    with pytest.raises(DataError, match=r"has no d\.txt"):
        fetch(source, tmp_path)


def test_archive_that_is_not_what_the_registry_says(site, tmp_path):
    publish(site, b"garbage", listed=sha(tarball(MEMBERS)))
    with pytest.raises(DataError, match=sha(b"garbage")):
        fetch(package(files=[{"path": "a.txt", "sha256": sha(b"alpha")}]), tmp_path)
    assert leftovers(tmp_path / "there") == []


def test_release_with_another_digest_is_refused_before_download(site, tmp_path):
    publish(site, tarball(MEMBERS))
    with pytest.raises(DataError, match="expected is " + sha(b"x")):
        fetch(package(sha256=sha(b"x")), tmp_path)
    assert site.asked == ["/simple/demo/"]


def test_missing_release_package_and_member(site, tmp_path):
    archive = tarball(MEMBERS)
    publish(site, archive)
    with pytest.raises(DataError, match="does not have this release"):
        fetch(package(archive, version="2.0"), tmp_path)
    with pytest.raises(DataError, match="does not have this package"):
        fetch(package(archive, package="other"), tmp_path)
    with pytest.raises(DataError, match="no member that fits"):
        fetch(package(archive, members=["nothing/*"]), tmp_path)


def test_unreachable_registry_does_not_show_logins(monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple/")
    with pytest.raises(DataError, match="does not answer") as caught:
        fetch(package(b"x"), tmp_path)
    assert "secret" not in str(caught.value)


def test_login_of_the_index_is_used(site, monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_INDEX_URL", f"http://user:secret@{site.host}/simple/")
    archive = tarball(MEMBERS)
    publish(site, archive)
    fetch(package(archive), tmp_path)
    assert len(site.logins) == 2
    assert all((login or "").startswith("Basic ") for login in site.logins)


@pytest.mark.parametrize("name", ["demo-1.0/data/../../../evil", "demo-1.0/data//etc/evil", "demo-1.0/data/x\\evil"])
def test_members_stay_inside(site, tmp_path, name):
    archive = tarball({name: b"evil"})
    publish(site, archive)
    with pytest.raises(DataError, match="leave its folder"):
        fetch(package(archive), tmp_path)
    assert not [path for path in tmp_path.rglob("*evil*")]


def test_links_are_refused(site, tmp_path):
    archive = tarball({"demo-1.0/data/a.txt": "/etc/hostname"})
    publish(site, archive)
    with pytest.raises(DataError, match="link or device"):
        fetch(package(archive), tmp_path)


def test_archive_from_the_mirror_and_a_cut_one(site, tmp_path):
    archive = tarball(MEMBERS)
    (tmp_path / "mirror/set").mkdir(parents=True)
    (tmp_path / "mirror/set/demo-1.0.tar.gz").write_bytes(archive)
    files = fetch(package(archive), tmp_path, mirror=tmp_path / "mirror")
    assert {file.origin for file in files} == {"mirror"}
    assert site.asked == []
    with pytest.raises(DataError, match="damaged"):
        list(archives.read_members(_write(tmp_path / "cut.tar.gz", archive[:-30]), ["*"]))


def _write(path, content):
    path.write_bytes(content)
    return path


def test_installed_distribution(site, tmp_path):
    member = "eyelinkio/tests/data/test_raw.edf"
    file = {"path": "test_raw.edf", "sha256": "6bdaaacc4b9dc5b12a31fef8dd7e5a41b41ba9124107d222d6dac2d04746bd80"}
    source = package(package="eyelinkio", version="0.3.0", archive="wheel", files=[file])
    source |= {"members": ["eyelinkio/tests/data/*.edf"], "strip": "eyelinkio/tests/data/"}
    if not archives.installed_files("eyelinkio", "0.3.0", [member]):
        pytest.skip("eyelinkio 0.3.0 is not installed")
    assert [(found.path, found.origin) for found in fetch(source, tmp_path)] == [("test_raw.edf", "installed")]
    assert site.asked == []
    # Another version, another digest, or `installed=False`: the registry is asked.
    assert archives.installed_files("eyelinkio", "0.2.0", [member]) == {}
    (tmp_path / "there/test_raw.edf").unlink()
    with pytest.raises(DataError, match="does not have this package"):
        fetch(source, tmp_path, installed=False)
    source["files"] = [{**file, "sha256": sha(b"x")}]
    with pytest.raises(DataError, match="does not have this package"):
        fetch(source, tmp_path)


def test_pip_settings(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://one/")
    assert archives.pip_option("index-url") == "http://one/"
    monkeypatch.delenv("PIP_INDEX_URL")
    listed = ":env:.index-url='http://no/'\nglobal.index-url='http://two/simple'\n"
    monkeypatch.setattr(archives.subprocess, "run", lambda *a, **k: type("Done", (), {"stdout": listed}))
    assert archives.pip_option("index-url") == "http://two/simple"
    assert archives.pip_option("proxy") is None


# -- folders and records ---------------------------------------------------------------------------------------------


def test_folder_is_listed_where_it_lies(tmp_path):
    (tmp_path / "own/sub-01").mkdir(parents=True)
    (tmp_path / "own/sub-01/a.txt").write_bytes(b"alpha")
    files = fetch({"kind": "folder", "path": str(tmp_path / "own")}, tmp_path)
    assert files == [SourceFile(str(tmp_path / "own/sub-01/a.txt"), sha(b"alpha"), 5, "folder")]
    assert not (tmp_path / "there").exists()
    with pytest.raises(DataError, match="does not exist"):
        fetch({"kind": "folder", "path": str(tmp_path / "none")}, tmp_path)


def test_unknown_kind(tmp_path):
    with pytest.raises(DataError, match="`simulation` cannot be fetched"):
        fetch({"kind": "simulation"}, tmp_path)


def test_record(tmp_path):
    files = [SourceFile("b", sha(b""), 0, "url"), SourceFile("a", sha(b"x"), 1, "mirror")]
    path = write_source_record(tmp_path, files)
    assert read_source_record(tmp_path) == sorted(files, key=lambda file: file.path)
    assert json.loads(path.read_text())["files"][0]["origin"] == "mirror"
    path.write_text("{}")
    with pytest.raises(DataError, match="no record"):
        read_source_record(tmp_path)
    path.unlink()
    with pytest.raises(DataError, match="does not exist"):
        read_source_record(tmp_path)
