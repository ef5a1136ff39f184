"""The command line: what users ask for without a study. ``cogmodels <command> --help`` shows examples."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from cogmodels.errors import CogmodelsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 0, or 1 after an error that the user can mend."""
    parser = build_parser()
    chosen = parser.parse_args(arguments)
    logging.basicConfig(format="%(levelname)s: %(message)s")
    try:
        chosen.run(chosen)
    except CogmodelsError as error:
        print(f"cogmodels {chosen.command}: {error}", file=sys.stderr)
        return 1
    return 0


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = argparse.ArgumentParser(
        prog="cogmodels",
        description=f"{__doc__.splitlines()[0]} A study is run by `snakemake`.",
        epilog='Completion by the tab key: eval "$(cogmodels completion bash)" in ~/.bashrc (or zsh, tcsh).',
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for add in (
        _add_doctor, _add_validate, _add_data, _add_events, _add_scanpaths, _add_search, _add_compare, _add_timings,
        _add_sync, _add_completion,
    ):  # fmt: skip
        add(commands)
    return parser


def _command(commands: Any, name: str, about: str, run: Callable | None = None, *examples: str) -> Any:
    """A command that shows examples below its options."""
    shown = "examples:\n" + "\n".join(f"  {example}" for example in examples) if examples else None
    command = commands.add_parser(
        name, help=about, description=about, epilog=shown, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if run is not None:
        command.set_defaults(run=run)
    return command


def _parts(command: argparse.ArgumentParser) -> Any:
    return command.add_subparsers(dest="part", required=True, metavar="what")


def _bar(unit: str) -> Callable[[Iterable], Iterable]:
    from tqdm import tqdm

    return lambda items: tqdm(items, desc=f"{unit}s", unit=unit)


def _pair(kind: Callable[[str], Any]) -> Callable[[str], tuple[Any, Any]]:
    """Reads `53.1x29.9`."""

    def read(text: str) -> tuple[Any, Any]:
        parts = text.lower().split("x")
        try:
            first, second = map(kind, parts)
        except ValueError:
            raise argparse.ArgumentTypeError(f"`{text}` is no WIDTHxHEIGHT") from None
        if not (first > 0 and second > 0):
            raise argparse.ArgumentTypeError("both must be above 0")
        return first, second

    return read


def _setting(text: str) -> tuple[str, Any]:
    """Reads `option=value`; the value is YAML, as in a config."""
    import yaml

    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"`{text}` is no option=value")
    return name.strip(), yaml.safe_load(value)


def _add_settings(command: argparse.ArgumentParser, where: str) -> None:
    command.add_argument(
        "--set", dest="settings", metavar="OPTION=VALUE", type=_setting, action="append", default=[],
        help=f"an option of {where} (docs/config.md), as often as needed",
    )  # fmt: skip


def _mirror() -> Path | None:
    place = os.environ.get("COGMODELS_MIRROR")
    return Path(place) if place else None


def _add_doctor(commands: Any) -> None:
    about = "What this machine has and lacks: packages, GPU, data mirror, W&B, programs, disk; and how to get it."
    command = _command(commands, "doctor", about, _doctor, "cogmodels doctor")
    command.add_argument(
        "folder", type=Path, nargs="?", default=Path(), help="where studies are to run (default: here)"
    )


def _doctor(chosen: argparse.Namespace) -> None:
    from cogmodels.commands.doctor import examine
    from cogmodels.errors import DataError

    findings = examine(chosen.folder)
    width = max(len(finding.what) for finding in findings)
    signs = {"ok": "ok", "optional": "--", "wrong": "XX"}
    for finding in findings:
        print(f"{signs[finding.state]}  {finding.what:{width}}  {finding.found}")
        if finding.remedy:
            print(f"    {'':{width}}  {finding.remedy}")
    if wrong := [finding.what for finding in findings if finding.state == "wrong"]:
        raise DataError(f"{', '.join(wrong)} must be mended first", remedy="See the lines with XX")
    print("Nothing is in the way of a study. -- marks what only some need.")


def _add_validate(commands: Any) -> None:
    about = "Check a study's config and its data specs, without running anything."
    command = _command(
        commands, "validate", about, _validate, "cogmodels validate mine.yaml",
        "cogmodels validate config/studies/osie.yaml config/ablations/osie-small.yaml",
    )  # fmt: skip
    command.add_argument("files", type=Path, nargs="*", help="as of --configfile; none = the default study")


def _validate(chosen: argparse.Namespace) -> None:
    from cogmodels.commands.validate import validate_files

    print("\n".join(validate_files(chosen.files)[1]))
    files = " ".join(map(str, chosen.files))
    print(f"It is right. What would run: snakemake -n{f' --configfile {files}' if files else ''}")


def _add_data(commands: Any) -> None:
    about = "Data sets: list them, describe one, fetch its files."
    parts = _parts(
        _command(
            commands,
            "data",
            about,
            None,
            "cogmodels data list",
            "cogmodels data describe osie",
            "cogmodels data fetch osie",
        )  # fmt: skip
    )
    listed = _command(parts, "list", "All data sets, and whether their files are at hand.", _data_list)
    described = _command(parts, "describe", "What is in a data set, its licence, what to cite.", _data_describe)
    fetched = _command(parts, "fetch", "Fetch a data set's files, from the mirror or the internet.", _data_fetch)
    for one in (described, fetched):
        one.add_argument("name", help="of a data set, as `cogmodels data list` has them")
    for one in (listed, described, fetched):
        one.add_argument("--specs", type=Path, default=Path("data_specs"), help="your specs (default: data_specs)")
    for one in (listed, fetched):
        one.add_argument("--data", type=Path, default=Path("data"), help="where raw data go (default: data)")


def _data_list(chosen: argparse.Namespace) -> None:
    from cogmodels.commands.datasets import list_datasets

    table = list_datasets([chosen.specs], chosen.data, _mirror())
    rows = [list(table.columns), *table.values.tolist()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip())


def _data_describe(chosen: argparse.Namespace) -> None:
    from cogmodels.commands.datasets import describe_spec, find_spec

    print(describe_spec(find_spec(chosen.name, [chosen.specs])[0]))


def _data_fetch(chosen: argparse.Namespace) -> None:
    from cogmodels.commands.datasets import fetch_dataset

    files = fetch_dataset(chosen.name, [chosen.specs], chosen.data, _mirror())
    size = sum(file.bytes for file in files) / 1e6
    print(f"{len(files)} files, {size:.1f} MB, every digest right: {chosen.data / chosen.name / 'sourcedata'}/")


def _add_events(commands: Any) -> None:
    about = "Fixations, saccades and losses of gaze files, with their quality and a figure of each."
    command = _command(
        commands, "events", about, _events,
        "cogmodels events recording.asc --screen-cm 38x30 --distance-cm 72 --out events",
        "cogmodels events data/eyelink-sample/sub-*/beh/*_physio.tsv.gz --out events --detector remodnav",
        "cogmodels events *.asc --screen-cm 38x30 --distance-cm 72 --out events --set velocity_threshold=40",
    )  # fmt: skip
    command.add_argument("files", type=Path, nargs="+", help="EyeLink .asc or .edf, Tobii, Pupil Labs, tables, or BIDS")
    command.add_argument("--out", type=Path, required=True, help="folder that tables and figures go to")
    command.add_argument("--detector", default="ivt", help="docs/gaze.md lists them (default: ivt)")
    command.add_argument("--screen-cm", type=_pair(float), metavar="WxH", help="size of the screen; BIDS has its own")
    command.add_argument("--distance-cm", type=float, help="from eye to screen")
    command.add_argument("--screen-px", type=_pair(int), metavar="WxH", help="where the file does not tell")
    command.add_argument("--reading", type=Path, help="YAML: further keys of `gaze_files`, such as `columns`")
    command.add_argument("--no-figures", action="store_true", help="tables alone")
    _add_settings(command, "the detector, or of a gaze pipeline")


def _events(chosen: argparse.Namespace) -> None:
    from cogmodels.commands.events import detect_files, gaze_pipeline, reading_options

    def reading(file: Path) -> dict[str, Any]:
        return reading_options(
            file, screen_cm=chosen.screen_cm, distance_cm=chosen.distance_cm, screen_px=chosen.screen_px,
            options=chosen.reading,
        )  # fmt: skip

    pipeline = gaze_pipeline(chosen.detector, dict(chosen.settings))
    found = detect_files(
        chosen.files, chosen.out, pipeline, reading, figures=not chosen.no_figures, progress=_bar("file")
    )
    shown = found[["file", "eye", "duration_s", "data_loss", "rms_s2s_deg", "n_fixations", "n_saccades", "n_blinks"]]
    print(shown.to_string(index=False, na_rep="", float_format="{:.4g}".format))
    print(f"\n{chosen.out}/: *_events.tsv, *_quality.json, fixations.parquet")


def _add_search(commands: Any) -> None:
    about = "Search models: displays or scenes of your own."
    parts = _parts(_command(commands, "search", about))
    about = "Let a model search published displays, or your own images for a target in each."
    command = _command(
        parts, "run", about, _search, "cogmodels search run --displays curvature t-l --repeats 5 --out found",
        "cogmodels search run --displays lighting --model chance --out chance",
        "cogmodels search run --scenes scenes.tsv --size 384x288 --px-per-degree 24 --out found",
    )  # fmt: skip
    given = command.add_mutually_exclusive_group(required=True)
    given.add_argument("--displays", nargs="+", metavar="NAME", help="published displays (docs/search.md)")
    given.add_argument("--scenes", type=Path, help="TSV: image, left, top, right, bottom of the target, px")
    command.add_argument("--out", type=Path, required=True, help="folder that tables and figures go to")
    command.add_argument("--model", default="topdown", help="topdown (eccNET by default), chance, saliency... ")
    command.add_argument("--repeats", type=_count, help="displays of a set size and condition (default: as published)")
    command.add_argument("--size", type=_pair(int), metavar="WxH", help="--scenes: px that scenes are brought to")
    command.add_argument("--px-per-degree", type=float, help="--scenes: of the images as they are")
    command.add_argument("--seed", type=int, default=0, help="of displays and ties (default: 0)")
    _add_settings(command, "a search experiment")


def _search(chosen: argparse.Namespace) -> None:
    from tqdm import tqdm

    from cogmodels.commands.search import (
        choose_displays,
        prepare_scenes,
        search_displays,
        search_options,
        search_scenes,
    )  # fmt: skip
    from cogmodels.errors import DataError

    options = search_options(chosen.model, dict(chosen.settings))
    if chosen.scenes is not None and (chosen.size is None or chosen.px_per_degree is None):
        raise DataError("scenes need `--size` and `--px-per-degree`", where="--scenes", remedy="Give both")
    if chosen.displays:
        displays = choose_displays(chosen.displays, chosen.repeats, chosen.seed)
        with tqdm(total=sum(len(one.trials) for one in displays), desc="searches") as bar:
            scores = search_displays(displays, chosen.out, options, seed=chosen.seed, progress=bar.update)
        print(scores.to_string(index=False, na_rep="", float_format="{:.3g}".format))
        print(f"\n{chosen.out}/: search.png, scores.csv, trials.csv, fixations-*.parquet")
        return
    scenes = prepare_scenes(chosen.scenes, chosen.out, size=chosen.size, px_per_degree=chosen.px_per_degree)
    with tqdm(total=len(scenes.trials), desc="searches") as bar:
        images = chosen.scenes.parent
        trials = search_scenes(scenes, images, chosen.out, options, seed=chosen.seed, progress=bar.update)
    found = trials["found"].mean()
    print(f"found in {found:.0%} of {len(trials)} scenes: {chosen.out}/trials.csv, fixations.parquet, overlays/")


def _add_completion(commands: Any) -> None:
    about = "Print a script that lets the tab key complete commands and options."
    command = _command(
        commands, "completion", about, _completion, 'eval "$(cogmodels completion bash)"    # in ~/.bashrc',
        "cogmodels completion zsh > ~/.zfunc/_cogmodels",
    )  # fmt: skip
    command.add_argument("shell", choices=["bash", "zsh", "tcsh"])


def _completion(chosen: argparse.Namespace) -> None:
    import shtab

    print(shtab.complete(build_parser(), shell=chosen.shell))


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _add_scanpaths(commands: Any) -> None:
    parts = _parts(_command(commands, "scanpaths", "Scanpaths of trained networks on images of your own."))
    about = "Let a trained scanpath network look at a folder of images: a Fixations table and overlays."
    model = "results/osie/scanpath/osie/scanpath-transformer/fold-all_seed-0"
    command = _command(
        parts, "generate", about, _scanpaths,
        f"cogmodels scanpaths generate --images my-images --model {model} --out looks",
    )  # fmt: skip
    command.add_argument("--images", type=Path, required=True, help="folder of images, of any size")
    command.add_argument("--model", type=Path, required=True, help="folder of a run, or its model.safetensors")
    command.add_argument("--out", type=Path, required=True, help="folder that fixations.parquet and overlays/ go to")
    command.add_argument("--samples", type=_count, default=10, help="scanpaths of each image (default: 10)")
    command.add_argument(
        "--typical", type=_count, nargs="?", const=100, metavar="N",
        help="of each image only the typical scanpath: of N (default: 100) the one that is most like the others",
    )  # fmt: skip
    command.add_argument("--seed", type=int, default=0, help="seed of the draws (default: 0)")
    command.add_argument("--target", help="what is looked for, where the network is told it")


def _scanpaths(chosen: argparse.Namespace) -> None:
    # Imported here: `--help` need not wait for torch.
    from cogmodels.commands.scanpaths import find_images, find_run, look_at_images

    images, run = find_images(chosen.images), find_run(chosen.model)
    table, overlays = chosen.out / "fixations.parquet", chosen.out / "overlays"
    found = look_at_images(
        *run, images, table, overlays, samples=chosen.samples, typical_of=chosen.typical, seed=chosen.seed,
        target=chosen.target, progress=_bar("image"),
    )  # fmt: skip
    print(f"{found['stimulus'].nunique()} of {len(images)} images, {len(found)} fixations: {table}, {overlays}/")


def _add_compare(commands: Any) -> None:
    about = "Compare two runs: what differs in config, inputs, code and versions, and their metrics."
    command = _command(
        commands,
        "compare",
        about,
        _compare,
        "cogmodels compare results/default/decoding/haxby2001/haxby-1slice/fold-all_seed-0 <another>",
    )
    for name in ("first", "second"):
        command.add_argument(name, type=Path, help="folder of a run, or its manifest.json")


def _compare(chosen: argparse.Namespace) -> None:
    from cogmodels.commands.compare import compare_runs, compare_units, read_manifest

    differences, metrics = compare_runs(read_manifest(chosen.first), read_manifest(chosen.second))
    print(differences.to_string(index=False) if len(differences) else "nothing differs")
    print()
    print(metrics.to_string(index=False, na_rep="", float_format="{:.4g}".format))
    tests = compare_units(chosen.first, chosen.second)
    if len(tests):
        print("\nthe experiments (all folds and seeds), second less first, paired by unit; p two-sided, one a metric:")
        print(tests.to_string(index=False, na_rep="", float_format="{:.4g}".format))


def _add_sync(commands: Any) -> None:
    about = "Upload runs that were logged offline to Weights & Biases; what was uploaded before is left alone."
    command = _command(commands, "sync", about, _sync, "cogmodels sync results/default")
    command.add_argument(
        "folders", type=Path, nargs="*", default=[Path("results")], help="of results (default: results)"
    )


def _sync(chosen: argparse.Namespace) -> None:
    from cogmodels.tracking.sync import sync_folders

    found = sync_folders(chosen.folders)
    print(f"{found['uploaded']} uploaded, {found['before']} uploaded before")


def _add_timings(commands: Any) -> None:
    about = "What a study took: jobs, seconds, CPU seconds, memory of each rule, and the share of start-up."
    command = _command(commands, "timings", about, _timings, "cogmodels timings --stages")
    command.add_argument("folder", type=Path, nargs="?", default=Path(), help="where snakemake ran (default: here)")
    command.add_argument("--stages", action="store_true", help="a row a stage, as workflow/rules has them, not a rule")


def _timings(chosen: argparse.Namespace) -> None:
    from cogmodels.commands.timings import LIMIT, read_timings, summarise_timings, with_stages

    jobs, by = with_stages(read_timings(chosen.folder)), "stage" if chosen.stages else "rule"
    table = summarise_timings(jobs, by)
    formats = {"startup_share": "{:.0%}".format} | dict.fromkeys(["seconds", "cpu_s", "startup_s"], "{:.1f}".format)
    print(table.to_string(index=False, na_rep="", formatters={**formats, "peak_mb": "{:.0f}".format}))
    above = table[by][(table["startup_share"] > LIMIT) & (table["jobs"] > 1) & (table[by] != "all")]
    print(f"\nStart-up above {LIMIT:.0%} in {len(above)} {by}s of several jobs: {', '.join(above) or 'none'}.")


if __name__ == "__main__":
    sys.exit(main())
