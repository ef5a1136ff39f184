"""What mkdocs calls while it builds the site: generated pages, sections that stand once, references of docstrings."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import site_models
import site_pages
from mkdocs.structure.files import File, Files
from site_pages import ROOT, prose, section

logger = logging.getLogger("mkdocs.hooks.site")
#: ``<!-- from README.md: Two commands -->`` stands for that section, so that text stands once; with ``, first`` for
#: what comes before its first heading.
_INCLUDED = re.compile(r"^<!-- from ([\w/.-]+): (.+?) -->$", re.MULTILINE)
_COMMENT = re.compile(r"^<!--.*?-->\n", re.MULTILINE | re.DOTALL)
_ROLE = re.compile(r":(?:func|class|data|mod|meth):<code>~?([\w.]+)</code>")
_LINK = re.compile(r"(?<=\]\()(?!https?:|#|mailto:)([^)\s]+)(?=\))")


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages, and name them where the navigation names their folder."""
    pages = {**site_models.model_pages(), **site_pages.pages()}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    config.nav = _expanded(config.nav, _folders(pages))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put the sections in that a page includes, and drop comments."""
    up = "../" * page.file.src_uri.count("/")

    def included(match: re.Match[str]) -> str:
        title, short, _ = match[2].partition(", first")
        text = section((ROOT / match[1]).read_text(encoding="utf-8"), title, match[1])
        text = re.split(r"^#+ ", text, maxsplit=1, flags=re.MULTILINE)[0] if short else text
        return prose(text, lambda part: _LINK.sub(lambda link: up + _from_docs(link[1]), part))

    markdown = _INCLUDED.sub(included, markdown)
    return prose(markdown, lambda part: _COMMENT.sub("\n", part))


def on_page_content(html: str, **_: Any) -> str:
    """Sphinx roles of docstrings as references; a strict build fails where one leads nowhere."""

    def reference(match: re.Match[str]) -> str:
        name, short = match[1], match[1].rsplit(".", 1)[-1]
        if not name.startswith("cogmodels."):
            above = re.findall(r'id="(cogmodels[\w.]*)"', html[: match.start()])
            name = site_pages.resolved(name, above[-1]) if above else None
        elif not site_pages.is_defined(name):
            logger.warning(f"a docstring refers to `{name}`, which is not there")
        if name is None or not site_pages.is_public(name):
            return f"<code>{match[1]}</code>"
        return f'<autoref identifier="{name}"><code>{short}</code></autoref>'

    return _ROLE.sub(reference, html)


def on_post_build(config: Any, **_: Any) -> None:
    """The index of the search once more as a script, which a page may read from a disk."""
    index = Path(config.site_dir) / "search" / "search_index.json"
    index.with_suffix(".js").write_text(f"var __index = {index.read_text(encoding='utf-8')}", encoding="utf-8")


def _folders(pages: dict[str, str]) -> dict[str, list[Any]]:
    """What stands in the navigation for each generated folder: its index, then its pages by title."""

    def titled(folder: str) -> list[Any]:
        names = sorted(name for name in pages if name.startswith(folder) and not name.endswith("/index.md"))
        return [f"{folder}index.md", *({Path(name).stem: name} for name in names)]

    models = [{title: [{name: page} for name, page in own]} for title, own in site_models.families().items()]
    return {"models/": ["models/index.md", *models], "datasets/": titled("datasets/"), "api/": titled("api/")}


def _from_docs(link: str) -> str:
    """A link of a file at the top, as seen from the docs folder."""
    return link.removeprefix("docs/")


def _expanded(nav: Any, folders: dict[str, list[Any]]) -> Any:
    """The navigation with generated folders in place of their names."""
    if isinstance(nav, list):
        return [_expanded(one, folders) for one in nav]
    if isinstance(nav, dict):
        return {title: _expanded(one, folders) for title, one in nav.items()}
    return folders.get(nav, nav)
