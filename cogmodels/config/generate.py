"""Write what is generated from the models: default config, JSON schemas, the docs' table of options.

``python -m cogmodels.config.generate`` writes them, ``--check`` says which are out of step (exit code 1).
"""

from __future__ import annotations

import json
import sys
import types
import typing
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from cogmodels.config.adaptation import AdaptationCurve
from cogmodels.config.attention import AttentionChoice
from cogmodels.config.betas import BetasSimulation, ImageStimuli, PhotographSet
from cogmodels.config.containers import container_files
from cogmodels.config.data_spec import (
    DataSpec,
    FilesSource,
    FolderSource,
    GazeFiles,
    Images,
    Licence,
    PackageSource,
    RdmSet,
    Recordings,
    UrlSource,
)
from cogmodels.config.decoding import (
    AdaptationRecipe,
    CrossSubjectExperiment,
    DecoderRecipe,
    MindBridgeOptions,
    MindEye2Options,
    SttmOptions,
)
from cogmodels.config.defaults import DEFAULT_STUDY
from cogmodels.config.eeg_decoding import (
    DecoderComparison,
    EegConformerOptions,
    EegDecodingExperiment,
    EegNetOptions,
    EpochCandidate,
    EpochRecipe,
    LdaOptions,
    NiceOptions,
    TangentSpaceOptions,
)
from cogmodels.config.eeg_files import EegFiles
from cogmodels.config.features import FeatureSet, TextFeatureSet
from cogmodels.config.joined import Deconvolve, ResponseType, Synchronise
from cogmodels.config.joint import JointExperiment, JointOptions
from cogmodels.config.load import load_study
from cogmodels.config.maps import Band, Encoding, Searchlight
from cogmodels.config.objects import OatOptions, ObjectExperiment, ObjectRecipe, ObjectSet
from cogmodels.config.reconstruction import Diffusion, Reconstruction
from cogmodels.config.scanpath import (
    GeneratedScanpaths,
    ScanpathExperiment,
    ScanpathRecipe,
    ScanpathSet,
    TransformerOptions,
)
from cogmodels.config.scanpath_simulation import ScanpathSimulation
from cogmodels.config.screens import GazeScreen
from cogmodels.config.search import (
    CoverScenes,
    CutoutScenes,
    DisplayCondition,
    DisplaySpec,
    DisplaysSource,
    SearchExperiment,
    SearchLayers,
    TableScenes,
)
from cogmodels.config.simulation import (
    BoldSimulation,
    EegSimulation,
    GazeSimulation,
    SimulationSource,
    ViewingEegSource,
)
from cogmodels.config.study import (
    BetasPipeline,
    DecodingExperiment,
    DetectorTruth,
    EegPipeline,
    FmriPipeline,
    GazePipeline,
    Paths,
    Study,
    Tracking,
)
from cogmodels.config.time_decoding import TimeDecoding
from cogmodels.config.training import (
    Diet,
    DietComparison,
    DietNetwork,
    DigitImages,
    FolderImages,
    MnistImages,
    Recipe,
    ShadedImages,
)
from cogmodels.config.voxels import Voxels
from cogmodels.config.xdf import XdfGaze

