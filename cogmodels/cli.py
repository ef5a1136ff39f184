"""The command line: what users ask for without a study. ``cogmodels <command> --help``."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from cogmodels.errors import CogmodelsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 0, or 1 after an error that the user can mend."""
    parser = argparse.ArgumentParser(prog="cogmodels", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    _add_scanpaths(commands)
    _add_compare(commands)
    _add_timings(commands)
    _add_sync(commands)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(format="%(levelname)s: %(message)s")
    try:
        chosen.run(chosen)
    except CogmodelsError as error:
        print(f"cogmodels {chosen.command}: {error}", file=sys.stderr)
        return 1
    return 0


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _add_scanpaths(commands: argparse._SubParsersAction) -> None:
    about = "Let a trained scanpath network look at a folder of images: a Fixations table and overlays."
    command = commands.add_parser("scanpaths", help=about, description=about)
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
    command.set_defaults(run=_scanpaths)


def _scanpaths(chosen: argparse.Namespace) -> None:
    # Imported here: `--help` need not wait for torch.
    from tqdm import tqdm

    from cogmodels.commands.scanpaths import find_images, find_run, look_at_images

    images, run = find_images(chosen.images), find_run(chosen.model)
    table, overlays = chosen.out / "fixations.parquet", chosen.out / "overlays"
    found = look_at_images(
        *run, images, table, overlays, samples=chosen.samples, typical_of=chosen.typical, seed=chosen.seed,
        target=chosen.target, progress=lambda files: tqdm(files, desc="images", unit="image"),
    )  # fmt: skip
    print(f"{found['stimulus'].nunique()} of {len(images)} images, {len(found)} fixations: {table}, {overlays}/")


def _add_compare(commands: argparse._SubParsersAction) -> None:
    about = "Compare two runs: what differs in config, inputs, code and versions, and their metrics."
    command = commands.add_parser("compare", help=about, description=about)
    for name in ("first", "second"):
        command.add_argument(name, type=Path, help="folder of a run, or its manifest.json")
    command.set_defaults(run=_compare)


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


def _add_sync(commands: argparse._SubParsersAction) -> None:
    about = "Upload runs that were logged offline to Weights & Biases; what was uploaded before is left alone."
    command = commands.add_parser("sync", help=about, description=about)
    command.add_argument(
        "folders", type=Path, nargs="*", default=[Path("results")], help="of results (default: results)"
    )
    command.set_defaults(run=_sync)


def _sync(chosen: argparse.Namespace) -> None:
    from cogmodels.commands.sync import offline_runs, sync_runs
    from cogmodels.errors import DataError

    runs = offline_runs(chosen.folders)
    uploaded, failed, said = sync_runs(runs)
    print(f"{len(uploaded)} uploaded, {len(runs) - len(uploaded) - len(failed)} uploaded before, {len(failed)} left")
    if failed:
        remedy = "Log in (`wandb login`) or wait for the server, then run `cogmodels sync` again"
        raise DataError(f"W&B did not take all runs: {said}", where=failed[0], remedy=remedy)


def _add_timings(commands: argparse._SubParsersAction) -> None:
    about = "What a study took: jobs, seconds, CPU seconds, memory of each rule, and the share of start-up."
    command = commands.add_parser("timings", help=about, description=about)
    command.add_argument("folder", type=Path, nargs="?", default=Path(), help="where snakemake ran (default: here)")
    command.add_argument("--stages", action="store_true", help="a row a stage, as workflow/rules has them, not a rule")
    command.set_defaults(run=_timings)


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
