"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The first call of a kernel compiles it: time is no property of these tests.
settings.register_profile("cogmodels", deadline=None)
settings.load_profile("cogmodels")
# Two workers share the cores: one thread each, as the jobs of the workflow have.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def mirror(root: Path) -> Path:
    """The folder of real recordings (COGMODELS_MIRROR); tests that need it are skipped without it."""
    place = os.environ.get("COGMODELS_MIRROR")
    if not place:
        pytest.skip("COGMODELS_MIRROR is not set: tests on mirrored recordings are skipped")
    folder = (root / place).resolve()
    if not (folder / "MANIFEST.tsv").exists():
        pytest.skip(f"COGMODELS_MIRROR={place} holds no MANIFEST.tsv: tests on mirrored recordings are skipped")
    return folder