STUDY_SECTIONS = {
    "Study (top level)": Study,
    "`paths`": Paths,
    "`tracking`": Tracking,
    "`pipelines.<name>`, `modality: fmri`": FmriPipeline,
    "`pipelines.<name>.voxels`, `modality: fmri`": Voxels,
    "`pipelines.<name>`, `modality: eeg`": EegPipeline,
    "`pipelines.<name>.time_decoding.<name>`": TimeDecoding,
    "`pipelines.<name>`, `modality: betas`": BetasPipeline,
    "`pipelines.<name>`, `modality: gaze`": GazePipeline,
    **{
        f"`pipelines.<name>.{name}`": field.annotation
        for name, field in GazePipeline.model_fields.items()
        if isinstance(field.default, BaseModel)
    },
    "`pipelines.<name>.synchronise` of EEG": Synchronise,
    "`pipelines.<name>.deconvolve` of EEG": Deconvolve,
    "`pipelines.<name>.deconvolve.types.<name>`": ResponseType,
    "`detector_truth`": DetectorTruth,
    "`features.<name>`": FeatureSet,
    "`text_features.<name>`": TextFeatureSet,
    "`experiments.<name>`, `family: decoding`": DecodingExperiment,
    "`experiments.<name>`, `family: decoding`, models across subjects": CrossSubjectExperiment,
    "`experiments.<name>.recipe` across subjects": DecoderRecipe,
    "`experiments.<name>.adaptation`": AdaptationRecipe,
    "`experiments.<name>.mindbridge`": MindBridgeOptions,
    "`experiments.<name>.mindeye2`": MindEye2Options,
    "`experiments.<name>.sttm`": SttmOptions,
    "`experiments.<name>.reconstruction`": Reconstruction,
    "`experiments.<name>.reconstruction.diffusion`": Diffusion,
    "`experiments.<name>`, `family: decoding`, `model: joint`": JointExperiment,
    "`experiments.<name>.joint`": JointOptions,
    "`experiments.<name>`, `family: decoding`, EEG of new people": EegDecodingExperiment,
    "`experiments.<name>.candidates` (a list)": EpochCandidate,
    "`experiments.<name>.recipe` of EEG": EpochRecipe,
    "`experiments.<name>.lda`": LdaOptions,
    "`experiments.<name>.tangent_space`": TangentSpaceOptions,
    "`experiments.<name>.eegnet`": EegNetOptions,
    "`experiments.<name>.eegconformer`": EegConformerOptions,
    "`experiments.<name>.nice`": NiceOptions,
    "`decoder_comparisons.<name>`": DecoderComparison,
    "`experiments.<name>`, `family: search`": SearchExperiment,
    "`experiments.<name>.layers.<name>` of a search": SearchLayers,
    "`scanpath_sets.<name>`": ScanpathSet,
    "`experiments.<name>`, `family: scanpath`": ScanpathExperiment,
    "`experiments.<name>.recipe` of a scanpath model": ScanpathRecipe,
    "`experiments.<name>.transformer`": TransformerOptions,
    "`generated_scanpaths.<name>`": GeneratedScanpaths,
    "`object_sets.<name>`": ObjectSet,
    "`experiments.<name>`, `family: scanpath`, a model of objects": ObjectExperiment,
    "`experiments.<name>.oat`": OatOptions,
    "`experiments.<name>.recipe` of `oat`": ObjectRecipe,
    "`diets.<name>`": Diet,
    "`diets.<name>.images`, `kind: shaded`": ShadedImages,
    "`diets.<name>.images`, `kind: digits`": DigitImages,
    "`diets.<name>.images`, `kind: mnist`": MnistImages,
    "`diets.<name>.images`, `kind: folder`": FolderImages,
    "`diets.<name>.network`": DietNetwork,
    "`diets.<name>.recipe`": Recipe,
    "`diet_comparison`": DietComparison,
    "`encodings.<name>`": Encoding,
    "`encodings.<name>.bands.<name>`": Band,
    "`searchlights.<name>`": Searchlight,
    "Attention of a transformer": AttentionChoice,
    **{
        f"`{name}` of attention": field.annotation
        for name, field in AttentionChoice.model_fields.items()
        if isinstance(field.default, BaseModel)
    },
    "`adaptation_curves.<name>`": AdaptationCurve,
}
SPEC_SECTIONS = {
    "Data spec (top level)": DataSpec,
    "`licence`": Licence,
    "`recordings` (a list)": Recordings,
    "`gaze_files`": GazeFiles,
    "`gaze_files.screen`": GazeScreen,
    "`eeg_files`": EegFiles,
    "`eeg_files.gaze`": XdfGaze,
    "`images`": Images,
    "`rdms`": RdmSet,
    "`scenes.<name>`, `kind: table`": TableScenes,
    "`scenes.<name>`, `kind: cutouts`": CutoutScenes,
    "`scenes.<name>`, `kind: covers`": CoverScenes,
    "`source`, `kind: package`": PackageSource,
    "`source`, `kind: url`": UrlSource,
    "`source`, `kind: files`": FilesSource,
    "`source`, `kind: folder`": FolderSource,
    "`source`, `kind: displays`": DisplaysSource,
    "`source.own.<name>` of displays": DisplaySpec,
    "`source.own.<name>.conditions` (two)": DisplayCondition,
    "`source`, `kind: simulation`": SimulationSource,
    "`source`, `kind: viewing_eeg`": ViewingEegSource,
    "`source`, `kind: scanpath_simulation`": ScanpathSimulation,
    "`source.bold`": BoldSimulation,
    "`source.eeg`": EegSimulation,
    "`source.gaze`": GazeSimulation,
    "`source.images`": ImageStimuli,
    "`source.images.photographs`": PhotographSet,
    "`source.betas`": BetasSimulation,
}
ROOT = Path(__file__).resolve().parents[2]
GENERATED = "Generated by `make generate` from cogmodels/config; edit the models there."


