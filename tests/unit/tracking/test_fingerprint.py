"""Code fingerprints follow what a script reaches by import, and nothing else."""

import os

import pytest

from cogmodels.errors import ConfigError
from cogmodels.tracking import fingerprint
from cogmodels.tracking.fingerprint import code_fingerprint, import_closure


@pytest.fixture
def tree(tmp_path):
    files = {
        "cogmodels/__init__.py": "",
        "cogmodels/a.py": "from cogmodels.room.b import f\n",
        "cogmodels/other.py": "x = 1\n",
        "cogmodels/room/__init__.py": '"""Room."""\n',
        "cogmodels/room/b.py": 'def f():\n    """Doc."""\n    from cogmodels.room import c\n    return c.x\n',
        "cogmodels/room/c.py": "x = 1  # comment\n",
        "script.py": "import numpy\nfrom cogmodels.a import f\n",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return tmp_path


def test_closure_follows_imports_inside_functions_and_packages(tree):
    assert list(import_closure(tree / "script.py", tree)) == [
        "cogmodels", "cogmodels.a", "cogmodels.room", "cogmodels.room.b", "cogmodels.room.c",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "same"),
    [
        ("cogmodels/room/c.py", "x = 2\n", False),
        ("cogmodels/room/c.py", "x = 1\n", True),
        (
            "cogmodels/room/b.py",
            'def f():\n    """Other."""\n\n    from cogmodels.room import c\n    return c.x\n',
            True,
        ),
        ("cogmodels/other.py", "x = 2\n", True),
        ("cogmodels/room/__init__.py", "y = 1\n", False),
    ],
)
def test_fingerprint_changes_with_code_that_is_reached(tree, name, content, same):
    before = code_fingerprint(tree / "script.py", tree)
    (tree / name).write_text(content)
    assert (code_fingerprint(tree / "script.py", tree) == before) is same


def test_modules_imported_by_computed_name_count_when_they_are_given(tree):
    before = code_fingerprint(tree / "script.py", tree, ("cogmodels.other",))
    (tree / "cogmodels/other.py").write_text("x = 3\n")
    assert code_fingerprint(tree / "script.py", tree, ("cogmodels.other",)) != before


def test_what_was_parsed_once_is_known_to_the_next_process(tree, monkeypatch):
    def in_a_new_process():
        for memory in (fingerprint._source_at, fingerprint._remembered):
            memory.cache_clear()
        return code_fingerprint(tree / "script.py", tree)

    parsed = []
    parse = fingerprint._parse
    monkeypatch.setattr(fingerprint, "_parse", lambda path, content: parsed.append(path.name) or parse(path, content))
    before = in_a_new_process()
    assert len(parsed) == 6
    assert in_a_new_process() == before
    assert len(parsed) == 6
    # Content counts, whatever the time of the file.
    path = tree / "cogmodels/room/c.py"
    old, stamp = path.read_text(), path.stat()
    path.write_text(old.replace("1", "2"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert in_a_new_process() != before
    assert parsed[6:] == ["c.py"]
    path.write_text(old)
    (store,) = (tree / "cogmodels/__pycache__").glob("fingerprints.*.json")
    store.write_text(store.read_text()[:100])
    assert in_a_new_process() == before
    assert len(parsed) == 13


def test_missing_script_and_broken_module_are_named(tree):
    with pytest.raises(ConfigError, match="does not exist"):
        code_fingerprint(tree / "none.py", tree)
    (tree / "cogmodels/a.py").write_text("def f(:\n")
    with pytest.raises(ConfigError, match="line 1 is not valid Python"):
        code_fingerprint(tree / "script.py", tree)


def test_every_workflow_script_reaches_its_package_code(root):
    for script in (root / "workflow" / "scripts").glob("*.py"):
        assert "cogmodels.tracking.job" in import_closure(script, root), script.name
