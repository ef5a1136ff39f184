"""A page a model: what it is, its source, its options, its figures, and the rows of the docs' tables that measure it.

Numbers stand once, in the docs page of the model's family; the page of a model quotes the rows that name it.
"""

from __future__ import annotations

import ast
import re
import typing
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from markdown.extensions.toc import slugify
from site_pages import DOCS, ROOT, described, is_public, reference_line, section, studies, syntax

from cogmodels.config.study import DecodingExperiment
from cogmodels.report.citations import cite
from cogmodels.report.methods_models import model_name

#: What a quoted paragraph must not lose.
_WARNS = ("SIMULATED", "RENDERED", "CONSTRUCTED")
#: Of sections that do not name theirs: family, and model by family.
_FAMILY = {"experiments": "decoding", "pipelines": "gaze"}
_UNNAMED = {"search": "topdown", "decoding": "ridge_classifier"}
#: Columns of tables that say what a model is, not how it does.
_SAYS = {"what", "priority", "after", "properties", "mixes tokens"}
#: How rows begin that every score is to be read beside.
_BESIDE = ("people", "chance", "coder", "uniform (chance)", "the process", "true-process", "published")


@dataclass(frozen=True, eq=False)
class Family:
    """Models of one kind, and where the docs speak of them.

    ``objects``: model -> dotted name of its class or function. ``where``: (page, title of a `##` section; none = all).
    ``options``: title of the section of docs/config.md that all share; ``own``: that of one model, `{}` for its name.
    ``called``: model -> what tables call it beside its own name.
    """

    title: str
    kind: str
    folder: str
    objects: dict[str, str]
    where: tuple[tuple[str, str | None], ...]
    options: str
    own: str = "`experiments.<name>.{}`"
    called: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table of the docs: page, title of its `##` section, nearest heading, the paragraph before it, its lines."""

    page: str
    part: str
    heading: str
    before: str
    lines: tuple[str, ...]

    def about(self, names: frozenset[str], called: tuple[str, ...], follow: bool) -> tuple[list[str], bool]:
        """The lines that name a model, with those to read beside them, and whether they say what it is.

        A row without a first cell is about what the last one is; with ``follow`` so is one that begins "the same".
        Where models are columns, theirs are taken out.
        """
        head = [cell.strip() for cell in self.lines[0].strip("|").split("|")]
        mine = [at for at, cell in enumerate(head) if at and _is_about(cell, names, called)]
        if mine:
            kept = [0, *(at for at, cell in enumerate(head) if at in mine or (at and _is_beside(cell)))]
            cells = [line.strip("|").split("|") for line in self.lines]
            return [f"|{'|'.join(row[at] for at in kept)}|" for row in cells], False
        says, about, taken, found, rows = bool(set(head) & _SAYS), "", False, False, []
        for line in self.lines[2:]:
            first = "" if line.startswith("| |") else line.strip("| ").split("|")[0].strip()
            goes_on = not first or (follow and first.startswith("the same"))
            about = first or about
            taken = taken if goes_on else _is_about(about, names, called)
            found |= taken
            if taken or (not says and _is_beside(about)):
                rows.append(line)
        return [*self.lines[:2], *rows] if found else [], says


def _registered(module: str, *names: str) -> dict[str, str]:
    """Entries of a registry's tables, model -> dotted name; read, not imported, as torch alone takes seconds."""
    tree, found = syntax(module), {}
    imported = {
        alias.name: f"{node.module}.{alias.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(targets[0], ast.Name) and targets[0].id in names:
            found |= {
                key.value: imported[value.id] for key, value in zip(node.value.keys, node.value.values, strict=True)
            }
    return found


@cache
def all_families() -> tuple[Family, ...]:
    """Every family, from the registries."""
    decoders, scanpaths, objects = (
        f"cogmodels.{name}.registry" for name in ("decoding", "scanpath", "scanpath.objects")
    )
    linear = typing.get_args(DecodingExperiment.model_fields["model"].annotation)
    searchers = {
        "topdown": "topdown.TopDown", "bayesian": "bayesian.BayesianSearcher", "pixel_match": "controls.PixelMatch",
        "saliency": "controls.Saliency", "centre_bias": "controls.CentreBias", "chance": "controls.Chance",
    }  # fmt: skip
    experiments = "`experiments.<name>`, `family: {}`"
    return (
        Family(
            "Linear decoders", "decoding", "decoding", dict.fromkeys(linear, "cogmodels.decoding.linear.train_linear"),
            (("README.md", None), ("docs/fmri.md", None), ("docs/eeg.md", None)), experiments.format("decoding"),
        ),
        Family(
            "Decoders across subjects", "decoding", "decoding",
            _registered(decoders, "BASELINES", "NETWORKS", "JOINT_NETWORKS"),
            tuple(("docs/decoding.md", part) for part in (
                "Decoders across subjects", "Images", "fMRI, EEG and gaze together", "The large simulated study",
            )),
            experiments.format("decoding") + ", models across subjects", called={"mindeye2": ("without projector",)},
        ),
        Family(
            "Decoders of EEG", "decoding", "decoding",
            _registered(decoders, "EPOCH_CLASSIFIERS", "EPOCH_NETWORKS"),
            (("docs/decoding.md", "EEG of new people"), ("docs/eeg.md", None)),
            experiments.format("decoding") + ", EEG of new people",
            called={
                "lda": ("lda-aligned", "control eyes", "control means"),
                "tangent_space": ("tangent-evoked", "control eyes-evoked", "control frontal", "control occipital"),
            },
        ),
        Family(
            "Scanpath models", "scanpath", "scanpath",
            {
                **_registered(scanpaths, "BASELINES"),
                "saliency": "cogmodels.scanpath.models.saliency.Saliency",
                "transformer": "cogmodels.scanpath.network.Transformer",
            },
            tuple(("docs/scanpath.md", part) for part in ("Scanpath models", "Measured", "A known process")),
            experiments.format("scanpath"), called={
                "transformer": ("network",), "centre_bias": ("centre",), "nearest_image": ("nearest",),
                "human_shuffled": ("shuffled",),
            },
        ),
        Family(
            "Scanpaths over objects", "scanpath", "objects",
            {**_registered(objects, "BASELINES"), "oat": "cogmodels.scanpath.objects.models.oat.Oat"},
            (("docs/scanpath.md", "Objects: which one is looked at next"),),
            experiments.format("scanpath") + ", a model of objects",
            called={
                "any_object": ("any cover",), "nearest_object": ("nearest",), "markov_object": ("markov",),
                "guided_object": ("markov, guided",), "oat": ("ablation",),
            },
        ),
        Family(
            "Search models", "search", "search",
            {name: f"cogmodels.search.{place}" for name, place in searchers.items()}, (("docs/search.md", None),),
            experiments.format("search"),
            called={
                "topdown": ("eccnet", "ours (lite0)", "no eccentricity"), "pixel_match": ("correlation of pixels",),
                "chance": ("chance searcher",), "bayesian": ("bayesian searcher",),
            },
        ),
        Family(
            "Gaze event detectors", "gaze", "gaze", _registered("cogmodels.gaze.detectors", "DETECTORS"),
            (("docs/gaze.md", None),),
            "`pipelines.<name>`, `modality: gaze`", "`pipelines.<name>.{}`",
            called={"engbert_kliegl": ("engbert-kliegl",), "idt": ("i-dt",), "ivt": ("i-vt",),
                    "remodnav": ("our remodnav",)},
        ),
        Family(
            "Attention mechanisms", "attention", "attention", _registered("cogmodels.attention.registry", "MECHANISMS"),
            (("docs/attention.md", None), ("docs/scanpath.md", "Measured")),
            "Attention of a transformer", "`{}` of attention",
        ),
    )  # fmt: skip


def families() -> dict[str, list[tuple[str, str]]]:
    """Title of a family -> its models' names and pages."""
    return {
        family.title: [(name, f"models/{family.folder}/{name}.md") for name in family.objects]
        for family in all_families()
    }


def model_pages() -> dict[str, str]:
    """Every model's page, and their index."""
    pages = {
        f"models/{family.folder}/{name}.md": _model_page(family, name)
        for family in all_families()
        for name in family.objects
    }
    return {"models/index.md": _index(), **pages}


def _index() -> str:
    parts = [
        "# Models",
        "Every model, by the name that a config gives it (`model:` of an experiment, `detector:` of a gaze pipeline, "
        "`attention:` of a network). A page says what it is and where it comes from, its options, which shipped "
        "studies run it, and what was measured of it.",
    ]
    for family in all_families():
        rows = ["| name | what |", "|---|---|"]
        for name in family.objects:
            rows.append(f"| [`{name}`]({family.folder}/{name}.md) | {_what(family, name)[0]} |")
        parts += [f"## {family.title}", "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


def _what(family: Family, name: str) -> tuple[str, list[str]]:
    """What a model is in a few words, and the keys of its references."""
    if family.kind in ("gaze", "attention"):
        return described(family.objects[name]).split("\n\n")[0].replace("\n", " "), []
    return cite(model_name({"family": family.kind, "model": name}))


def _model_page(family: Family, name: str) -> str:
    what, keys = _what(family, name)
    place = family.objects[name]
    known, measured, figures = _quoted(family, name)
    parts = [f"# {name}", f"*{family.title}*" + (f": {what}." if family.kind not in ("gaze", "attention") else "")]
    parts += [described(place), *known]
    code = f"[`{place}`][{place}]" if is_public(place) else f"`{place}`"
    parts.append(f"Code: {code}. The whole family: {_link(family.where[0][0])}.")
    if keys:
        parts += ["## Source", "\n".join(reference_line(key) for key in sorted(set(keys)))]
    parts += ["## Options", _options(family, name)]
    if runs := _runs(family, name):
        parts += ["## Studies that run it", "\n".join(runs)]
    parts += ["## Measured", *(measured or ["The docs quote no measurement of it yet."])]
    if figures:
        parts += ["## Figures", *(f"![{alt}](../../{file.removeprefix('docs/')})\n\n{alt}" for alt, file in figures)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _options(family: Family, name: str) -> str:
    config = (DOCS / "config.md").read_text(encoding="utf-8")
    plain = family.options.replace("`", "")
    shared = f"[{plain.replace('<', '&lt;')}](../../config.md#{slugify(plain, '-')})"
    own = family.own.format(name)
    key = {"gaze": "detector", "attention": "attention"}.get(family.kind, "model")
    if f"\n### {own}\n" not in config:
        return f"`{key}: {name}`; it has no section of its own. What all of its family have: {shared}."
    return f"`{key}: {name}`, its section {own}; what all of its family have: {shared}.\n\n{section(config, own)}"


def _runs(family: Family, name: str) -> list[str]:
    """Shipped studies with an experiment (or gaze pipeline) of the model, and how they call it."""
    runs = []
    for command, study in studies().items():
        names = [f"`{one}`" for one in _named(study, family, name)]
        if names:
            runs.append(f"- `snakemake{command}`: {', '.join(names[:8])}{' and more' if len(names) > 8 else ''}")
    return runs


def _named(study: dict[str, Any], family: Family, name: str) -> list[str]:
    """Experiments of a study (of detectors: gaze pipelines) that run a model."""
    part, key = ("pipelines", "detector") if family.kind == "gaze" else ("experiments", "model")
    found = []
    for one, options in (study.get(part) or {}).items():
        merged = {"family": _FAMILY[part]}
        for above in reversed(_chain(study, part, one) if options else []):
            merged |= above
        model = merged.get(key, _UNNAMED.get(merged["family"]))
        if options and (model, merged["family"]) == (name, family.kind):
            found.append(one)
    return found


def _chain(study: dict[str, Any], part: str, name: str | None) -> list[dict[str, Any]]:
    """The options of a section, then those of what it extends, as far as its file and the default study know."""
    chain = []
    while name:
        known = [(one.get(part) or {}).get(name) for one in (study, studies()[""])]
        new = [options for options in known if options and options not in chain]
        chain += new
        name = next((options["extends"] for options in new if "extends" in options), None)
    return chain


def _quoted(family: Family, name: str) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """Rows of the docs' tables that say what a model is, those that measure it, and the figures beside them."""
    known, measured, figures = [], [], []
    names, called = _names(family, name), family.called.get(name, ())
    if family.kind != "decoding":  # "ridge" alone is many things
        called = (name.replace("_", " "), *called)
    for page, only in family.where:
        for table in _tables(page):
            if only not in (None, table.part):
                continue
            lines, says = table.about(names, called, family.kind != "decoding")
            if not lines:
                continue
            figures += [one for one in _figures(page, table.part, family, name) if one not in figures]
            before = "" if says else _shortened(table.before)
            quoted = _moved("\n".join(lines), page)
            (known if says else measured).append(
                f"From {_link(page, table.heading)}. {_moved(before, page)}\n\n{quoted}"
            )
    return known, measured, figures


def _shortened(text: str) -> str:
    """The last sentences of a long paragraph, which introduce its table; all where an earlier one warns of its data."""
    last = re.split(r"(?<=[a-z)`]\.)\s+(?=[A-Z*])", text)[-2:]
    short = " ".join(last)
    return short if len(text) > 700 and all((word in short) >= (word in text) for word in _WARNS) else text


@cache
def _names(family: Family, name: str) -> frozenset[str]:
    """What tables call a model in code: its name, and the experiments that run it."""
    return frozenset([name, *(one for study in studies().values() for one in _named(study, family, name))])


def _is_beside(cell: str) -> bool:
    return cell.strip("*` ").lower().startswith(_BESIDE)


def _is_about(cell: str, names: frozenset[str], called: tuple[str, ...]) -> bool:
    codes = re.findall(r"`([^`]+)`", cell)
    if any(code in names for code in codes):
        return True
    plain = cell.replace("*", "").replace("`", "").lower()
    return any(re.match(rf"{re.escape(word)}(?![\w-]|, guided)", plain) for word in called)


@cache
def _tables(page: str) -> tuple[Table, ...]:
    """Every table of a docs page."""
    found, part, heading, fenced = [], "", "", False
    blocks = re.split(r"\n{2,}", (ROOT / page).read_text(encoding="utf-8"))
    before = ""
    for block in blocks:
        lines = [line for line in block.splitlines() if not line.startswith("<!--")]
        fenced ^= block.count("```") % 2 == 1
        if not lines or fenced:
            continue
        if head := re.match(r"(#+) (.*)", lines[0]):
            heading = head[2].strip()
            part = heading if len(head[1]) < 3 else part
            before, lines = "", lines[1:]
        start = next((i for i, line in enumerate(lines) if line.startswith("|")), None)
        if start is None:
            before = "\n".join(lines)
            continue
        if start:
            before = "\n".join(lines[:start])
        found.append(Table(page, part, heading, before, tuple(line for line in lines[start:] if line.startswith("|"))))
    return tuple(found)


def _figures(page: str, part: str, family: Family, name: str) -> list[tuple[str, str]]:
    """Figures of a part of a page (alt text, path), but those that are of another model alone."""
    others = {word for one, words in family.called.items() if one != name for word in words}
    text = section((ROOT / page).read_text(encoding="utf-8"), part)
    found = re.findall(r"!\[(.*?)\]\((\S+?)\)", text)
    return [(alt, path) for alt, path in found if not any(word in alt.lower() for word in others)]


def _link(page: str, heading: str = "") -> str:
    """A link to a docs page from a model's page."""
    if page == "README.md":
        return "[the default study](../../index.md)"
    title = re.match(r"# (.*)", (ROOT / page).read_text(encoding="utf-8"))[1]
    anchor = f"#{slugify(heading.replace('`', ''), '-')}" if heading and heading != title else ""
    shown = f"{title}: {re.sub(r' [(]`.*', '', heading)}" if anchor else title
    return f"[{shown}](../../{page.removeprefix('docs/')}{anchor})"


def _moved(text: str, page: str) -> str:
    """Text of a docs page as it stands on a model's page: its links lead to where they led."""
    text = re.sub(r"\]\(#", f"](../../{page.removeprefix('docs/')}#", text)
    text = re.sub(r"\]\((?!https?:|\.\./|#)(?:docs/)?([\w./-]+)", r"](../../\1", text)
    return text.replace("](../../README.md#", "](../../index.md#")