def generated_files() -> dict[str, str]:
    """Every generated file: path relative to the checkout -> content."""
    load_study(DEFAULT_STUDY, "cogmodels/config/defaults.py")
    return {
        "config/config.yaml": _default_config(),
        "workflow/schemas/study.schema.json": _schema(Study),
        "workflow/schemas/data_spec.schema.json": _schema(DataSpec),
        "docs/config.md": _options(),
        **container_files(ROOT, "Generated by `make generate` from envs/; edit cogmodels/config/containers.py."),
    }


def main(arguments: list[str]) -> int:
    """Write the files, or with ``--check`` report those that differ."""
    stale = []
    for name, content in generated_files().items():
        path = ROOT / name
        if path.exists() and path.read_text(encoding="utf-8") == content:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    if "--check" in arguments and stale:
        print(
            f"out of step with cogmodels/config: {', '.join(stale)}. Run `make generate` and commit.",
            file=sys.stderr,
        )
        return 1
    print(f"{len(stale)} written" if stale else "generated files are current")
    return 0


class _Dumper(yaml.SafeDumper):
    """Block style for mappings, flow style for lists."""

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.Node:
        return super().represent_sequence(tag, sequence, flow_style=True)


def _dump(content: Any) -> str:
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def _default_config() -> str:
    """The default study as YAML, each top-level key under its description, all of paths and tracking shown."""
    lines = [
        f"# The default study. {GENERATED}",
        "# Every option: docs/config.md. Overlay it: snakemake --configfile my.yaml --config study=mine",
        "# (mappings merge key by key, lists are replaced, a pipeline or experiment set to null is dropped).",
        "",
    ]
    for name, field in Study.model_fields.items():
        value = DEFAULT_STUDY.get(name, field.default)
        lines.append(f"# {field.description}")
        if isinstance(value, BaseModel):
            lines.append(f"{name}:")
            for key, option in type(value).model_fields.items():
                text = _dump({key: getattr(value, key)}).strip()
                lines.append(f"  {text}  # {option.description}")
        elif name in ("pipelines", "experiments"):
            for line in _dump({name: value}).splitlines():
                if line.startswith("  ") and not line.startswith("   ") and lines[-1] != f"{name}:":
                    lines.append("")
                lines.append(line)
        else:
            lines.append(_dump({name: value}).strip())
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _schema(model: type[BaseModel]) -> str:
    schema = model.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$comment"] = GENERATED
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _options() -> str:
    """Markdown tables of every option."""
    parts = [
        "# Every option",
        f"<!-- {GENERATED} -->",
        "`config/config.yaml` is the default study. An overlay given by `--configfile` or `--config` changes it: "
        "mappings merge key by key, lists are replaced, a pipeline or experiment set to `null` is dropped. "
        "A pipeline or experiment with `extends: <name>` starts from that one and changes what it names. "
        "`sweep: {option: [value, value]}` makes one of each combination of values, called `<name>-<value>`; inner "
        "options have dots (`recipe.learning_rate`), `{label: value}` instead of the list gives values names. "
        "An unknown key is an error that names the nearest right one.",
        "## A study (`config/*.yaml`)",
        *(_table(title, model) for title, model in STUDY_SECTIONS.items()),
        "## A data spec (`data_specs/*.yaml`)",
        *(_table(title, model) for title, model in SPEC_SECTIONS.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _table(title: str, model: type[BaseModel]) -> str:
    rows = [f"### {title}", "", "| key | default | allowed | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if field.default_factory is not None:
            default = "see its section"
        elif field.default is PydanticUndefined:
            default = "**required**"
        elif isinstance(field.default, BaseModel) or (name in ("paths", "tracking") and model is Study):
            default = "see its section"
        else:
            default = f"`{json.dumps(field.default)}`"
        rows.append(f"| `{name}` | {default} | {_allowed(field)} | {_cell(field.description or '')} |")
    return "\n".join(rows)


def _allowed(field: Any) -> str:
    """Type and bounds of a field in words."""
    bounds = []
    for limit in field.metadata:
        for sign, attribute in ((">", "gt"), (">=", "ge"), ("<", "lt"), ("<=", "le")):
            if getattr(limit, attribute, None) is not None:
                bounds.append(f"{sign} {getattr(limit, attribute)}")
    return _cell(", ".join([_words(field.annotation), *bounds]))


def _words(annotation: Any) -> str:
    """A type annotation in words."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin is typing.Annotated:
        return _words(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(part) for part in arguments))
    if origin is list:
        return f"list of {_words(arguments[0])}"
    if origin is dict:
        return "named sections"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    names = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "`true` or `false`",
        type(None): "`null`",
    }
    return names.get(annotation, str(annotation))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
