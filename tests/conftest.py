"""Fixtures shared by all tests."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
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
# Files that take half a minute and more, the longest of all first: begun last, one would keep a single worker busy at the end.
LONGEST = (
    "integration/test_default_study", "dag/test_diets", "dag/test_reruns", "conformance/test_detectors", "dag/test_plans",
    "dag/test_prepared", "metrics/test_scanpath", "dag/test_scenes", "dag/test_faults", "dag/test_joined", "dag/test_search",
    "stimuli/test_backbone_training", "dag/test_maps", "search/test_searcher", "conformance/test_converters",
    "dag/test_searches", "stimuli/test_backbones", "training/test_fit", "eeg/test_ica", "decoding/test_cross_subject",
    "unit/test_site", "integration/test_wandb_server", "dag/test_conda", "decoding/test_diffusion",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first; `--no-loadscope-reorder` of `make test` keeps this order among the workers."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(f"{item.path.parent.name}/{item.path.stem}", len(places)))


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


# Opens what folds, then tells what a reader would see: pictures, those that are broken, what hangs out of the window.
LOOK = """<script>addEventListener("load", () => {
    for (const one of document.querySelectorAll("details")) one.open = true;
    const tell = document.body.dataset, images = [...document.images];
    tell.figures = images.length;
    tell.broken = images.filter(one => !one.naturalWidth).length;
    const inside = [...document.querySelectorAll("nav a")].filter(one => one.hash && one.pathname === location.pathname);
    tell.links = inside.filter(one => !document.getElementById(decodeURIComponent(one.hash.slice(1)))).length;
    tell.overflow = document.documentElement.scrollWidth - innerWidth;
});</script></body>"""


@pytest.fixture
def browser(tmp_path: Path) -> Callable[..., dict[str, int | list[str]]]:
    """Open a page in headless Chromium: its figures, broken ones, dead links, overflow in px, what its console says.

    A copy is opened; ``beside`` the page, where it reads other files.
    """
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium is installed: pages are not opened in a browser")

    def look(page: Path, beside: bool = False) -> dict[str, int | list[str]]:
        copy = (page.parent if beside else tmp_path) / "page.html"
        copy.write_text(page.read_text(encoding="utf-8").replace("</body>", LOOK), encoding="utf-8")
        command = [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--window-size=1200,900",
            "--virtual-time-budget=5000", f"--user-data-dir={tmp_path / 'user'}", "--dump-dom", copy.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        told = dict(re.findall(r'data-(\w+)="(-?\d+)"', re.search(r"<body[^>]*>", done.stdout)[0]))
        said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return {**{name: int(value) for name, value in told.items()}, "console": said}

    return look
