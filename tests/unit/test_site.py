"""The documentation site is built without a warning, holds what there is, loads nothing from elsewhere and opens."""

import ast
import json
import re
import subprocess
import sys
import typing
from html import unescape

import pytest

from cogmodels.config.attention import AttentionChoice
from cogmodels.config.decoding import CrossSubjectExperiment
from cogmodels.config.detectors import DetectorName
from cogmodels.config.eeg_decoding import EPOCH_MODEL_NAMES
from cogmodels.config.generate import SPEC_SECTIONS, STUDY_SECTIONS
from cogmodels.config.objects import ObjectExperiment
from cogmodels.config.scanpath import ScanpathExperiment
from cogmodels.config.search import SearchExperiment
from cogmodels.config.study import DecodingExperiment
from cogmodels.report.citations import references

pytest.importorskip("mkdocs", reason="the extra `docs` is not installed")
pytestmark = pytest.mark.slow


def names_of(annotation):
    """The names that a Literal allows, however deep it lies."""
    return {one for part in typing.get_args(annotation) for one in (names_of(part) or {part})}


MODELS = {
    "decoding": {
        *names_of(DecodingExperiment.model_fields["model"].annotation),
        *names_of(CrossSubjectExperiment.model_fields["model"].annotation),
        *EPOCH_MODEL_NAMES,
        "joint",
    },
    "scanpath": names_of(ScanpathExperiment.model_fields["model"].annotation),
    "objects": names_of(ObjectExperiment.model_fields["model"].annotation),
    "search": names_of(SearchExperiment.model_fields["model"].annotation),
    "gaze": names_of(DetectorName),
    "attention": {"softmax", *AttentionChoice.model_fields} - {"encoder", "decoder", "cross"},
}


@pytest.fixture(scope="module")
def site(root, tmp_path_factory):
    """The built site; `--strict` fails on each warning: links, anchors, references, pages beside the navigation."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


def text_of(page):
    """What stands in a page's article."""
    article = re.search(r"<article.*?</article>", page.read_text(encoding="utf-8"), re.DOTALL)[0]
    return unescape(re.sub(r"<[^>]+>", "", article))


def test_each_model_has_a_page_that_says_what_it_is(site):
    found = {folder: {page.stem for page in (site / "models" / folder).glob("*.html")} for folder in MODELS}
    assert found == MODELS
    for page in (site / "models").glob("*/*.html"):
        text = text_of(page)
        assert all(f"\n{title}" in text for title in ("Options", "Measured")), page
        assert page.stem in text_of(site / "models" / "index.html")


def test_models_quote_the_numbers_of_the_docs_with_what_they_are_to_be_read_beside(site, root):
    for page, source, name in (
        ("decoding/mindbridge", "decoding", "| `mindbridge` | .092"), ("objects/oat", "scanpath", "| **OAT**"),
        ("objects/oat", "scanpath", "| people (each other"), ("decoding/linear_svc", "fmri", "| `haxby-25mm-hoc`"),
        ("attention/hilo", "scanpath", "| hilo (patches)"), ("search/topdown", "search", "| ours (Lite0)"),
        ("gaze/relative_velocity", "gaze", "| coder MN"), ("decoding/tangent_space", "eeg", "| `tangent-evoked`"),
        ("scanpath/transformer", "scanpath", "| **network** | 14.42"),
    ):  # fmt: skip
        rows = [line for line in (root / "docs" / f"{source}.md").read_text().splitlines() if line.startswith(name)]
        assert rows, name
        cells = [re.sub(r"[`*]", "", cell).strip() for cell in rows[0].strip("|").split("|")]
        lines = map(str.strip, text_of(site / "models" / f"{page}.html").splitlines())
        assert "|".join(filter(None, cells)) in "|".join(filter(None, lines)), name
    # "ridge by parcel" is an alignment, not the decoder `ridge`.
    assert "by parcel" not in text_of(site / "models" / "decoding" / "ridge.html")
    assert "quote no measurement" in text_of(site / "models" / "gaze" / "ihmm.html")
    assert ".655 [.598, .708]" in text_of(site / "models" / "decoding" / "nice.html")
    assert "SIMULATED" in text_of(site / "models" / "decoding" / "mindbridge.html")
    # Models that are columns of a table, with people beside them; rows that go on with the last one.
    saliency = re.sub(r"\s+", " ", text_of(site / "models" / "scanpath" / "saliency.html"))
    source = (root / "docs" / "scanpath.md").read_text(encoding="utf-8")
    cells = [cell.strip("* ") for cell in re.search(r"^\| ScanMatch \|.*", source, re.MULTILINE)[0].split("|")]
    assert "metric saliency people " in saliency
    assert f"ScanMatch {cells[7]} {cells[9]}" in saliency
    assert "the same, centred: false" in text_of(site / "models" / "search" / "topdown.html")


