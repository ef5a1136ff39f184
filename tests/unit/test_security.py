"""What comes from outside runs nothing and stays where it belongs: archives, YAML, arrays.

Addresses: tests/unit/data/test_sources.py; checkpoints: tests/unit/training/test_fit.py; pages: tests/unit/report/test_page.py.
"""

import ast
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from cogmodels.config.load import load_spec
from cogmodels.data.archives import read_members
from cogmodels.data.gaze_files import edf
from cogmodels.data.sources import _extract, _Place
from cogmodels.errors import ConfigError, DataError

ROOT = Path(__file__).resolve().parents[2]
# Reads pickled dictionaries of arrays, and lets them name nothing else (tests/unit/data/test_eeg_converters.py).
READS_PICKLES = {"cogmodels/data/pickled.py"}
# Functions that run or fetch what their argument says; with a keyword: unless it has this value.
REFUSED = {
    "eval": None, "exec": None, "os.system": None, "os.popen": None, "pd.read_pickle": None, "joblib.load": None,
    "yaml.load": None, "yaml.unsafe_load": None, "yaml.full_load": None, "urlopen": None, "urllib.request.urlopen": None,
    "urlretrieve": None, "torch.load": ("weights_only", True), "np.load": ("allow_pickle", False),
    "numpy.load": ("allow_pickle", False),
}  # fmt: skip


def findings(text):
    """Lines of a Python file that unpickle, evaluate, unpack or fetch without a guard."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
            found += [(node.lineno, name) for name in names if name in ("pickle", "dill", "cloudpickle", "marshal")]
        if not isinstance(node, ast.Call):
            continue
        name, given = ast.unparse(node.func), {key.arg: ast.unparse(key.value) for key in node.keywords}
        if name in REFUSED and (REFUSED[name] is None or given.get(REFUSED[name][0]) != str(REFUSED[name][1])):
            found.append((node.lineno, name))
        if name.endswith((".extractall", ".extract")) or given.get("shell") == "True":
            found.append((node.lineno, name))
        # Lightning reads the checkpoint that it goes on from.
        if "ckpt_path" in given and given.get("weights_only") != "True":
            found.append((node.lineno, name))
    return found


def sources():
    return sorted([*(ROOT / "cogmodels").rglob("*.py"), *(ROOT / "workflow").rglob("*.py")])


def test_no_code_of_ours_unpickles_evaluates_or_unpacks_what_it_reads():
    found = {path.relative_to(ROOT).as_posix(): findings(path.read_text()) for path in sources()}
    assert len(found) > 300
    assert {path: lines for path, lines in found.items() if lines and path not in READS_PICKLES} == {}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle", "from pickle import loads", "eval(x)", "yaml.load(x)", "yaml.load(x, Loader=yaml.Loader)",
        "np.load(x)", "np.load(x, allow_pickle=True)", "torch.load(x)", "torch.load(x, weights_only=False)",
        "archive.extractall(x)", "subprocess.run(x, shell=True)", "trainer.fit(net, ckpt_path=x)",
    ],
)  # fmt: skip
def test_the_search_above_finds_what_it_looks_for(text):
    assert findings(text)


def test_yaml_makes_no_objects(tmp_path):
    (tmp_path / "evil.yaml").write_text(f"name: !!python/object/apply:os.mkdir ['{tmp_path / 'made'}']\n")
    with pytest.raises((ConfigError, yaml.YAMLError)):
        load_spec(tmp_path, "evil")
    assert not (tmp_path / "made").exists()


class Evil:
    """Pickled, it makes a folder when it is read."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return (Path.mkdir, (self.folder,))


def test_edf_recordings_cross_processes_as_arrays(tmp_path):
    raw = {
        "samples": np.arange(6.0).reshape(2, 3), "clock": np.arange(3.0), "eyes": ["left"], "screen_resolution": None,
        "messages": ["TRIALID ü"], "header": {"camera": "x"}, "started": 1, "events": {"blinks": {"eye": np.zeros(2)}},
    }  # fmt: skip
    edf._write(tmp_path / "a.npz", raw)
    back = edf._read(tmp_path / "a.npz")
    assert set(back) == set(raw)
    np.testing.assert_array_equal(back["samples"], raw["samples"])
    np.testing.assert_array_equal(back["events"]["blinks"]["eye"], np.zeros(2))
    assert {key: back[key] for key in ("eyes", "messages", "header", "started", "screen_resolution")} == {
        key: raw[key] for key in ("eyes", "messages", "header", "started", "screen_resolution")
    }
    np.savez(tmp_path / "evil.npz", samples=np.array([Evil(tmp_path / "made")], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        edf._read(tmp_path / "evil.npz")
    assert not (tmp_path / "made").exists()


def packed(path, kind):
    """An archive whose one member is a link, hard link or device, called `data/a`."""
    if kind == "zip link":
        item = zipfile.ZipInfo("data/a")
        item.external_attr = (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile(path, "w") as file:
            file.writestr(item, "/etc/hostname")
        return path
    item = tarfile.TarInfo("data/a")
    item.type = {"tar link": tarfile.SYMTYPE, "hard link": tarfile.LNKTYPE, "device": tarfile.CHRTYPE}[kind]
    item.linkname = "/etc/hostname"
    with tarfile.open(path, "w") as file:
        file.addfile(item)
    return path


@pytest.mark.parametrize("kind", ["zip link", "tar link", "hard link", "device"])
def test_links_and_devices_in_archives_are_refused(tmp_path, kind):
    with pytest.raises(DataError, match="link or device"):
        list(read_members(packed(tmp_path / "archive", kind), ["*"]))


@pytest.mark.parametrize("name", ["../evil", "data/../../evil", "/etc/evil", "c:/evil", "data\\..\\..\\evil"])
def test_members_of_a_zip_stay_in_their_folder(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(name, b"evil")
    place = _Place("set", tmp_path / "there", None, {})
    with pytest.raises(DataError, match="leave its folder"):
        _extract(place, tmp_path / "a.zip", {"members": ["*"]}, {}, "registry")
    assert not list(tmp_path.rglob("*evil*"))
