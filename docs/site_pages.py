"""The pages of the documentation site that are made from code, config and data specs while it is built."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cogmodels.config.load import load_spec
from cogmodels.report.citations import references
from cogmodels.report.methods import study_methods

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
#: Rooms of the library, with what a reader finds there.
ROOMS = {
    "config": "the models of studies and data specs, which check them and make the tables of every option",
    "data": "sources, converters to BIDS, readers and writers, the tables that stages share",
    "simulate": "generative models with known truth",
    "gaze": "cleaning, event detectors, quality, scanpaths",
    "fmri": "from BOLD to single-trial responses; maps, searchlights, alignment",
    "eeg": "cleaning, epochs, gaze on the EEG's clock, deconvolution, decoding over time",
    "stimuli": "images, backbones, feature maps",
    "metrics": "scores, ceilings, intervals, p-values",
    "attention": "attention mechanisms behind one interface",
    "training": "the training loop",
    "decoding": "decoders",
    "scanpath": "scanpath models, of places and of objects",
    "search": "search models, displays, scenes",
    "tracking": "manifests and Weights & Biases",
    "report": "figures, tables and pages",
}
_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def prose(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` made outside of its code blocks."""
    return "".join(part if part.startswith("```") else change(part) for part in _FENCED.split(text))


def section(text: str, title: str, where: str = "") -> str:
    """What stands below a heading, up to the next of its level; or the paragraph that begins with ``**title.**``.

    Raises
    ------
    KeyError
        There is no such heading or paragraph.
    """
    if found := re.search(rf"^\*\*{re.escape(title)}\.\*\* (.*?)(?=\n\n|\Z)", text, re.MULTILINE | re.DOTALL):
        return found[1] + "\n"
    level, taken, fenced = 0, [], False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else re.match(r"(#+) (.*)", line)
        if heading and level and len(heading[1]) <= level:
            break
        if level:
            taken.append(line)
        elif heading and heading[2].strip() == title:
            level = len(heading[1])
    if not level:
        raise KeyError(f"{where} has no section `{title}`")
    return "\n".join(taken).strip() + "\n"