def test_each_data_spec_has_a_page_with_its_licence(site, root):
    specs = {path.stem for path in (root / "data_specs").glob("*.yaml")}
    assert {page.stem for page in (site / "datasets").glob("*.html")} == specs | {"index"}
    osie = text_of(site / "datasets" / "osie.html")
    for said in ("MIT. Copies may be passed on.", "doi:10.1167/14.1.28", "24 px a degree. Assumed", "15 people"):
        assert said in osie
    nsd = (site / "datasets" / "nsd.html").read_text()
    assert "Copies may not be passed on." in nsd
    assert 'href="https://doi.org/10.1038/s41593-021-00962-x"' in nsd


def test_each_option_is_in_the_site(site):
    text = text_of(site / "config.html")
    for title, model in {**STUDY_SECTIONS, **SPEC_SECTIONS}.items():
        part = text[text.index(f"\n{title.replace('`', '')}¶") :]
        for name in model.model_fields:
            assert re.search(rf"^\s*{name}$", part, re.MULTILINE), (title, name)


def test_each_public_function_has_its_docstring_in_the_library(site, root):
    for room in ("gaze", "metrics", "eeg", "search"):
        page = (site / "api" / f"{room}.html").read_text(encoding="utf-8")
        places = set(re.findall(r'id="(cogmodels[\w.]+)"', page))
        for path in (root / "cogmodels" / room).rglob("*.py"):
            module = ".".join(path.relative_to(root).with_suffix("").parts)
            private = any(part.startswith("_") for part in module.split(".")) or path.name == "__init__.py"
            for node in [] if private else ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
                    name = f"{module}.{node.name}"
                    assert (name in places) == (not node.name.startswith("_")), name
    assert "cogmodels.gaze.cleaning.mark_lost" in (site / "api" / "gaze.html").read_text()
    assert not re.search(r":(func|class|data|meth):<", "".join(p.read_text() for p in (site / "api").glob("*.html")))


def test_rules_and_references_are_complete(site, root):
    rules = text_of(site / "reference" / "workflow.html")
    for script in (root / "workflow" / "scripts").glob("*.py"):
        assert re.search(rf"^\s*{script.stem}$", rules, re.MULTILINE), script.stem
    methods = (site / "reference" / "methods.html").read_text(encoding="utf-8")
    assert all(f'href="https://doi.org/{one.doi}"' in methods for one in references().values() if one.doi)


def test_what_the_readme_says_stands_once(site, root):
    assert "results/default/report/index.html" in text_of(site / "index.html")
    assert "results/default/report/index.html" not in (root / "docs" / "index.md").read_text()
    assert "<!-- from" not in "".join(page.read_text(encoding="utf-8") for page in site.rglob("*.html"))


def test_nothing_is_loaded_from_elsewhere(site):
    for page in site.rglob("*.html"):
        for tag in re.findall(
            r"<(?:script|link|img|iframe|source|video|object)\b[^>]*>", page.read_text(encoding="utf-8")
        ):
            assert not re.search(r"(?:src|href|data)=[\"']?(?:https?:)?//", tag), (page, tag)
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//|@import", style.read_text(encoding="utf-8")), style


def test_the_search_finds_models_and_functions(site):
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    found = {entry["location"] for entry in index["docs"]}
    assert {"models/objects/oat.html", "api/gaze.html#cogmodels.gaze.cleaning.mark_lost"} <= found


def test_pages_open_without_an_error(site, browser):
    for page in ("index.html", "models/search/topdown.html"):
        seen = browser(site / page, beside=True)
        assert seen["console"] == []
        assert seen["broken"] == 0
    assert seen["figures"] >= 3
