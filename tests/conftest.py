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
# A thousand jobs are started: each would compile the package anew where Python is told to keep nothing.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Files that take a minute and more, the longest first: begun last, one would keep a single worker busy at the end.
LONGEST = (
    "test_default_study", "test_diets", "test_reruns", "test_detectors", "test_plans", "test_prepared", "test_scanpath",
    "test_scenes", "test_faults", "test_joined", "test_search", "test_backbone_training", "test_maps", "test_searcher",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first; `--no-loadscope-reorder` of `make test` keeps this order among the workers."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


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