def pages() -> dict[str, str]:
    """Pages of data sets, library, rules, methods and changes: path in the docs folder -> Markdown."""
    return {
        **_dataset_pages(),
        **{f"api/{room}.md": _room_page(room) for room in ROOMS},
        "api/index.md": _library_page(),
        "reference/workflow.md": _workflow_page(),
        "reference/methods.md": _methods_page(),
        "reference/contributing.md": _from_top((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")),
        "reference/changelog.md": (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
    }


def _from_top(text: str) -> str:
    """A file of the checkout's top as a page one folder down."""
    return text.replace("](docs/", "](../")


def _dataset_pages() -> dict[str, str]:
    specs = {path.stem: load_spec(path.parent, path.stem) for path in sorted((ROOT / "data_specs").glob("*.yaml"))}
    rows = ["| name | what | modalities | licence | needs |", "|---|---|---|---|---|"]
    pages = {}
    for name, spec in specs.items():
        modalities = ", ".join(spec.modalities)
        facts = (f"[`{name}`]({name}.md)", spec.title, modalities, _cell(spec.licence.name), _NEEDS[spec.network])
        rows.append(f"| {' | '.join(facts)} |")
        pages[f"datasets/{name}.md"] = _dataset_page(name, spec)
    intro = "Made from `data_specs/*.yaml`. Kinds of source, and what limits the claims: [data sets](../data.md)."
    return {"datasets/index.md": "\n".join(["# Each data set", "", intro, "", *rows, ""]), **pages}


def _dataset_page(name: str, spec: Any) -> str:
    licence, source = spec.licence, spec.source
    passed_on = "Copies may be passed on." if licence.redistributable else "**Copies may not be passed on.**"
    terms = f"[{licence.name}]({licence.url})" if licence.url else licence.name
    facts = [
        ("modalities", ", ".join(spec.modalities)),
        ("source", f"{_SOURCES[source.kind]} (`{source.kind}`): {_place(source)}"),
        ("fetching needs", _NEEDS[spec.network]),
        ("subjects", str(len(spec.subjects)) if spec.subjects else "all that the folder has"),
        ("recordings", "; ".join(_recording(one) for one in spec.recordings) or "those that are found"),
        ("converter", f"`cogmodels.data.converters.{spec.converter}`" if spec.converter else "none"),
        ("images", _images(spec.images) if spec.images else ""),
    ]
    table = ["| | |", "|---|---|", *(f"| {key} | {_cell(value)} |" for key, value in facts if value)]
    parts = [f"# {name}", f"**{spec.title}**", _urls(spec.description.strip()), "\n".join(table)]
    for title, scenes in spec.scenes.items():
        parts.append(f"Scenes for search models, `{title}`: {scenes.title}. {scenes.note}")
    parts += ["## Licence", f"{terms}. {passed_on}", "## To cite"]
    parts.append("\n".join(f"- {_urls(one)}" for one in spec.citations) or "Nothing is asked for.")
    if studies := _studies_with(name):
        parts += ["## Studies that use it", "\n".join(f"- `snakemake{command}`" for command in studies)]
    parts += ["## The spec", f"`data_specs/{name}.yaml`", f"```yaml\n{_short_spec(name)}```"]
    return "\n\n".join(parts) + "\n"


_SOURCES = {
    "package": "files of a package's release",
    "url": "files at addresses, each with its sha256",
    "files": "a folder that you fill",
    "folder": "a BIDS folder of your own",
    "simulation": "simulated",
    "viewing_eeg": "simulated",
    "scanpath_simulation": "simulated",
    "displays": "drawn from numbers",
}


_NEEDS = {"none": "nothing", "package-registry": "the package registry", "internet": "internet or mirror"}


def _images(images: Any) -> str:
    return f"{images.width_px} x {images.height_px} px, {images.pixels_per_degree:g} px a degree. {images.note}"


def _place(source: Any) -> str:
    if source.kind == "package":
        return f"`{source.package}` {source.version}"
    if source.kind == "url":
        first = (ROOT / "data_specs" / source.manifest).read_text(encoding="utf-8").splitlines()
        address = dict(zip(first[0].split("\t"), first[1].split("\t"), strict=False))["url"]
        return f"`data_specs/{source.manifest}` ({len(first) - 1} files, such as <{address}>)"
    if source.kind in ("files", "folder"):
        return f"`{source.path}`"
    return f"seed {source.seed}"


def _recording(one: Any) -> str:
    more = [f"task `{one.task}`"]
    for plural in ("sessions", "runs", "recordings", "subjects"):
        if values := getattr(one, plural, None):
            more.append(f"{len(values)} {plural if len(values) > 1 else plural[:-1]}")
    return f"{one.modality} ({', '.join(more)})"


def _short_spec(name: str) -> str:
    """The spec, long lists cut short."""
    lines = (ROOT / "data_specs" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    return "\n".join(line if len(line) < 300 else line[:120] + " ..." for line in lines) + "\n"


@cache
def studies() -> dict[str, dict[str, Any]]:
    """Every shipped config: what follows `snakemake` on the command line -> what the file says."""
    files = sorted([*(ROOT / "config" / "studies").glob("*.yaml"), *(ROOT / "config" / "ablations").glob("*.yaml")])
    default = {"": yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))}
    overlays = {
        f" --configfile {path.relative_to(ROOT)}": yaml.safe_load(path.read_text(encoding="utf-8")) for path in files
    }
    return default | overlays


def _studies_with(dataset: str) -> list[str]:
    return [command for command, study in studies().items() if dataset in study.get("datasets", [])]


def modules_of(room: str) -> list[str]:
    """Public modules of a room with something public in them, by name."""
    folder, found = ROOT / "cogmodels" / room, []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if not any(part.startswith("_") for part in parts[1:]) and public_names(".".join(parts)):
            found.append(".".join(parts))
    return found


@cache
def public_names(module: str) -> tuple[str, ...]:
    """Public functions and classes with a docstring that a module defines."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return tuple(
        node.name
        for node in syntax(module).body
        if isinstance(node, kinds) and not node.name.startswith("_") and ast.get_docstring(node)
    )


def _library_page() -> str:
    rows = ["| room | what is in it | modules | functions and classes |", "|---|---|---|---|"]
    for room, what in ROOMS.items():
        modules = modules_of(room)
        count = sum(len(public_names(module)) for module in modules)
        rows.append(f"| [`cogmodels.{room}`]({room}.md) | {what} | {len(modules)} | {count} |")
    intro = (
        "`cogmodels` is a library that is useful without Snakemake: functions take and return arrays and data frames. "
        "Each page below is made from docstrings, with shapes, units, errors and the source of the method."
    )
    return "\n".join(["# Library", "", intro, "", *rows, ""])


def _room_page(room: str) -> str:
    parts = [f"# cogmodels.{room}", f"{ROOMS[room][0].upper()}{ROOMS[room][1:]}."]
    for module in modules_of(room):
        doc = ast.get_docstring(syntax(module)) or ""
        parts.append(f"## {module.removeprefix('cogmodels.')}\n\n{doc}")
        parts += [f"::: {module}.{name}" for name in public_names(module)]
    return "\n\n".join(parts) + "\n"


def is_public(name: str) -> bool:
    """Whether a dotted name is a function, class or method with a page."""
    if name.split(".")[1] not in ROOMS:
        return False
    module, rest = _split(name)
    if len(rest) == 1:
        return rest[0] in public_names(module)
    node = _defined(module, rest)
    return bool(len(rest) == 2 and rest[0] in public_names(module) and node and ast.get_docstring(node))


def is_defined(name: str) -> bool:
    """Whether a dotted name of the library is a module, or something that a module defines or sets."""
    module, rest = _split(name)
    return bool(module) and (not rest or _defined(module, rest) is not None or rest[0] in _assigned(module))


def resolved(name: str, within: str) -> str | None:
    """The full name of what a docstring of ``within`` calls ``name``."""
    while "." in within:
        if is_public(f"{within}.{name}"):
            return f"{within}.{name}"
        within = within.rsplit(".", 1)[0]
    return None


def _split(name: str) -> tuple[str, list[str]]:
    """Module and what is named in it."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:count])
        if path.with_suffix(".py").exists() or (path / "__init__.py").exists():
            return ".".join(parts[:count]), parts[count:]
    return "", parts


def _defined(module: str, names: list[str]) -> Any:
    """The function or class that ``names`` lead to, or none."""
    node: Any = syntax(module)
    for name in names:
        kinds = (ast.FunctionDef, ast.ClassDef)
        node = next((one for one in getattr(node, "body", []) if isinstance(one, kinds) and one.name == name), None)
    return node


def _assigned(module: str) -> set[str]:
    return {node.id for node in ast.walk(syntax(module)) if isinstance(node, ast.Name)}


@cache
def syntax(module: str) -> ast.Module:
    """The syntax tree of a module of the library; empty where there is none."""
    path = ROOT / (module.replace(".", "/") + ".py")
    path = path if path.exists() else path.with_suffix("") / "__init__.py"
    return ast.parse(path.read_text(encoding="utf-8")) if path.exists() else ast.Module([], [])


def described(name: str) -> str:
    """The text of an object's docstring before its sections."""
    module, rest = _split(name)
    text = ast.get_docstring(_defined(module, rest)) or ""
    return re.split(r"\n\w+\n-{3,}\n", text)[0].strip()


def _workflow_page() -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    feeds: dict[str, list[str]] = {}
    for before, after in re.findall(r"^    (\w+) --> (\w+)$", readme, re.MULTILINE):
        feeds.setdefault(before, []).append(f"`{after}`")
    parts = [
        "# Rules of the workflow",
        "One rule is one script, `workflow/scripts/<rule>.py`, and one or a few public functions of the "
        "[library](../api/index.md). `snakemake <target>` makes a part, `snakemake -n` tells what would run and why. "
        "The last column names the rules that read a rule's results in the default study.",
    ]
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        rules = re.findall(
            r'^rule (\w+):\n    """(.*?)"""(.*?)(?=^\S|\Z)', path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
        if rules:
            read = any(name in feeds for name, _, _ in rules)
            rows = [f"## {path.stem}", "", f"| rule | what it does | environment |{' read by |' if read else ''}"]
            rows.append("|---|---|---|" + ("---|" if read else ""))
            for name, what, body in rules:
                environment = re.search(r"envs/(\w+)\.yaml", body)
                row = f"| `{name}` | {_cell(what)} | {environment[1] if environment else ''} |"
                rows.append(row + (f" {', '.join(feeds.get(name, []))} |" if read else ""))
            parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _methods_page() -> str:
    """The default study's methods as its report has them, and every reference."""
    from cogmodels.config.defaults import DEFAULT_STUDY
    from cogmodels.config.load import load_study
    from cogmodels.data.plan import Plan
    from cogmodels.tracking.manifest import versions

    study = load_study(DEFAULT_STUDY, "the default study")
    plan = Plan(study, ROOT / "data_specs")
    facts = {
        "datasets": {
            name: {
                "title": spec.title,
                "modalities": spec.modalities,
                "kind": "simulation" if name in plan.simulated else spec.source.kind,
                "subjects": len(plan.subjects(name)),
            }
            for name, spec in plan.specs.items()
        },
        "pipelines": {name: pipeline.options() for name, pipeline in plan.pipelines().items()},
        "experiments": {name: experiment.model_dump() for name, experiment in plan.experiments.items()},
    }
    methods = study_methods(facts, versions())
    parts = [
        "# Methods and sources",
        "Each study writes its own methods from its config, `results/<study>/report/methods.md`, with `references.bib` "
        "beside it. Sources of a single function stand in its docstring ([library](../api/index.md)), those of models "
        "on [their pages](../models/index.md).",
        "## References",
        "What reports cite, `cogmodels/report/references.bib`:",
        "\n".join(reference_line(key) for key in sorted(references())),
        "## What the default study writes",
        *(f"**{heading}.** {text}" for heading, text in methods.paragraphs),
    ]
    return "\n\n".join(parts) + "\n"


def reference_line(key: str) -> str:
    """An entry of a list of references, with its DOI."""
    one = references()[key]
    doi = f" [doi:{one.doi}](https://doi.org/{one.doi})" if one.doi else ""
    return f"- {one.full}{doi}"


def _urls(text: str) -> str:
    """Addresses and DOIs as links."""
    text = re.sub(r"(?<![<(\w])(https?://[^\s,)`]+[^\s,)`.])", r"<\1>", text)
    return re.sub(r"\bdoi:(10\.[^\s,)]+[^\s,).])", r"[doi:\1](https://doi.org/\1)", text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
